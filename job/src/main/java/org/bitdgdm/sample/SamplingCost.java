package org.bitdgdm.sample;

/**
 * What sampling has taken of machines, whatever else they did meanwhile.
 *
 * @param coreSeconds time of all attempts of tasks × {@code spark.task.cpus}, the scoring of their graphs included; NaN if
 *                    not known
 * @param joules      what the processors of the machine have used while tasks ran, see {@link PackageEnergy}; NaN if not known
 */
public record SamplingCost(double coreSeconds, double joules) {
    /** Nothing was sampled. */
    public static final SamplingCost NONE = new SamplingCost(0, 0);
    /** Nobody has looked. */
    public static final SamplingCost UNKNOWN = new SamplingCost(Double.NaN, Double.NaN);

    /** Both together; what one of them does not know is not known. */
    public SamplingCost plus(SamplingCost other) {
        return new SamplingCost(coreSeconds + other.coreSeconds, joules + other.joules);
    }
}
