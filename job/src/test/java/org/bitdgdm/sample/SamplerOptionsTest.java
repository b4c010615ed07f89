package org.bitdgdm.sample;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import org.bitdgdm.conf.InputException;
import org.bitdgdm.conf.SampleConf;
import org.bitdgdm.conf.SamplerConf;
import org.bitdgdm.kernels.Diffusion;
import org.bitdgdm.kernels.LimitDistribution;
import org.bitdgdm.kernels.NoiseSchedule;
import org.bitdgdm.kernels.Sampler;
import org.bitdgdm.kernels.SizeDistribution;
import org.junit.jupiter.api.Test;

/** The sampler of a run, by its options and the model; options that it has no use for are refused by name. */
class SamplerOptionsTest {
    private static final Diffusion DIGRESS = TinyModel.packed(1).diffusion();
    private static final Diffusion DEFOG = new Diffusion(NoiseSchedule.linear(1000),
        new LimitDistribution(new float[] {1, 1}, new float[] {1, 1}), new SizeDistribution(new float[] {0, 1}));

    private static SampleConf conf(int steps, String schedule, SamplerConf sampler) {
        return new SampleConf(1, steps, schedule, sampler, 0, 1, 0, "reference", "auto", "fp32", "");
    }

    private static SamplerConf named(String sampler) {
        return new SamplerConf(sampler, 0, 0, "identity", "general", "");
    }

    @Test
    void autoIsWhatTheModelWasTrainedForAndEitherMayBeAskedFor() {
        assertThat(rule(DIGRESS, SamplerConf.AUTO)).isEqualTo(Sampler.Rule.POSTERIOR);
        assertThat(rule(DEFOG, SamplerConf.AUTO)).isEqualTo(Sampler.Rule.FLOW);
        assertThat(rule(DIGRESS, named("flow"))).isEqualTo(Sampler.Rule.FLOW);
        assertThat(rule(DIGRESS, named("tau-leaping"))).isEqualTo(Sampler.Rule.LEAP);
        assertThat(rule(DEFOG, named("posterior"))).isEqualTo(Sampler.Rule.POSTERIOR);
    }

    private static Sampler.Rule rule(Diffusion diffusion, SamplerConf sampler) {
        return ShardSampler.steps(conf(5, "uniform", sampler), diffusion).get(0).rule();
    }

    @Test
    void stepsOfAFlowAreFreeAndThoseOfAPosteriorAreNot() {
        assertThat(ShardSampler.steps(conf(2500, "uniform", SamplerConf.AUTO), DEFOG)).hasSize(2500);
        assertThat(ShardSampler.steps(conf(2500, "uniform", named("flow")), DIGRESS)).hasSize(2500);
        assertThatThrownBy(() -> ShardSampler.steps(conf(21, "uniform", SamplerConf.AUTO), DIGRESS))
            .isInstanceOf(InputException.class).hasMessageStartingWith("--steps must be in 1..20").hasMessageContaining("21");
    }

    @Test
    void optionsOfTheOtherSamplerAreRefusedByName() {
        refused("--eta", new SamplerConf("auto", 1, 0, "identity", "general", ""));
        refused("--omega", new SamplerConf("posterior", 0, 0.5, "identity", "general", ""));
        refused("--distortion", new SamplerConf("auto", 0, 0, "polydec", "general", ""));
        refused("--stochasticity", new SamplerConf("auto", 0, 0, "identity", "marginal", ""));
        assertThatThrownBy(() -> ShardSampler.steps(conf(5, "noise", SamplerConf.AUTO), DEFOG))
            .isInstanceOf(InputException.class).hasMessageStartingWith("--schedule is of the sampler posterior");
        assertThatThrownBy(() -> ShardSampler.steps(conf(5, "noise", named("tau-leaping")), DIGRESS))
            .isInstanceOf(InputException.class).hasMessageStartingWith("--schedule is of the sampler posterior")
            .hasMessageContaining("with the sampler tau-leaping; leave it out");
        assertThatThrownBy(() -> ShardSampler.steps(conf(5, "uniform",
            new SamplerConf("tau-leaping", 1, 0, "identity", "general", "")), DIGRESS)).isInstanceOf(InputException.class)
            .hasMessage("--eta is of the sampler flow, and this run has the sampler tau-leaping; leave it out, or set"
                + " --sampler flow");
        assertThatThrownBy(() -> ShardSampler.steps(conf(1, "uniform", named("tau-leaping")), DIGRESS))
            .isInstanceOf(InputException.class).hasMessageStartingWith("--steps must be in 2..");
        for (double eta : new double[] {-1, Double.NaN, 1e300}) {
            assertThatThrownBy(() -> new SamplerConf("flow", eta, 0, "identity", "general", ""))
                .isInstanceOf(InputException.class).hasMessageContaining("--eta must be at least 0");
        }
        assertThatThrownBy(() -> new SamplerConf("flow", 0, 0, "linear", "general", "")).isInstanceOf(InputException.class)
            .hasMessageContaining("--distortion must be one of identity, polydec, polyinc, cos, revcos, found linear");
    }

    @Test
    void sizesMayBeFixedOrWithinARange() {
        for (String[] each : new String[][] {{"4", "4"}, {"2-3", "2 3"}, {"1", "1"}}) {
            SampleConf conf = conf(5, "uniform", new SamplerConf("auto", 0, 0, "identity", "general", each[0]));
            SizeDistribution sizes = ShardSampler.sizes(conf, TinyModel.packed(1).diffusion());
            List<String> allowed = List.of(each[1].split(" "));
            for (long id = 0; id < 200; id++) {
                assertThat(allowed).contains(Integer.toString(sizes.draw(3, id)));
            }
        }
        assertThat(ShardSampler.sizes(conf(5, "uniform", SamplerConf.AUTO), DIGRESS)).isSameAs(DIGRESS.sizes());
        for (String atoms : List.of("0", "100", "1-100")) {
            SampleConf conf = conf(5, "uniform", new SamplerConf("auto", 0, 0, "identity", "general", atoms));
            assertThatThrownBy(() -> ShardSampler.sizes(conf, DIGRESS)).isInstanceOf(InputException.class)
                .hasMessageStartingWith("--num-atoms must be numbers from 1 to ").hasMessageEndingWith("found " + atoms);
        }
        assertThatThrownBy(() -> new SamplerConf("auto", 0, 0, "identity", "general", "9-3")).isInstanceOf(InputException.class)
            .hasMessage("--num-atoms must be a number, or FROM-TO with the smaller number first, found 9-3");
        for (String atoms : List.of("-3", "a", "3-", "3 - 4", "1.5")) {
            assertThatThrownBy(() -> new SamplerConf("auto", 0, 0, "identity", "general", atoms))
                .isInstanceOf(InputException.class).hasMessageContaining("--num-atoms must be a number, or FROM-TO");
        }
    }

    private static void refused(String option, SamplerConf sampler) {
        assertThatThrownBy(() -> ShardSampler.steps(conf(5, "uniform", sampler), DIGRESS)).isInstanceOf(InputException.class)
            .hasMessageStartingWith(option + " is of the sampler flow");
    }
}
