package parley.http;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.BiConsumer;
import org.apache.pekko.NotUsed;
import org.apache.pekko.actor.testkit.typed.javadsl.ActorTestKit;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.javadsl.Behaviors;
import org.apache.pekko.stream.javadsl.Flow;
import org.apache.pekko.util.ByteString;
import org.jspecify.annotations.Nullable;
import parley.auth.LoginThrottle;
import parley.auth.RegistrationLimit;
import parley.bounds.LoadGate;
import parley.conversation.Conversation;
import parley.model.ConversationId;
import parley.model.ErrorCode;
import parley.model.UserId;
import parley.session.OverRate;
import parley.telemetry.Telemetry;
import parley.user.User;
import parley.websocket.FrameDecoder;
import parley.websocket.FrameEncoder;

/** A client port on 127.0.0.1. The test plays the entities. */
final class HttpHarness implements AutoCloseable {
  static final ObjectMapper JSON = new ObjectMapper();

  final FakeIdentity identity = new FakeIdentity();
  final AtomicLong nanos = new AtomicLong();
  final List<ErrorCode> problems = new CopyOnWriteArrayList<>();

  /** All messages to entities, as "ID command". */
  final List<Object> told = new CopyOnWriteArrayList<>();

  volatile long messageWait;
  volatile int groupsPerDay;
  final List<String> limited = new CopyOnWriteArrayList<>();
  final List<UserId> givenBack = new CopyOnWriteArrayList<>();

  /** What the node leaves out. */
  final Set<LoadGate.Shed> shed = ConcurrentHashMap.newKeySet();

  private final WriteBudget budget =
      new WriteBudget() {
        @Override
        public @Nullable OverRate tryTake(UserId user) {
          return messageWait == 0 ? null : new OverRate(WriteBudget.MESSAGES, messageWait);
        }

        @Override
        public void giveBack(UserId user) {
          givenBack.add(user);
        }

        @Override
        public int groupsPerDay() {
          return groupsPerDay;
        }

        @Override
        public void countRefusal(String limit) {
          limited.add(limit);
        }
      };
  volatile BiConsumer<UserId, User.Command> users = (id, command) -> {};
  volatile BiConsumer<ConversationId, Conversation.Command> conversations = (id, command) -> {};

  private final ActorTestKit kit;
  private final HttpServer server;
  private final HttpClient client =
      HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
  private final Map<UserId, ActorRef<User.Command>> userActors = new ConcurrentHashMap<>();
  private final Map<ConversationId, ActorRef<Conversation.Command>> conversationActors =
      new ConcurrentHashMap<>();

  final Telemetry telemetry = new Telemetry();

  HttpHarness() {
    this(HttpSettings.standard(0, TrustedProxies.NONE));
  }

  HttpHarness(HttpSettings settings) {
    this(settings, 0);
  }

  HttpHarness(HttpSettings settings, int registrationsPerDay) {
    Config config =
        ConfigFactory.parseString(
                """
                pekko.loglevel = WARNING
                pekko.coordinated-shutdown.exit-jvm = off
                pekko.actor.provider = local
                """)
            .withFallback(ConfigFactory.parseResources("parley-http-routes.conf"))
            .withFallback(ConfigFactory.parseResources("parley-http.conf"))
            .withFallback(ConfigFactory.defaultReference())
            .resolve();
    kit = ActorTestKit.create("http-test", config);
    HttpServices httpServices =
        new HttpServices(
            identity,
            new LoginThrottle(() -> 0),
            new RegistrationLimit(registrationsPerDay, InstantSource.fixed(Instant.EPOCH)),
            budget,
            this::user,
            this::conversation,
            () -> "NEW",
            HttpHarness::echo,
            nanos::get,
            problems::add,
            new HttpMeters(telemetry),
            what -> shed.contains(what));
    server =
        HttpServer.start(kit.system(), "127.0.0.1", 0, settings, httpServices)
            .toCompletableFuture()
            .join();
  }

  private static Flow<ByteString, ByteString, NotUsed> echo() {
    return Flow.of(ByteString.class)
        .statefulMapConcat(
            () -> {
              FrameDecoder decoder = new FrameDecoder(1_000);
              return bytes -> {
                decoder.feed(bytes.toArrayUnsafe());
                List<ByteString> answers = new ArrayList<>();
                for (var event = decoder.next(); event != null; event = decoder.next()) {
                  if (event instanceof FrameDecoder.Text text) {
                    answers.add(ByteString.fromArray(FrameEncoder.text(text.text())));
                  }
                }
                return answers;
              };
            });
  }

  private ActorRef<User.Command> user(UserId id) {
    return userActors.computeIfAbsent(
        id,
        k ->
            kit.spawn(
                Behaviors.receiveMessage(
                    (User.Command command) -> {
                      told.add(command);
                      users.accept(k, command);
                      return Behaviors.same();
                    })));
  }

  private ActorRef<Conversation.Command> conversation(ConversationId id) {
    return conversationActors.computeIfAbsent(
        id,
        k ->
            kit.spawn(
                Behaviors.receiveMessage(
                    (Conversation.Command command) -> {
                      told.add(command);
                      conversations.accept(k, command);
                      return Behaviors.same();
                    })));
  }

  int port() {
    return server.port();
  }

  HttpServer server() {
    return server;
  }

  URI uri(String pathAndQuery) {
    return URI.create("http://127.0.0.1:" + port() + pathAndQuery);
  }

  /** A call by alice. */
  HttpResponse<String> alice(String method, String path, @Nullable String body) {
    return call(method, path, body, "Authorization", "Bearer token-alice");
  }

  /** A call with pairs of header names and values; the body is JSON unless they say otherwise. */
  HttpResponse<String> call(String method, String path, @Nullable String body, String... headers) {
    return callBytes(
        method, path, body == null ? null : body.getBytes(StandardCharsets.UTF_8), headers);
  }

  HttpResponse<String> callBytes(
      String method, String path, byte @Nullable [] body, String... headers) {
    HttpRequest.Builder request =
        HttpRequest.newBuilder(uri(path))
            .timeout(Duration.ofSeconds(60))
            .method(
                method,
                body == null
                    ? HttpRequest.BodyPublishers.noBody()
                    : HttpRequest.BodyPublishers.ofByteArray(body));
    if (headers.length > 0) {
      request.headers(headers);
    }
    if (body != null && !List.of(headers).contains("Content-Type")) {
      request.header("Content-Type", "application/json");
    }
    try {
      return client.send(request.build(), HttpResponse.BodyHandlers.ofString());
    } catch (IOException e) {
      throw new UncheckedIOException(method + " " + path, e);
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  HttpClient client() {
    return client;
  }

  /**
   * Sends bytes as they are, except that {@code |} becomes a line end. Reads until the server
   * closes the connection, at most half a minute.
   */
  String raw(String request) {
    return sent(request, answer -> new String(answer.readAllBytes(), StandardCharsets.UTF_8));
  }

  /** As {@link #raw}, but reads only the head of an answer that leaves the connection open. */
  String head(String request) {
    return sent(
        request,
        answer -> {
          StringBuilder head = new StringBuilder();
          while (head.indexOf("\r\n\r\n") < 0) {
            int next = answer.read();
            if (next < 0) {
              throw new AssertionError("it ended: " + head);
            }
            head.append((char) next);
          }
          return head.toString();
        });
  }

  private interface Reader {
    String read(InputStream answer) throws IOException;
  }

  private String sent(String request, Reader reader) {
    try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port())) {
      socket.setSoTimeout(30_000);
      socket
          .getOutputStream()
          .write(request.replace("|", "\r\n").getBytes(StandardCharsets.ISO_8859_1));
      socket.getOutputStream().flush();
      return reader.read(socket.getInputStream());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  static JsonNode json(HttpResponse<String> response) {
    return json(response.body());
  }

  static JsonNode json(String text) {
    try {
      return JSON.readTree(text);
    } catch (IOException e) {
      throw new AssertionError("not JSON: " + text, e);
    }
  }

  /** Checks the required parts of a problem, and returns its body. */
  static JsonNode problem(HttpResponse<String> response, int status, String code) {
    assertThat(response.statusCode()).as(response.body()).isEqualTo(status);
    assertThat(response.headers().firstValue("Content-Type"))
        .hasValueSatisfying(type -> assertThat(type).startsWith("application/problem+json"));
    assertThat(response.headers().firstValue("Cache-Control")).hasValue("no-store");
    assertThat(response.headers().firstValue("X-Content-Type-Options")).hasValue("nosniff");
    JsonNode problem = json(response);
    assertThat(problem.path("status").asInt()).isEqualTo(status);
    assertThat(problem.path("code").asText()).isEqualTo(code);
    assertThat(problem.path("type").asText()).isNotEmpty();
    assertThat(problem.path("title").asText()).isNotEmpty();
    assertThat(problem.path("detail").asText()).isNotEmpty();
    if (status == 401) {
      assertThat(response.headers().firstValue("WWW-Authenticate")).hasValue("Bearer");
    }
    if (status == 429 || status == 503) {
      assertThat(response.headers().firstValueAsLong("Retry-After").orElse(0)).isPositive();
    }
    return problem;
  }

  @Override
  public void close() {
    client.close();
    server.terminate(Duration.ofSeconds(1)).toCompletableFuture().join();
    kit.shutdownTestKit();
  }
}
