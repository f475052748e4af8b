package parley.client;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyPairGenerator;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * A mock of Google's servers as a sender of notifications uses them, over plain HTTP on a free port
 * of the loopback address: the token server, and {@code messages:send} of the FCM HTTP v1 API with
 * its error format. Thread-safe.
 */
public final class MockFcm implements AutoCloseable {
  public static final String PROJECT = "parley-test";

  /**
   * A call of {@code messages:send} with the current access token, whatever its outcome.
   *
   * @param body all of it
   */
  public record Received(String token, JsonNode body, boolean accepted) {}

  /**
   * The answer to a call.
   *
   * @param status 0: nothing, until the server is closed; -1: nothing, but it is accepted
   */
  public record Answer(int status, Map<String, String> headers, String body) {
    /** The same with one more header. */
    public Answer with(String name, String value) {
      return new Answer(status, Map.of(name, value), body);
    }
  }

  public static final Answer ACCEPT =
      new Answer(200, Map.of(), "{\"name\":\"projects/p/messages/1\"}");
  public static final Answer SILENCE = new Answer(0, Map.of(), "");

  /** The notification reaches the device, and there is no answer. */
  public static final Answer TAKEN = new Answer(-1, Map.of(), "");

  private final Path folder;
  private final List<Received> received = new CopyOnWriteArrayList<>();
  private final AtomicInteger logins = new AtomicInteger();
  private volatile Function<String, Answer> answers = token -> ACCEPT;
  private volatile @Nullable Answer login;
  private volatile int good;
  private volatile CountDownLatch silence = new CountDownLatch(1);
  private @Nullable HttpServer server;
  private @Nullable ExecutorService threads;
  private int port;

  /**
   * Starts it.
   *
   * @param folder gets the key of a service account
   */
  public MockFcm(Path folder) throws Exception {
    this.folder = folder;
    start();
    KeyPairGenerator generator = KeyPairGenerator.getInstance("RSA");
    generator.initialize(2048);
    String key =
        Base64.getMimeEncoder(64, new byte[] {'\n'})
            .encodeToString(generator.generateKeyPair().getPrivate().getEncoded());
    Files.writeString(
        credentialsFile(),
        JsonTrees.obj(
                "type", "service_account",
                "project_id", PROJECT,
                "private_key_id", "1",
                "private_key",
                    "-----BEGIN PRIVATE KEY-----\n" + key + "\n-----END PRIVATE KEY-----\n",
                "client_email", "parley@parley-test.iam.gserviceaccount.com",
                "client_id", "1",
                "token_uri", url() + "/token")
            .toString());
  }

  /** The file of the service account's key, in Google's format. */
  public Path credentialsFile() {
    return folder.resolve("fcm-account.json");
  }

  public String url() {
    return "http://127.0.0.1:" + port;
  }

  /** The environment variables with which a server pushes to this mock. */
  public Map<String, String> environment() {
    return Map.of(
        "PARLEY_FCM_CREDENTIALS_FILE", credentialsFile().toString(), "PARLEY_FCM_ENDPOINT", url());
  }

  /**
   * An error as FCM writes it.
   *
   * @param canonical {@code error.status}, such as {@code NOT_FOUND}
   * @param fcmCode the error code of FCM itself, null for none
   */
  public static Answer error(int status, String canonical, @Nullable String fcmCode) {
    ObjectNode error =
        JsonTrees.obj("code", status, "message", "says the provider", "status", canonical);
    if (fcmCode != null) {
      error
          .putArray("details")
          .add(
              JsonTrees.obj(
                  "@type",
                  "type.googleapis.com/google.firebase.fcm.v1.FcmError",
                  "errorCode",
                  fcmCode));
    }
    ObjectNode body = JsonTrees.obj();
    body.set("error", error);
    return new Answer(status, Map.of(), body.toString());
  }

  /** 400 for a field of the message. */
  public static Answer badField(String field) {
    String body =
        """
        {"error": {"code": 400, "message": "Invalid value", "status": "INVALID_ARGUMENT", "details": [
          {"@type": "type.googleapis.com/google.rpc.BadRequest",
           "fieldViolations": [{"field": "%s", "description": "Invalid value"}]},
          {"@type": "type.googleapis.com/google.firebase.fcm.v1.FcmError",
           "errorCode": "INVALID_ARGUMENT"}]}}
        """
            .formatted(field);
    return new Answer(400, Map.of(), body);
  }

  /** Sets the answers from now on, by device token; accepted if there is none. */
  public void answer(Function<String, Answer> byToken) {
    answers = byToken;
  }

  /** Sets the token server's answer from now on; null for an access token. */
  public void answerLogins(@Nullable Answer answer) {
    login = answer;
  }

  /** The received calls, in the order of arrival. */
  public List<Received> received() {
    return List.copyOf(received);
  }

  /** The number of requests for an access token. */
  public int logins() {
    return logins.get();
  }

  /** Invalidates all access tokens issued so far. */
  public void forgetLogins() {
    good = -1;
  }

  /** Stops listening, and ends its connections. */
  public synchronized void stop() {
    if (server != null && threads != null) {
      silence.countDown();
      server.stop(0);
      threads.shutdownNow();
      server = null;
      threads = null;
    }
  }

  /** Listens again on the same port. */
  public synchronized void start() throws IOException {
    silence = new CountDownLatch(1);
    HttpServer started =
        HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), port), 256);
    threads = Executors.newCachedThreadPool();
    started.setExecutor(threads);
    started.createContext("/token", exchange -> answer(exchange, login()));
    started.createContext("/v1/projects/" + PROJECT + "/messages:send", this::send);
    started.start();
    server = started;
    port = started.getAddress().getPort();
  }

  private Answer login() {
    int number = logins.incrementAndGet();
    good = number;
    Answer set = login;
    return set != null
        ? set
        : new Answer(
            200,
            Map.of("content-type", "application/json"),
            JsonTrees.obj(
                    "access_token", "access-" + number, "expires_in", 3600, "token_type", "Bearer")
                .toString());
  }

  private void send(HttpExchange exchange) throws IOException {
    String bearer = String.valueOf(exchange.getRequestHeaders().getFirst("authorization"));
    if (!bearer.equals("Bearer access-" + good)) {
      answer(exchange, error(401, "UNAUTHENTICATED", null));
      return;
    }
    JsonNode body = JsonTrees.parse(body(exchange));
    String token = body.path("message").path("token").asText();
    Answer answer = answers.apply(token);
    received.add(new Received(token, body, answer.status() == 200 || answer.status() < 0));
    answer(exchange, answer);
  }

  private static String body(HttpExchange exchange) throws IOException {
    byte[] bytes = exchange.getRequestBody().readAllBytes();
    String encoding = exchange.getRequestHeaders().getFirst("content-encoding");
    if ("gzip".equals(encoding)) {
      try (var in = new java.util.zip.GZIPInputStream(new java.io.ByteArrayInputStream(bytes))) {
        bytes = in.readAllBytes();
      }
    }
    return new String(bytes, StandardCharsets.UTF_8);
  }

  private void answer(HttpExchange exchange, Answer answer) throws IOException {
    if (answer.status() <= 0) {
      try {
        silence.await();
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
      exchange.close();
      return;
    }
    exchange.getRequestBody().readAllBytes();
    answer.headers().forEach(exchange.getResponseHeaders()::set);
    byte[] bytes = answer.body().getBytes(StandardCharsets.UTF_8);
    exchange.sendResponseHeaders(answer.status(), bytes.length == 0 ? -1 : bytes.length);
    exchange.getResponseBody().write(bytes);
    exchange.close();
  }

  @Override
  public void close() {
    stop();
  }
}
