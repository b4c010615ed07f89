package org.bitdgdm.conf;

import java.io.Serializable;
import java.math.BigDecimal;
import java.util.List;
import org.bitdgdm.kernels.Distortion;
import org.bitdgdm.kernels.Stochasticity;

/**
 * How graphs are taken from noise to data.
 *
 * @param sampler       {@code auto}, {@code posterior} or {@code flow}
 * @param eta           η of a flow
 * @param omega         ω of a flow
 * @param distortion    of a flow's times, a label of {@link Distortion}
 * @param stochasticity which jumps η is of, a label of {@link Stochasticity}
 */
public record SamplerConf(String sampler, double eta, double omega, String distortion, String stochasticity)
    implements Serializable {
    /** The sampler that a model was trained for, with nothing added. */
    public static final SamplerConf AUTO = new SamplerConf("auto", 0, 0, Distortion.IDENTITY.label(),
        Stochasticity.GENERAL.label());

    public SamplerConf {
        Check.oneOf("sampler", List.of("auto", "posterior", "flow"), sampler);
        Check.that(eta >= 0 && eta <= Float.MAX_VALUE, "eta", "must be at least 0", eta);
        Check.that(omega >= 0 && omega <= Float.MAX_VALUE, "omega", "must be at least 0", omega);
        Check.oneOf("distortion", Distortion.labels(), distortion);
        Check.oneOf("stochasticity", Stochasticity.labels(), stochasticity);
    }

    static SamplerConf of(Settings settings) {
        return new SamplerConf(settings.text(Option.SAMPLER), settings.number(Option.ETA), settings.number(Option.OMEGA),
            settings.text(Option.DISTORTION), settings.text(Option.STOCHASTICITY));
    }

    /** What differs from {@link #AUTO}, as words of a name; empty where nothing does. */
    public String words() {
        StringBuilder words = new StringBuilder();
        if (!sampler.equals(AUTO.sampler)) {
            words.append('-').append(sampler);
        }
        words.append(eta == 0 ? "" : "-eta" + plain(eta)).append(omega == 0 ? "" : "-omega" + plain(omega));
        if (!distortion.equals(AUTO.distortion)) {
            words.append('-').append(distortion);
        }
        return words.append(stochasticity.equals(AUTO.stochasticity) ? "" : "-" + stochasticity.replace(':', '-')).toString();
    }

    private static String plain(double value) {
        return BigDecimal.valueOf(value).stripTrailingZeros().toPlainString();
    }
}
