package org.bitdgdm.conf;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What a configuration may bring in besides its own text, and how large it may grow. */
class HoconFileTest {
    @TempDir
    private Path folder;

    private Path inside;

    @BeforeEach
    void outsideAndInside() throws IOException {
        inside = Files.createDirectories(folder.resolve("inside"));
        Files.writeString(folder.resolve("outside.conf"), "sample.count = 7");
        Files.createDirectories(inside.resolve("deeper"));
        Files.writeString(inside.resolve("deeper/beside.conf"), "sample.count = 8");
    }

    private long count(String text) throws IOException {
        return JobConf.of(Settings.load(Optional.of(write(text)), Map.of(Option.OUT, List.of("out")))).sample().count();
    }

    private Path write(String text) throws IOException {
        return Files.writeString(inside.resolve("run.conf"), text);
    }

    private void assertRefused(String text, String... words) throws IOException {
        Path file = write(text);
        InputException refusal = catchThrowableOfType(InputException.class,
            () -> Settings.load(Optional.of(file), Map.of()));
        assertThat(refusal).as("refusal").isNotNull();
        assertThat(refusal.getMessage()).contains(words).doesNotContain("\n").hasSizeLessThan(600);
    }

    @ParameterizedTest
    @ValueSource(strings = {"include \"deeper/beside.conf\"", "include \"deeper/beside\"",
        "include file(\"deeper/beside.conf\")", "include required(\"deeper/beside.conf\")",
        "include required(file(\"deeper/beside.conf\"))", "include \"none\"\nsample.count = 8"})
    void filesOfItsFolderAreIncluded(String text) throws IOException {
        assertThat(count(text)).isEqualTo(8);
    }

    @ParameterizedTest
    @ValueSource(strings = {"include \"../outside.conf\"", "include file(\"../outside.conf\")",
        "include \"deeper/../../outside\"", "include required(file(\"../outside.conf\"))", "sample { include \"../outside\" }"})
    void filesOutsideOfItsFolderAreNot(String text) throws IOException {
        assertRefused(text, "outside", "which is no file in its folder " + inside.toRealPath(), "copy it there");
    }

    @Test
    void filesOutsideAreNotIncludedByTheirWholeNameOrALink() throws IOException {
        assertRefused("include \"" + folder.resolve("outside.conf") + "\"", "no file in its folder");
        assertRefused("include file(\"/etc/hostname\")", "/etc/hostname");
        Files.createSymbolicLink(inside.resolve("link.conf"), folder.resolve("outside.conf"));
        assertRefused("include \"link\"", "no file in its folder");
        Files.writeString(inside.resolve("deeper/climbs.conf"), "include \"../../outside.conf\"");
        assertRefused("include \"deeper/climbs\"", "climbs.conf includes");
    }

    @Test
    void nothingIsFetched() throws IOException {
        AtomicInteger asked = new AtomicInteger();
        HttpServer server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.createContext("/", exchange -> {
            asked.incrementAndGet();
            exchange.sendResponseHeaders(200, 0);
            exchange.getResponseBody().write("sample.count = 9".getBytes(StandardCharsets.UTF_8));
            exchange.close();
        });
        server.start();
        try {
            String address = "http://127.0.0.1:" + server.getAddress().getPort() + "/x.conf";
            for (String include : new String[] {"url(\"%s\")", "\"%s\"", "required(url(\"%s\"))"}) {
                assertRefused("include " + include.formatted(address), "includes the address '" + address + "'",
                    "nothing is fetched");
            }
            assertRefused("include url(\"file:///etc/hostname\")", "includes the address");
            assertRefused("include \"file:///etc/hostname\"", "includes the address");
            assertThat(asked).hasValue(0);
        } finally {
            server.stop(0);
        }
    }

    @Test
    void aFileThatIncludesItselfIsRefused() throws IOException {
        assertRefused("include \"run.conf\"", "includes more than 50 files");
    }

    @ParameterizedTest
    @ValueSource(strings = {"{", "[", "a.", "a { b = [", "x=${"})
    void depthIsBounded(String part) throws IOException {
        assertRefused("sample.count = 1\nkey = " + part.repeat(20_000), "");
        assertRefused(part.repeat(20_000), "");
    }

    @Test
    void textsThatUnfoldAreRefused() throws IOException {
        StringBuilder laughs = new StringBuilder("model = \"0123456789\"\n");
        String[] keys = {"quantize.method", "sample.backend", "sample.schedule", "output.out", "output.protocol"};
        String last = "model";
        for (int round = 0; round < 4; round++) {
            for (String key : keys) {
                laughs.append(key).append(" = ").append("${").append(last).append("}${").append(last).append("}\n");
                last = key;
            }
        }
        assertRefused(laughs.toString(), "refers to itself 40 times, by which it could unfold");
        assertRefused("a = [1]\n" + "a += ${a}\n".repeat(30), "unfold");
    }

    @Test
    void aFewReferencesAreWhatTheyAre() throws IOException {
        assertThat(count("x = \"${a}#//{\" # {{{{ ${y}\n".replace("x", "model") + "sample.count = 8 // [[[")).isEqualTo(8);
        assertThat(count("sample.count = 8\nsample.steps = ${sample.count}")).isEqualTo(8);
    }

    @Test
    void largeFilesAreRefused() throws IOException {
        assertRefused("#".repeat((1 << 20) + 1), "has more than 1048576 bytes");
    }
}
