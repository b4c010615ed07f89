package org.bitdgdm.run;

import java.io.IOException;
import java.io.Serializable;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.apache.spark.sql.Row;
import org.apache.spark.util.SerializableConfiguration;
import org.bitdgdm.conf.FoldConf;
import org.bitdgdm.conf.StoppedException;
import org.bitdgdm.kernels.ProteinDenoiser;
import org.bitdgdm.kernels.ProteinGraph;
import org.bitdgdm.kernels.ResidueDiffusion;
import org.bitdgdm.kernels.SequenceSampler;
import org.bitdgdm.kernels.Sha256;
import org.bitdgdm.metrics.SequenceRows;
import org.bitdgdm.protein.FeatureScales;
import org.bitdgdm.protein.ProteinChain;
import org.bitdgdm.protein.ProteinFeatures;
import org.bitdgdm.protein.StructureFile;
import org.bitdgdm.protein.SurveyedChain;

/**
 * What a task does with a shard: reads each of its files, makes the graphs of its chains, samples and returns rows, a chain at
 * a time, so that memory holds one.
 *
 * @param conf       backbones and samples
 * @param transition noise that is taken back
 * @param steps      evaluations of the network for each sample
 * @param seed       of every draw
 * @param batch      sequences of one chain that a backend advances at once
 * @param scales     of the model's features
 * @param hadoop     for file systems
 */
public record DesignTask(FoldConf conf, ResidueDiffusion.Transition transition, int steps, long seed, int batch,
                         FeatureScales scales, SerializableConfiguration hadoop) implements Serializable {
    private static final int CLASSES = ResidueDiffusion.CLASSES;

    /** Rows of a shard, in the order of their ids. */
    Iterator<Row> rows(DesignPlan.Shard shard, ProteinDenoiser denoiser) {
        SequenceSampler sampler = new SequenceSampler(denoiser.diffusion(), transition, steps, conf.diverse(), seed);
        return new Iterator<>() {
            private final Iterator<SurveyedChain> chains = shard.chains().iterator();
            private Iterator<Row> rows = List.<Row>of().iterator();
            private String file = "";
            private StructureFile structure;
            private long next = shard.firstId();

            @Override
            public boolean hasNext() {
                return rows.hasNext() || chains.hasNext();
            }

            @Override
            public Row next() {
                if (!rows.hasNext()) {
                    SurveyedChain chain = chains.next();
                    try {
                        if (!chain.refused() && !chain.file().equals(file)) {
                            structure = read(chain);
                            file = chain.file();
                        }
                        List<Row> some = chain.refused() ? List.of(SequenceRows.refused(next, chain, chain.reason()))
                            : sample(next, chain, structure.chains().get(chain.place()).chain(), denoiser, sampler);
                        next += some.size();
                        rows = some.iterator();
                    } catch (InterruptedException e) {
                        Thread.currentThread().interrupt();
                        throw new StoppedException("sampling was stopped", e);
                    } catch (IOException e) {
                        throw new StoppedException(chain.file() + " cannot be read any more: " + e.getMessage(), e);
                    }
                }
                return rows.next();
            }
        };
    }

    /** Structure, chain, native residues and states of a chain that is not refused. */
    public static String[] natives(SurveyedChain chain, SerializableConfiguration hadoop) throws IOException {
        ProteinChain found = read(chain, hadoop).chains().get(chain.place()).chain();
        return new String[] {chain.structure().replaceAll("\\s", "_"), chain.chain(), SequenceRows.letters(found.sequence()),
            found.states()};
    }

    /**
     * The graph of a chain that is not refused.
     *
     * @throws IOException if its file cannot be read any more
     */
    static ProteinGraph protein(SurveyedChain chain, FeatureScales scales, SerializableConfiguration hadoop)
        throws IOException {
        return ProteinFeatures.of(read(chain, hadoop).chains().get(chain.place()).chain(), scales);
    }

    private StructureFile read(SurveyedChain chain) throws IOException {
        return read(chain, hadoop);
    }

    private static StructureFile read(SurveyedChain chain, SerializableConfiguration hadoop) throws IOException {
        Path path = new Path(chain.file());
        FileSystem files = path.getFileSystem(hadoop.value());
        byte[] bytes;
        try (var in = files.open(path)) {
            bytes = in.readAllBytes();
        }
        if (!Sha256.of(bytes).equals(chain.sha256())) {
            throw new StoppedException(chain.file() + " was changed while the run went on; start it again, with another --out",
                null);
        }
        return StructureFile.read(bytes);
    }

    /** Key of a chain's draws: what it is called, so that files beside it change nothing. */
    static long key(SurveyedChain chain) {
        return ByteBuffer.wrap(Sha256.bytes((chain.structure() + "\n" + chain.chain()).getBytes(StandardCharsets.UTF_8)))
            .getLong();
    }

    private List<Row> sample(long firstId, SurveyedChain surveyed, ProteinChain chain, ProteinDenoiser denoiser,
                             SequenceSampler sampler) throws InterruptedException {
        ProteinGraph protein = ProteinFeatures.of(chain, scales);
        boolean[] fixed = fixed(chain);
        SequenceRows made = new SequenceRows(surveyed, protein, fixed);
        int size = protein.residues() * CLASSES;
        double[] sums = new double[size];
        List<Row> rows = new ArrayList<>();
        long key = key(surveyed);
        try (ProteinDenoiser.Conditioned network = denoiser.condition(protein)) {
            for (int first = 0; first < conf.samples(); first += batch) {
                int some = Math.min(batch, conf.samples() - first);
                float[] logits = sampler.sample(network, key, first, some, fixed);
                for (int k = 0; k < some; k++) {
                    rows.add(made.row(firstId + first + k, first + k, logits, k * size, false));
                    for (int at = 0; at < size; at++) {
                        sums[at] += logits[k * size + at];
                    }
                }
            }
        }
        float[] mean = new float[size];
        for (int at = 0; at < size; at++) {
            mean[at] = (float) (sums[at] / conf.samples());
        }
        rows.add(made.row(firstId + conf.samples(), null, mean, 0, conf.logProbabilities()));
        return rows;
    }

    private boolean[] fixed(ProteinChain chain) {
        boolean[] fixed = new boolean[chain.length()];
        for (FoldConf.Fixed range : conf.fix()) {
            for (int i = 0; i < fixed.length && range.chain().equals(chain.id()); i++) {
                fixed[i] |= range.has(chain.residues().get(i).number());
            }
        }
        return fixed;
    }
}
