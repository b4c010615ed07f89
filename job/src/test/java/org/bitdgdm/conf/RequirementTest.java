package org.bitdgdm.conf;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class RequirementTest {

    @ParameterizedTest
    @CsvSource({"validity>=0.9, 0.9, true", "validity>=0.9, 0.8999, false", "validity > 0.9, 0.9, false",
        "kl_node<=1e-3, 0.001, true", "kl_node<1e-3, 0.001, false", "logp>-1.5, -1, true", "validity>=0, NaN, false",
        "kl_node<1, NaN, false"})
    void comparesAsWritten(String text, double value, boolean holds) {
        assertThat(Requirement.parse(text).holds(value)).isEqualTo(holds);
    }

    @Test
    void readsBackFromItsText() {
        Requirement requirement = Requirement.parse(" unique@1000 >= 0.95 ");
        assertThat(requirement).isEqualTo(new Requirement("unique@1000", ">=", 0.95));
        assertThat(Requirement.parse(requirement.toString())).isEqualTo(requirement);
    }
}
