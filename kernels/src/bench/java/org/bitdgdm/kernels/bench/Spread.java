package org.bitdgdm.kernels.bench;

import java.util.Arrays;
import java.util.function.DoubleUnaryOperator;

/** Repeated measurements of one thing: what a table shows of them is the median and the range. */
record Spread(double[] values) {

    Spread {
        if (values.length == 0) {
            throw new IllegalArgumentException("a spread needs at least one value");
        }
        values = values.clone();
        Arrays.sort(values);
    }

    double median() {
        int middle = values.length / 2;
        return values.length % 2 == 1 ? values[middle] : (values[middle - 1] + values[middle]) / 2;
    }

    double low() {
        return values[0];
    }

    double high() {
        return values[values.length - 1];
    }

    /** Half the distance between the quartiles, as a share of the median. */
    double deviation() {
        return (values[(values.length - 1) * 3 / 4] - values[(values.length - 1) / 4]) / 2 / median();
    }

    /** The same measurements in another unit. */
    Spread map(DoubleUnaryOperator unit) {
        return new Spread(Arrays.stream(values).map(unit).toArray());
    }
}
