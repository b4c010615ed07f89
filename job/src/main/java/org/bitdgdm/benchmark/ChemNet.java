package org.bitdgdm.benchmark;

import ai.onnxruntime.NodeInfo;
import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import ai.onnxruntime.TensorInfo;
import java.nio.FloatBuffer;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.bitdgdm.conf.InputException;

/**
 * ChemNet (Preuer et al., J. Chem. Inf. Model. 58, 2018), or any network of the same input, as an ONNX file that a user has: from
 * a SMILES as one-hot symbols to the numbers that the Fréchet ChemNet distance compares. Not thread-safe.
 *
 * <p>The input is that of the published package {@code fcd}: 350 symbols of 35, each 1/35, the last of a molecule followed by a
 * full stop and zeros; a network that takes (molecules, 350, 35) gets them so, one of (molecules, 35, 350) transposed.
 */
public final class ChemNet implements AutoCloseable {
    /** Where the runtime is found. */
    public static final String RUNTIME = "com.microsoft.onnxruntime:onnxruntime:1.24.2";
    static final int LENGTH = 350;
    /** In their order; X stands for all others. */
    private static final List<String> SYMBOLS = List.of("C", "N", "O", "H", "F", "Cl", "P", "B", "Br", "S", "I", "Si", "#", "(",
        ")", "+", "-", "1", "2", "3", "4", "5", "6", "7", "8", "=", "[", "]", "@", "c", "n", "o", "s", "X", ".");
    private static final int UNKNOWN = SYMBOLS.indexOf("X");
    private static final int END = SYMBOLS.indexOf(".");
    /** What makes one symbol of two letters. */
    private static final String SECOND = "ril";

    private final OrtSession session;
    private final String input;
    private final boolean transposed;

    private ChemNet(OrtSession session, String input, boolean transposed) {
        this.session = session;
        this.input = input;
        this.transposed = transposed;
    }

    /**
     * Opens a network, on one thread.
     *
     * @param model content of the file
     * @param named what it is called in messages
     * @throws InputException where ONNX Runtime is missing, or the file is no such network
     */
    public static ChemNet open(byte[] model, String named) {
        try (OrtSession.SessionOptions options = new OrtSession.SessionOptions()) {
            options.setIntraOpNumThreads(1);
            options.setInterOpNumThreads(1);
            return of(OrtEnvironment.getEnvironment().createSession(model, options), named);
        } catch (NoClassDefFoundError e) {
            throw new InputException(named + " needs ONNX Runtime, which this Spark lacks; add --spark --packages " + RUNTIME, e);
        } catch (OrtException e) {
            throw new InputException(named + " must be a network in ONNX: "
                + String.valueOf(e.getMessage()).lines().findFirst().orElse(""), e);
        }
    }

    /** Closes the session where it is no such network. */
    private static ChemNet of(OrtSession session, String named) throws OrtException {
        try {
            List<Map.Entry<String, NodeInfo>> inputs = List.copyOf(session.getInputInfo().entrySet());
            long[] shape = inputs.size() == 1 && inputs.get(0).getValue().getInfo() instanceof TensorInfo tensor
                ? tensor.getShape() : new long[0];
            boolean rows = shape.length == 3 && shape[1] == LENGTH && shape[2] == SYMBOLS.size();
            boolean columns = shape.length == 3 && shape[1] == SYMBOLS.size() && shape[2] == LENGTH;
            if (!rows && !columns) {
                throw new InputException(named + " must take one input of (molecules, " + LENGTH + ", " + SYMBOLS.size()
                    + ") or (molecules, " + SYMBOLS.size() + ", " + LENGTH + "), found " + inputs.size() + " of "
                    + Arrays.toString(shape));
            }
            return new ChemNet(session, inputs.get(0).getKey(), columns);
        } catch (InputException | OrtException e) {
            session.close();
            throw e;
        }
    }

    /**
     * What the network says of molecules.
     *
     * @return (molecules)(outputs)
     * @throws InputException where it does not give a row of numbers for each
     */
    public float[][] activations(List<String> smiles) {
        float[] encoded = new float[smiles.size() * LENGTH * SYMBOLS.size()];
        for (int k = 0; k < smiles.size(); k++) {
            int[] symbols = symbols(smiles.get(k));
            for (int at = 0; at < symbols.length; at++) {
                int place = transposed ? symbols[at] * LENGTH + at : at * SYMBOLS.size() + symbols[at];
                encoded[k * LENGTH * SYMBOLS.size() + place] = 1f / SYMBOLS.size();
            }
        }
        long[] shape = transposed ? new long[] {smiles.size(), SYMBOLS.size(), LENGTH}
            : new long[] {smiles.size(), LENGTH, SYMBOLS.size()};
        try (OnnxTensor tensor = OnnxTensor.createTensor(OrtEnvironment.getEnvironment(), FloatBuffer.wrap(encoded), shape);
             OrtSession.Result result = session.run(Map.of(input, tensor))) {
            if (result.get(0).getValue() instanceof float[][] found && found.length == smiles.size()) {
                return found;
            }
            throw new InputException("--chemnet must give a row of numbers for each molecule, found "
                + result.get(0).getInfo());
        } catch (OrtException e) {
            throw new InputException("--chemnet does not run: "
                + String.valueOf(e.getMessage()).lines().findFirst().orElse(""), e);
        }
    }

    /** Indices of a SMILES's symbols with the full stop; what is longer is cut. */
    public static int[] symbols(String smiles) {
        int[] symbols = new int[LENGTH];
        int count = 0;
        // A further fragment is not read, as in the package.
        for (int at = 0; at < smiles.length() && smiles.charAt(at) != '.' && count < LENGTH - 1; count++) {
            int next = at + 1 < smiles.length() && SECOND.indexOf(smiles.charAt(at + 1)) >= 0 ? at + 2 : at + 1;
            int known = SYMBOLS.indexOf(smiles.substring(at, next));
            symbols[count] = known < 0 ? UNKNOWN : known;
            at = next;
        }
        symbols[count] = END;
        return Arrays.copyOf(symbols, count + 1);
    }

    @Override
    public void close() {
        try {
            session.close();
        } catch (OrtException e) {
            throw new IllegalStateException("a network cannot be closed: " + e.getMessage(), e);
        }
    }
}
