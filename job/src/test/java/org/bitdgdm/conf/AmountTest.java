package org.bitdgdm.conf;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class AmountTest {
    @Test
    void oneIsNoPlural() {
        assertThat(Amount.of(0, "graph")).isEqualTo("0 graphs");
        assertThat(Amount.of(1, "molecule")).isEqualTo("1 molecule");
        assertThat(Amount.of(1_234_567, "row")).isEqualTo("1,234,567 rows");
    }
}
