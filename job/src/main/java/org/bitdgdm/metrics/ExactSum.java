package org.bitdgdm.metrics;

import static org.apache.spark.sql.functions.count;
import static org.apache.spark.sql.functions.lit;
import static org.apache.spark.sql.functions.raise_error;
import static org.apache.spark.sql.functions.sum;
import static org.apache.spark.sql.functions.when;

import org.apache.spark.sql.Column;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.DecimalType;

/**
 * Sums of doubles that no order of the addends changes: they are added as decimal numbers of 38 digits, since the
 * order in which rows come out of a shuffle is another one with each number of tasks, and doubles are rounded at each addition.
 * Addends and sums that have more digits before the point fail the job, whatever Spark is told of such numbers.
 */
final class ExactSum {
    private static final int DIGITS = DecimalType.MAX_PRECISION();
    /** Behind the point, of numbers whose sum stays below 10⁴. */
    private static final int OF_FRACTIONS = 34;
    /** Of numbers whose sum stays below 10²⁰. */
    private static final int OF_NUMBERS = 18;

    private ExactSum() {
    }

    /** Of whole numbers. */
    static Column ofCounts(Column addends) {
        return of(addends, 0);
    }

    /** Of numbers to 18 digits behind the point. */
    static Column ofNumbers(Column addends) {
        return of(addends, OF_NUMBERS);
    }

    /** Of numbers to 34 digits behind the point, for those that may be as small as the share of one of 10⁸ molecules. */
    static Column ofFractions(Column addends) {
        return of(addends, OF_FRACTIONS);
    }

    private static Column of(Column addends, int scale) {
        String large = " must be less than 10^" + (DIGITS - scale) + " in size to be added exactly";
        Column exact = addends.try_cast(DataTypes.createDecimalType(DIGITS, scale));
        // A number that is too large is null, without spark.sql.ansi.enabled a sum is as well, and a sum passes over nulls.
        Column sum = sum(when(exact.isNull().and(addends.isNotNull()), raise_error(lit("an addend" + large)))
            .otherwise(exact));
        return when(sum.isNull().and(count(addends).gt(0)), raise_error(lit("a sum" + large)))
            .otherwise(sum.cast(DataTypes.DoubleType));
    }
}
