package org.bitdgdm.output;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.util.Map;
import org.bitdgdm.sample.SamplingCost;
import org.junit.jupiter.api.Test;

class RunRecordTest {

    @Test
    void holdsWhatWasFilledInAndLeavesOutWhatIsNotKnown() throws Exception {
        RunRecord record = new RunRecord("generate").configuration(Map.of("sample.count", 100L))
            .versions(Map.of("spark", "4.1.0")).hash("model", "abc").fact("backend", "cpu (avx2)")
            .modelBytes(400, 100, 120).timing("quantize", 1.5)
            .sampling(100, new RunTimings.Sampled(60, 40, 3, new SamplingCost(6, 90)));
        JsonNode json = new ObjectMapper().readTree(record.toBytes());
        assertThat(json.at("/format").asInt()).isEqualTo(1);
        assertThat(json.at("/command").asText()).isEqualTo("generate");
        assertThat(json.at("/configuration/sample.count").asInt()).isEqualTo(100);
        assertThat(json.at("/versions/spark").asText()).isEqualTo("4.1.0");
        assertThat(json.at("/hashes/model").asText()).isEqualTo("abc");
        assertThat(json.at("/backend").asText()).isEqualTo("cpu (avx2)");
        assertThat(json.at("/model_bytes/before").asInt()).isEqualTo(400);
        assertThat(json.at("/model_bytes/after").asInt()).isEqualTo(100);
        assertThat(json.at("/timings/quantize_seconds").asDouble()).isEqualTo(1.5);
        assertThat(json.at("/timings/sampling_seconds").asDouble()).isEqualTo(3);
        assertThat(json.at("/graphs/count").asInt()).isEqualTo(100);
        assertThat(json.at("/graphs/sampled").asInt()).isEqualTo(60);
        assertThat(json.at("/graphs_per_second").asDouble()).isEqualTo(20);
        assertThat(json.at("/core_seconds_per_million_graphs").asDouble()).isEqualTo(100_000);
        assertThat(json.at("/joules_per_million_graphs").asDouble()).isEqualTo(1_500_000);
        assertThat(json.at("/started").asText()).isLessThanOrEqualTo(json.at("/finished").asText());

        JsonNode unknown = new ObjectMapper().readTree(new RunRecord("generate")
            .sampling(100, new RunTimings.Sampled(60, 40, Double.NaN, SamplingCost.UNKNOWN)).toBytes());
        assertThat(unknown.has("graphs_per_second")).isFalse();
        assertThat(unknown.has("core_seconds_per_million_graphs")).isFalse();
        assertThat(unknown.has("joules_per_million_graphs")).isFalse();
        assertThat(unknown.get("timings").has("sampling_seconds")).isFalse();
        JsonNode kept = new ObjectMapper().readTree(new RunRecord("generate")
            .sampling(100, new RunTimings.Sampled(0, 100, 0, SamplingCost.NONE)).toBytes());
        assertThat(kept.get("timings").has("sampling_seconds")).as("nothing was sampled").isFalse();
        assertThat(kept.has("graphs_per_second")).isFalse();
        assertThat(kept.has("core_seconds_per_million_graphs")).isFalse();
    }
}
