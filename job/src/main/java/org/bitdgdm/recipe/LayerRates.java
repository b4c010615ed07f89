package org.bitdgdm.recipe;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigException;
import com.typesafe.config.ConfigFactory;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import org.bitdgdm.conf.HoconFile;
import org.bitdgdm.conf.Home;
import org.bitdgdm.conf.InputException;

/**
 * How fast a backend runs the parts of linear layers, as measured by the benchmark; from {@code conf/rates.conf}, or the
 * copy of it in the jar. Operations are two for each multiply-add.
 *
 * @param machine what was measured, where
 * @param full    FP32 operations of full-precision layers, per second
 * @param dense   integer operations of a dense weight or residual, per second
 * @param factor  integer operations of the two low-rank factors, per second
 * @param sparse  FP32 operations of sparse weights and outlier activations, per second
 * @param entries entries of inputs that become codes, per second
 */
public record LayerRates(String machine, double full, double dense, double factor, double sparse, double entries) {
    private static final String FILE = "rates.conf";
    private static final double GIGA = 1e9;

    /**
     * The rates of a backend.
     *
     * @param backend its label
     * @throws InputException if none were measured
     */
    public static LayerRates of(String backend) {
        try {
            Optional<Path> installed = Home.path().map(home -> home.resolve("conf").resolve(FILE)).filter(Files::exists);
            Config all = installed.isPresent() ? HoconFile.parse(installed.get()) : packaged();
            if (!all.hasPath("rates." + backend)) {
                throw new InputException("--recipe auto needs measured rates of the backend " + backend + ", found none in "
                    + installed.map(Path::toString).orElse("the jar's " + FILE)
                    + "; ./submit.sh bench --rates conf/rates.conf measures those of cpu");
            }
            Config rates = all.getConfig("rates." + backend);
            return new LayerRates(rates.getString("machine"), rate(rates, "full"), rate(rates, "dense"),
                rate(rates, "factor"), rate(rates, "sparse"), rate(rates, "entries"));
        } catch (ConfigException e) {
            throw new InputException("conf/" + FILE + " is no table of rates: "
                + e.getMessage().lines().findFirst().orElse(""), e);
        }
    }

    private static double rate(Config rates, String key) {
        double rate = rates.getDouble(key);
        if (!(rate > 0)) {
            throw new InputException("conf/" + FILE + ": " + key + " must be above 0, in 10^9 per second, found " + rate);
        }
        return rate * GIGA;
    }

    private static Config packaged() {
        try (InputStream in = LayerRates.class.getResourceAsStream("/" + FILE)) {
            if (in == null) {
                throw new IllegalStateException("the jar holds no " + FILE + "; build it with ./mvnw package");
            }
            return ConfigFactory.parseReader(new InputStreamReader(in, StandardCharsets.UTF_8));
        } catch (IOException e) {
            throw new IllegalStateException("cannot read the jar's " + FILE, e);
        }
    }
}
