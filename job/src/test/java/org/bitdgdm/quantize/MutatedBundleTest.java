package org.bitdgdm.quantize;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.bitdgdm.Mutations;
import org.bitdgdm.conf.QuantizeConf;
import org.bitdgdm.conf.TestRecipes;
import org.bitdgdm.kernels.PackedModel;
import org.bitdgdm.kernels.PackedModelFormat;
import org.bitdgdm.kernels.ReferenceDenoiser;
import org.bitdgdm.kernels.Sha256;
import org.bitdgdm.sample.TinyModel;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Quantized models, changed: the packed form of every method, and recipes. */
class MutatedBundleTest {
    private static final int LENGTH_AT = 8;
    private static final int HASH_BYTES = 32;
    private static final List<QuantizedBundle<PackedModel>> BUNDLES = new ArrayList<>();

    @BeforeAll
    static void quantize() {
        for (String method : List.of("rtn", "bit-dgdm", "svdquant", "duquant", "squeezellm")) {
            QuantizeConf recipe = TestRecipes.recipe("method=" + method + ",rank=3,alpha=0.3,calibration-graphs=3,"
                + "calibration-steps=2" + (method.equals("squeezellm") ? ",activation-bits=32" : "")
                + (method.equals("bit-dgdm") ? ",threshold-buckets=2" : ""), Map.of("*.lin_y?", Map.of("method", "fp32")));
            BUNDLES.add(new QuantizedBundle<>(Quantization.quantize(
                new Calibrations(TinyModel.packed(7), 7, ReferenceDenoiser::new), recipe), recipe, 7, "0".repeat(64)));
        }
    }

    private static byte[] file(QuantizedBundle<PackedModel> bundle, String name) {
        try {
            return bundle.files().get(name);
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
    }

    private static List<byte[]> files(String name) {
        return BUNDLES.stream().map(bundle -> file(bundle, name)).toList();
    }

    @Test
    void recipes() throws Exception {
        byte[] packed = file(BUNDLES.get(0), QuantizedBundle.PACKED_FILE);
        Mutations.check("recipe.json", List.of(file(BUNDLES.get(0), QuantizedBundle.RECIPE_FILE)),
            List.of("null", "{}", "[]", "[[[[[[", "\"", "\"format\":1", "\"overrides\":{\"*\":{\"rank\":\"x\"}}",
                "\"overrides\":{\"*\":null}", "\"layers\":[null]", "\"recipe\":null", "1e400", "\n"),
            input -> QuantizedBundle.read(input, packed, "mutated", PackedModelFormat::fromBytes));
    }

    /** With length and hash made right again, so that what is behind them is read. */
    @Test
    void packedModels() throws Exception {
        byte[] recipe = file(BUNDLES.get(0), QuantizedBundle.RECIPE_FILE);
        String sha256 = Sha256.of(file(BUNDLES.get(0), QuantizedBundle.PACKED_FILE));
        String text = new String(recipe, StandardCharsets.UTF_8);
        Mutations.check("packed model", files(QuantizedBundle.PACKED_FILE), List.of("BDGM"), input -> {
            byte[] signed = signed(input);
            byte[] fitting = text.replace(sha256, Sha256.of(signed))
                .getBytes(StandardCharsets.UTF_8);
            QuantizedBundle.read(fitting, signed, "mutated", PackedModelFormat::fromBytes);
        });
    }

    private static byte[] signed(byte[] input) throws Exception {
        if (input.length < LENGTH_AT + Long.BYTES + HASH_BYTES) {
            return input;
        }
        byte[] signed = input.clone();
        ByteBuffer.wrap(signed).order(ByteOrder.LITTLE_ENDIAN).putLong(LENGTH_AT, signed.length);
        byte[] digest = MessageDigest.getInstance("SHA-256").digest(Arrays.copyOf(signed, signed.length - HASH_BYTES));
        System.arraycopy(digest, 0, signed, signed.length - HASH_BYTES, HASH_BYTES);
        return signed;
    }
}
