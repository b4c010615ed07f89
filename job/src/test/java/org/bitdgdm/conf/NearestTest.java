package org.bitdgdm.conf;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class NearestTest {

    @ParameterizedTest
    @CsvSource({"rank, rank, 0", "'', abc, 3", "rnak, rank, 1", "kitten, sitting, 3", "alpha, alhpa, 1", "a, '', 1"})
    void countsInsertionsDeletionsSubstitutionsAndSwaps(String a, String b, int distance) {
        assertThat(Nearest.distance(a, b)).isEqualTo(distance);
        assertThat(Nearest.distance(b, a)).isEqualTo(distance);
    }

    @Test
    void aNameCutShortIsNearItsWhole() {
        assertThat(Nearest.of("gen", List.of("help", "generate"))).isEqualTo("generate");
    }

    @Test
    void aKeyInTheWrongSectionIsFound() {
        assertThat(Nearest.of("sample.rank", List.of("sample.count", "quantize.rank"))).isEqualTo("quantize.rank");
    }
}
