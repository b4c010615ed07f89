package org.bitdgdm.kernels;

/**
 * The discrete diffusion that a model of graphs was trained to reverse.
 *
 * @param schedule how noise grows with time
 * @param limits   what it turns classes into
 * @param sizes    numbers of nodes
 */
public record Diffusion(NoiseSchedule schedule, LimitDistribution limits, SizeDistribution sizes) {

    /** A diffusion with any schedule. */
    public static Diffusion of(NoiseSchedule schedule, float[] nodeMarginal, float[] edgeMarginal, float[] sizes) {
        return new Diffusion(schedule, new LimitDistribution(nodeMarginal, edgeMarginal), new SizeDistribution(sizes));
    }

    /** A diffusion with the cosine schedule of {@code steps} steps. */
    public static Diffusion cosine(int steps, float[] nodeMarginal, float[] edgeMarginal, float[] sizes) {
        return of(NoiseSchedule.cosine(steps), nodeMarginal, edgeMarginal, sizes);
    }

    /** T. */
    public int steps() {
        return schedule.steps();
    }

    /** The most steps that a graph may take with the sampler of the model. */
    public int mostSteps() {
        return Sampler.of(this).mostSteps(this);
    }
}
