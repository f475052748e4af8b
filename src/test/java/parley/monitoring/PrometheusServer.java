package parley.monitoring;

import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.net.ConnectException;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import parley.client.Ports;

/** A Prometheus of its own, as a process on a loopback address, with an empty store. */
public final class PrometheusServer implements AutoCloseable {
  private static final ObjectMapper JSON = new ObjectMapper();

  private final HttpClient http = HttpClient.newHttpClient();
  private final Process process;
  private final URI address;
  private final Path log;

  private PrometheusServer(Process process, URI address, Path log) {
    this.process = process;
    this.address = address;
    this.log = log;
  }

  /**
   * Starts it and returns when it answers.
   *
   * @param folder an empty folder for its store and its log
   * @param configuration the text of {@code prometheus.yml}
   */
  public static PrometheusServer start(Path folder, String configuration) throws IOException {
    Path file = Files.writeString(folder.resolve("prometheus.yml"), configuration);
    Path log = folder.resolve("prometheus.log");
    int port = Ports.free();
    Process process =
        new ProcessBuilder(
                PrometheusPrograms.path("prometheus"),
                "--config.file=" + file,
                "--storage.tsdb.path=" + folder.resolve("store"),
                "--web.listen-address=127.0.0.1:" + port,
                "--log.level=warn")
            .redirectErrorStream(true)
            .redirectOutput(log.toFile())
            .start();
    PrometheusServer server =
        new PrometheusServer(process, URI.create("http://127.0.0.1:" + port), log);
    try {
      await().atMost(Duration.ofSeconds(30)).until(server::isReady);
    } catch (RuntimeException | Error e) {
      server.close();
      throw new AssertionError(Files.readString(log), e);
    }
    return server;
  }

  private boolean isReady() throws IOException, InterruptedException {
    if (!process.isAlive()) {
      throw new AssertionError(Files.readString(log));
    }
    try {
      return get("/-/ready").statusCode() == 200;
    } catch (ConnectException e) {
      return false;
    }
  }

  /** The results of a query now; fails if Prometheus answers with an error. */
  public JsonNode query(String expression) throws IOException, InterruptedException {
    return data("/api/v1/query?query=" + URLEncoder.encode(expression, StandardCharsets.UTF_8))
        .path("result");
  }

  /** The groups of rules, with the health of each rule. */
  public JsonNode groups() throws IOException, InterruptedException {
    return data("/api/v1/rules").path("groups");
  }

  private JsonNode data(String path) throws IOException, InterruptedException {
    HttpResponse<String> answer = get(path);
    JsonNode json = JSON.readTree(answer.body());
    if (answer.statusCode() != 200 || !json.path("status").asText().equals("success")) {
      throw new AssertionError(path + ": " + answer.body());
    }
    return json.path("data");
  }

  private HttpResponse<String> get(String path) throws IOException, InterruptedException {
    return http.send(
        HttpRequest.newBuilder(URI.create(address + path)).timeout(Duration.ofSeconds(20)).build(),
        HttpResponse.BodyHandlers.ofString());
  }

  @Override
  public void close() {
    process.destroy();
    try {
      if (!process.waitFor(20, TimeUnit.SECONDS)) {
        process.destroyForcibly();
      }
    } catch (InterruptedException e) {
      process.destroyForcibly();
      Thread.currentThread().interrupt();
    }
  }
}
