import io.fabric8.kubernetes.client.server.mock.KubernetesCrudDispatcher;
import io.fabric8.kubernetes.client.server.mock.KubernetesMockServer;
import io.fabric8.mockwebserver.Context;
import io.fabric8.mockwebserver.MockWebServer;
import io.fabric8.mockwebserver.dsl.HttpMethod;
import io.fabric8.mockwebserver.http.MockResponse;
import io.fabric8.mockwebserver.http.RecordedRequest;
import java.net.InetAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.HashMap;

/** The API server of a Kubernetes that keeps what it is sent and runs nothing of it; java starts it from this source. */
public final class KubernetesServer {
    /** Applying an object that is not there makes it, as a real server does and this one's dispatcher does not. */
    private static final class ApplyingDispatcher extends KubernetesCrudDispatcher {
        @Override
        public MockResponse handlePatch(RecordedRequest request) {
            String path = request.getPath().replaceFirst("\\?.*", "");
            boolean applied = String.valueOf(request.getHeader("Content-Type")).contains("apply-patch");
            if (!applied || findResource(getKey(path)) != null) {
                return super.handlePatch(request);
            }
            return handleCreate(new RecordedRequest(request.getHttpVersion(), HttpMethod.POST,
                path.substring(0, path.lastIndexOf('/')), request.getHeaders(), request.getBody()));
        }
    }

    private KubernetesServer() {
    }

    /** Argument: the file that gets the server's URL once it is up. */
    public static void main(String[] arguments) throws Exception {
        KubernetesMockServer server = new KubernetesMockServer(new Context(), new MockWebServer(), new HashMap<>(),
            new ApplyingDispatcher(), false);
        server.init(InetAddress.getByName("127.0.0.1"), 0);
        Path file = Path.of(arguments[0]);
        Path written = Files.writeString(file.resolveSibling(file.getFileName() + ".part"),
            "http://127.0.0.1:" + server.getPort());
        Files.move(written, file, StandardCopyOption.ATOMIC_MOVE);
        Thread.currentThread().join();
    }
}
