package org.bitdgdm.output;

import java.math.BigDecimal;
import java.math.MathContext;
import java.util.Locale;

/** Numbers as the report prints them: the same on every machine, no more digits than mean something. */
public final class Numbers {
    private static final String[] BYTE_UNITS = {"B", "kB", "MB", "GB", "TB"};

    private Numbers() {
    }

    /**
     * A share in percent, with one digit after the point, or two where its interval is narrower than one point.
     *
     * @param value 0…1
     * @param width of the 95% interval, 0…1; NaN where none is known
     */
    static String percent(double value, double width) {
        return fixed(100 * value, digits(width)) + "%";
    }

    /** Both ends of an interval of shares, in percent. */
    static String percentInterval(double low, double high) {
        int digits = digits(high - low);
        return fixed(100 * low, digits) + "–" + fixed(100 * high, digits) + "%";
    }

    private static int digits(double width) {
        return width > 0 && width < 0.01 ? 2 : 1;
    }

    /** A share of an error, in percent, with three significant digits. */
    static String relative(double share) {
        return significant(100 * share, 3) + "%";
    }

    /** With the given number of digits, or more where the integer part has more; as a power of ten outside 1e-4…1e7. */
    static String significant(double value, int digits) {
        if (!Double.isFinite(value)) {
            return "not available";
        }
        double size = Math.abs(value);
        if (size == 0) {
            return "0";
        }
        if (size < 1e-4 || size >= 1e7) {
            return String.format(Locale.ROOT, "%." + (digits - 1) + "e", value);
        }
        // Rounding may add a digit in front: 0.9996 has three significant ones as 1.00.
        double rounded = new BigDecimal(size).round(new MathContext(digits)).doubleValue();
        int after = Math.max(0, digits - 1 - (int) Math.floor(Math.log10(rounded)));
        return String.format(Locale.ROOT, "%,." + after + "f", value);
    }

    static String fixed(double value, int digits) {
        return String.format(Locale.ROOT, "%." + digits + "f", value);
    }

    static String count(long value) {
        return String.format(Locale.ROOT, "%,d", value);
    }

    /** Decimal units, three significant digits: 17.6 MB. */
    static String bytes(long bytes) {
        int unit = unit(bytes);
        return bytesIn(unit, bytes) + " " + BYTE_UNITS[unit];
    }

    /** Two sizes, the unit once where it is the same: 17.6 → 3.10 MB. */
    static String bytesChange(long before, long after) {
        int unit = unit(before);
        return unit == unit(after) ? bytesIn(unit, before) + " → " + bytes(after) : bytes(before) + " → " + bytes(after);
    }

    private static int unit(long bytes) {
        int unit = 0;
        for (double value = bytes; value >= 999.5 && unit < BYTE_UNITS.length - 1; value /= 1000) {
            unit++;
        }
        return unit;
    }

    private static String bytesIn(int unit, long bytes) {
        return unit == 0 ? Long.toString(bytes) : significant(bytes / Math.pow(1000, unit), 3);
    }

    /** Seconds below two minutes, then minutes, then hours. */
    static String duration(double seconds) {
        if (!(seconds >= 0) || Double.isInfinite(seconds)) {
            return "not available";
        }
        if (seconds < 119.5) {
            return fixed(seconds, seconds < 10 ? 2 : 1) + " s";
        }
        long whole = Math.round(seconds);
        return whole < 7200 ? whole / 60 + " min " + whole % 60 + " s" : whole / 3600 + " h " + whole % 3600 / 60 + " min";
    }
}
