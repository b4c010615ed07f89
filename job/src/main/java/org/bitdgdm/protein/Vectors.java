package org.bitdgdm.protein;

/** Vectors of three numbers, in double precision. */
final class Vectors {
    private Vectors() {
    }

    /** From one point to another. */
    static double[] between(float[] from, float[] to) {
        return new double[] {(double) to[0] - from[0], (double) to[1] - from[1], (double) to[2] - from[2]};
    }

    static double distance(float[] one, float[] other) {
        return length(between(one, other));
    }

    static double length(double[] vector) {
        return Math.sqrt(dot(vector, vector));
    }

    static double dot(double[] one, double[] other) {
        return one[0] * other[0] + one[1] * other[1] + one[2] * other[2];
    }

    static double[] cross(double[] one, double[] other) {
        return new double[] {one[1] * other[2] - one[2] * other[1], one[2] * other[0] - one[0] * other[2],
            one[0] * other[1] - one[1] * other[0]};
    }

    /** The same direction, of length 1. */
    static double[] unit(double[] vector) {
        double length = length(vector);
        return new double[] {vector[0] / length, vector[1] / length, vector[2] / length};
    }

    /** Angle between two directions in degrees, 0…180. */
    static double angle(double[] one, double[] other) {
        double cosine = dot(one, other) / (length(one) * length(other));
        return Math.toDegrees(Math.acos(Math.max(-1, Math.min(1, cosine))));
    }
}
