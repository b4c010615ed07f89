package org.bitdgdm.conf;

import java.util.EnumMap;
import java.util.List;
import java.util.Map;

/** Recipes of tests, written as they are on a command line. */
public final class TestRecipes {
    /** Does not follow the defaults of the product, so that tests do not move with them. */
    private static final String BASE = "method=bit-dgdm,weight-bits=4,activation-bits=4,rank=16,rank-left=0,factors=weight,"
        + "outer-bits=32,alpha=0.01,threshold-percentile=99,threshold-buckets=1,residual=4,intermediate-bits=8,"
        + "activation-scale=static,cross-term=true,calibration-graphs=4,calibration-steps=5";

    private TestRecipes() {
    }

    /** A recipe of {@code key=value,...} over fixed settings: Bit-DGDM W4A4, rank 16, α 1%, 4-bit residual. */
    public static QuantizeConf recipe(String settings) {
        Map<Option, Object> values = new EnumMap<>(Option.class);
        values.put(Option.OVERRIDE, List.of());
        for (String setting : (BASE + "," + settings).split(",")) {
            String[] parts = setting.split("=", 2);
            Option option = Option.ofName(parts[0]).orElseThrow();
            values.put(option, option.kind().read(parts[1]));
        }
        return QuantizeConf.of(values::get);
    }

    /** The same with settings of some layers. */
    public static QuantizeConf recipe(String settings, Map<String, Map<String, String>> overrides) {
        return recipe(settings).with(Map.of(Option.OVERRIDE, Overrides.texts(overrides)));
    }
}
