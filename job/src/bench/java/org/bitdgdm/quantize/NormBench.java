package org.bitdgdm.quantize;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.bitdgdm.kernels.BackendOptions;
import org.bitdgdm.kernels.CpuDenoiser;
import org.bitdgdm.kernels.PackedModel;
import org.bitdgdm.model.ModelBundle;
import org.bitdgdm.output.NormTable;

/**
 * The study of decompositions in the norm of inputs as a program: {@code ./submit.sh bench norm MODEL RESULTS}. Its rows go to
 * RESULTS, a JSON line each, and the tables that are made of these lines to the console; where RESULTS is there already,
 * nothing runs again. Inputs are those of graphs that the model samples itself, as quantizers take them; layers are those of
 * the block in the middle, layers that share an input those of all blocks.
 */
public final class NormBench {
    private static final JsonMapper JSON = new JsonMapper();
    private static final int STEPS = 50;

    private NormBench() {
    }

    public static void main(String[] arguments) throws IOException {
        if (arguments.length != 2) {
            System.err.println("error: bench norm takes the folder of a model and the file of its results, found "
                + arguments.length + " arguments");
            System.exit(2);
        }
        ModelBundle bundle = ModelBundle.load(Path.of(arguments[0]));
        Path results = Path.of(arguments[1]);
        if (!Files.exists(results)) {
            Path part = results.resolveSibling(results.getFileName() + ".part");
            Files.write(part, lines(bundle.packed()));
            Files.move(part, results);
        }
        List<NormStudy.Row> rows = new ArrayList<>();
        List<NormStudy.Shared> shared = new ArrayList<>();
        for (String line : Files.readAllLines(results)) {
            JsonNode json = JSON.readTree(line);
            if (json.has("way")) {
                rows.add(JSON.treeToValue(json, NormStudy.Row.class));
            } else {
                shared.add(JSON.treeToValue(json, NormStudy.Shared.class));
            }
        }
        System.out.print(NormTable.markdown(bundle.name(), rows, shared,
            NormStudy.whole(bundle.packed(), shared)));
    }

    private static List<String> lines(PackedModel full) throws IOException {
        System.err.println("inputs …");
        int[] kept = new int[full.linears().size()];
        Arrays.fill(kept, InputCollector.MOST_ROWS);
        List<RecordedInputs> inputs = new Calibrations(full, 0, model -> new CpuDenoiser(model,
            new BackendOptions(Runtime.getRuntime().availableProcessors(), "auto", null)))
            .of(Calibrations.MOST_GRAPHS, STEPS, kept, 1);
        List<Object> all = new ArrayList<>();
        int blocks = full.architecture().layers();
        for (int block = 0; block < blocks; block++) {
            all.addAll(NormStudy.shared(full, block, inputs));
        }
        all.addAll(NormStudy.layers(full, blocks / 2, inputs, System.err::println));
        all.addAll(NormStudy.planted(System.err::println));
        List<String> lines = new ArrayList<>();
        for (Object row : all) {
            lines.add(JSON.writeValueAsString(row));
        }
        return lines;
    }
}
