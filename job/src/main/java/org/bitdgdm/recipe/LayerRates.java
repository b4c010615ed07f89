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
import org.bitdgdm.kernels.NetworkSpec;
import org.bitdgdm.kernels.PackedLinear;
import org.bitdgdm.kernels.PackedModel;
import org.bitdgdm.kernels.PackedProteinModel;
import org.bitdgdm.kernels.ProteinGraph;

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

    /**
     * Time of a linear layer for one step of a graph or sequence: its operations over the measured rates of the backend.
     * Layers that read the same input are taken to have the same settings, so that the first of them pays for its codes. What
     * a call costs besides its operations is left out, so that small layers come out somewhat too cheap.
     */
    public static final class Cost {
        /** Multiply and add. */
        private static final double OPERATIONS = 2;

        private final LayerRates rates;
        private final NetworkSpec spec;
        private final Rows rows;

        /** How many rows of its input a layer of a block meets, where it is as packed. */
        private interface Rows {
            double of(NetworkSpec.Layer layer, PackedLinear packed);
        }

        private Cost(LayerRates rates, NetworkSpec spec, Rows rows) {
            this.rates = rates;
            this.spec = spec;
            this.rows = rows;
        }

        /** Of the blocks of a model, for graphs of the sizes that it draws. */
        static Cost ofGraphs(LayerRates rates, PackedModel model) {
            double weight = 0;
            double nodes = 0;
            double pairs = 0;
            float[] sizes = model.diffusion().sizes().weights();
            for (int n = 1; n < sizes.length; n++) {
                weight += sizes[n];
                nodes += (double) sizes[n] * n;
                pairs += (double) sizes[n] * n * n;
            }
            double meanNodes = nodes / weight;
            double meanPairs = pairs / weight;
            return new Cost(rates, model.spec(), (layer, packed) -> switch (layer.rows()) {
                case NODE -> meanNodes;
                case EDGE, MESSAGE -> meanPairs;
                case GRAPH -> 1;
            });
        }

        /**
         * Of the blocks of a model of proteins, for one protein. Its edges are computed once; receivers and senders of
         * messages, two thirds of the input, are multiplied for each residue where that gives the same sums.
         *
         * @param evaluations of the network for the protein
         */
        static Cost ofProtein(LayerRates rates, PackedProteinModel model, ProteinGraph protein, long evaluations) {
            double nodes = protein.residues();
            double edges = protein.edges();
            return new Cost(rates, model.spec(), (layer, packed) -> switch (layer.rows()) {
                case NODE -> nodes;
                case EDGE -> edges / evaluations;
                case MESSAGE -> layer.in() == NetworkSpec.Width.MESSAGE_INPUT && (packed.isFull()
                    || packed.transform == null && packed.branch == null && packed.integerProduct() && packed.hasStaticScale())
                    ? 2 * nodes / 3 : edges;
                case GRAPH -> 1;
            });
        }

        /**
         * Seconds of a layer of a block.
         *
         * @param layer        in full precision or quantized
         * @param outlierShare share of its input that stays in full precision; NaN: none
         */
        double seconds(PackedLinear layer, double outlierShare) {
            double rows = rows(layer);
            double size = (double) layer.in * layer.out;
            if (layer.isFull()) {
                return rows * OPERATIONS * size / rates.full();
            }
            // What runs in FP32 beside the codes, or instead of them.
            double beside = (layer.transform == null ? 0 : layer.transform.multiplyAdds())
                + (layer.branch == null ? 0 : (double) layer.branch.rank() * (layer.in + layer.out));
            if (!layer.integerProduct()) {
                return rows * OPERATIONS * ((beside + size) / rates.full() + layer.sparse.entries() / rates.sparse());
            }
            double factors = (double) layer.rank() * (layer.in + layer.out);
            double outliers = Double.isNaN(outlierShare) ? 0 : outlierShare * size;
            return rows * (OPERATIONS * (layer.residual == null ? 0 : size) / rates.dense()
                + OPERATIONS * factors / rates.factor()
                + OPERATIONS * (layer.sparse.entries() + outliers) / rates.sparse()
                + OPERATIONS * beside / rates.full() + (makesCodes(layer) ? layer.in / rates.entries() : 0));
        }

        /** A transform is a layer's own, and so are the codes of what it leaves. */
        private boolean makesCodes(PackedLinear layer) {
            return layer.transform != null || spec.layer(layer.name).readsFirst();
        }

        private double rows(PackedLinear packed) {
            NetworkSpec.Layer layer = spec.layer(packed.name);
            if (!layer.quantized()) {
                throw new IllegalArgumentException(packed.name + ": only layers of blocks have a cost here");
            }
            return layer.needed() ? rows.of(layer, packed) : 0;
        }
    }
}
