package org.bitdgdm.run;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.ChecksumException;
import org.bitdgdm.conf.FidelityConf;
import org.bitdgdm.conf.InputException;
import org.bitdgdm.conf.Json;
import org.bitdgdm.conf.Option;
import org.bitdgdm.conf.Settings;
import org.bitdgdm.kernels.PackedModel;
import org.bitdgdm.kernels.PackedModelFormat;
import org.bitdgdm.model.ModelBundle;
import org.bitdgdm.output.OutputFolder;
import org.bitdgdm.output.RunFiles;

/**
 * A run of {@code generate}, or a cell of a sweep, as its folder tells it: what it was made with, and the quantized model
 * that it sampled.
 *
 * @param folder of the run
 * @param record its {@code run.json}
 */
public record RecordedRun(OutputFolder folder, JsonNode record) {

    /**
     * The run of a folder; empty where it is none that has sampled a model.
     *
     * @param path of a file system that answers
     * @throws InputException if its {@code run.json} is damaged
     */
    public static Optional<RecordedRun> of(String path, Configuration hadoop) throws IOException {
        OutputFolder folder = OutputFolder.of(path, hadoop);
        if (!folder.exists(RunFiles.RUN_JSON)) {
            return Optional.empty();
        }
        try {
            JsonNode record = Json.tree(folder.read(RunFiles.RUN_JSON));
            return record.path("command").asText().equals("generate") && record.at("/hashes/model").isTextual()
                ? Optional.of(new RecordedRun(folder, record)) : Optional.empty();
        } catch (JsonProcessingException | ChecksumException e) {
            throw new InputException("--input " + path + " has a broken " + RunFiles.RUN_JSON + "; the command that has made the run makes"
                + " it again", e);
        }
    }

    /** The folder of its full-precision model, as its user named it. */
    public String model() {
        return record.at("/configuration/model").asText();
    }

    /**
     * A comparison along its way from noise to data: by its sampler, and in as many steps where no other number is asked for.
     *
     * @throws InputException if its {@code run.json} says none that there is
     */
    public FidelityConf compared(FidelityConf asked) {
        Map<Option, List<String>> said = new EnumMap<>(Option.class);
        for (Option option : FidelityConf.OF_RUNS) {
            JsonNode value = record.path("configuration").path(option.key());
            if (value.isValueNode()) {
                said.put(option, List.of(value.asText()));
            }
        }
        try {
            return asked.along(Settings.load(Optional.empty(), said));
        } catch (InputException e) {
            throw new InputException("--input " + folder + " has a broken " + RunFiles.RUN_JSON + ": " + e.getMessage(), e);
        }
    }

    /**
     * The model that it has sampled.
     *
     * @param bundle the full-precision one
     * @throws InputException if the run was made from another one, or its quantized model is gone or damaged
     */
    public PackedModel sampled(ModelBundle bundle) throws IOException {
        String made = record.at("/hashes/model").asText();
        if (!made.equals(bundle.sha256())) {
            throw new InputException("--model must be the one that --input " + folder + " was made from (" + model()
                + ", SHA-256 " + made + "), found " + bundle.name() + " with SHA-256 " + bundle.sha256());
        }
        String sampled = record.at("/hashes/packed_model").asText();
        PackedModel full = bundle.packed();
        if (sampled.equals(PackedModelFormat.sha256(full))) {
            return full;
        }
        PackedModel kept = QuantizedRun.kept(folder, PackedModelFormat::fromBytes).orElseThrow(() ->
            new InputException("--input " + folder + " must still hold the quantized model that it sampled, found no " + RunFiles.KEPT_MODEL + "; run generate again with"
            + " --fidelity")).quantized().model();
        if (!sampled.equals(PackedModelFormat.sha256(kept))) {
            throw new InputException("--input " + folder + " holds another quantized model in " + RunFiles.KEPT_MODEL + " than its run.json"
                + " says it sampled; run generate again, with --fidelity");
        }
        return kept;
    }
}
