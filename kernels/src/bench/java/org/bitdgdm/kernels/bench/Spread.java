package org.bitdgdm.kernels.bench;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.Arrays;

/**
 * Repeated measurements of one thing, as lines of results and tables have them; what is not known of an old one is NaN.
 *
 * @param low       the least
 * @param high      the largest
 * @param deviation half the distance between the quartiles, as a share of the median
 */
record Spread(double median, double low, double high, double deviation) {

    static Spread of(double... repeats) {
        if (repeats.length == 0) {
            throw new IllegalArgumentException("a spread needs at least one value");
        }
        double[] values = repeats.clone();
        Arrays.sort(values);
        int last = values.length - 1;
        double median = (values[last / 2] + values[(last + 1) / 2]) / 2;
        return new Spread(median, values[0], values[last], (values[last * 3 / 4] - values[last / 4]) / 2 / median);
    }

    static Spread of(JsonNode json) {
        return new Spread(json.path("median").asDouble(Double.NaN), json.path("low").asDouble(Double.NaN),
            json.path("high").asDouble(Double.NaN), json.path("deviation").asDouble(Double.NaN));
    }

    void write(ObjectNode json) {
        json.put("median", median).put("low", low).put("high", high).put("deviation", deviation);
    }

    /** The rates of something of which so much took these times. */
    Spread rateOf(double amount) {
        return new Spread(amount / median, amount / high, amount / low, deviation);
    }
}
