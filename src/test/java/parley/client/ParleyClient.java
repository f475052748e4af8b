package parley.client;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;

/**
 * A client of one server: the HTTP calls of the protocol, and its sockets. It never retries: a
 * failure of the network is an {@link UncheckedIOException}.
 */
public final class ParleyClient implements AutoCloseable {
  public static final String PASSWORD = "correct horse battery";
  private static final Duration CALL_TIMEOUT = Duration.ofSeconds(30);

  private final URI base;
  private final AnswerCheck answerCheck;
  private final HttpClient http =
      HttpClient.newBuilder()
          .version(HttpClient.Version.HTTP_1_1)
          .connectTimeout(Duration.ofSeconds(10))
          .build();

  public ParleyClient(URI base) {
    this(base, AnswerCheck.NONE);
  }

  /** A client that also applies this check to everything that the server sends. */
  public ParleyClient(URI base, AnswerCheck answerCheck) {
    this.base = base;
    this.answerCheck = answerCheck;
  }

  public URI base() {
    return base;
  }

  // --- HTTP

  public Answer get(String path, @Nullable String token) {
    return call("GET", path, token, null);
  }

  public Answer post(String path, @Nullable String token, @Nullable Object json) {
    return call("POST", path, token, json);
  }

  /** One call; {@code json} is anything Jackson can write, or null for no body. */
  public Answer call(String method, String path, @Nullable String token, @Nullable Object json) {
    return join(callAsync(method, path, token, json));
  }

  public CompletableFuture<Answer> callAsync(
      String method, String path, @Nullable String token, @Nullable Object json) {
    byte[] body =
        json == null
            ? null
            : JsonTrees.MAPPER.valueToTree(json).toString().getBytes(StandardCharsets.UTF_8);
    return callBytes(method, path, token, body, "application/json");
  }

  /** One call with a body that need not be JSON. */
  public CompletableFuture<Answer> callBytes(
      String method,
      String path,
      @Nullable String token,
      byte @Nullable [] body,
      String contentType) {
    HttpRequest.Builder request = HttpRequest.newBuilder(base.resolve(path)).timeout(CALL_TIMEOUT);
    if (token != null) {
      request.header("Authorization", "Bearer " + token);
    }
    if (body == null) {
      request.method(method, BodyPublishers.noBody());
    } else {
      request.header("Content-Type", contentType).method(method, BodyPublishers.ofByteArray(body));
    }
    return send(request.build());
  }

  /** Any request; its URI may come from {@link #base}. */
  public CompletableFuture<Answer> send(HttpRequest request) {
    return http.sendAsync(request, BodyHandlers.ofString())
        .thenApply(
            response -> {
              Answer answer = answer(response);
              answerCheck.answer(request.method(), request.uri().getRawPath(), answer);
              return answer;
            });
  }

  private static Answer answer(HttpResponse<String> response) {
    String text = response.body();
    return new Answer(
        response.statusCode(), response.headers(), JsonTrees.parseOrMissing(text), text);
  }

  static <T> T join(CompletableFuture<T> future) {
    try {
      return future.get(CALL_TIMEOUT.toSeconds() + 10, TimeUnit.SECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new CompletionException(e);
    } catch (TimeoutException e) {
      throw new UncheckedIOException(new IOException("no answer", e));
    } catch (ExecutionException e) {
      if (e.getCause() instanceof IOException io) {
        throw new UncheckedIOException(io);
      }
      throw new CompletionException(e.getCause());
    }
  }

  // --- accounts

  public TestAccount register(String username) {
    return account(
        username, post("/v1/auth/register", null, credentials(username, PASSWORD)).expect(201));
  }

  public TestAccount login(String username, String password) {
    return account(
        username, post("/v1/auth/login", null, credentials(username, password)).expect(200));
  }

  public TestAccount refresh(TestAccount testAccount) {
    return account(testAccount.username(), askToRefresh(testAccount).expect(200));
  }

  /**
   * Gets new tokens as an app does: with the refresh token, or with the password if that has ended.
   */
  public TestAccount renew(TestAccount testAccount) {
    Answer answer = askToRefresh(testAccount);
    return answer.status() == 401
        ? login(testAccount.username(), testAccount.password())
        : account(testAccount.username(), answer.expect(200));
  }

  private Answer askToRefresh(TestAccount testAccount) {
    return post(
        "/v1/auth/refresh", null, JsonTrees.obj("refresh_token", testAccount.refreshToken()));
  }

  private static JsonNode credentials(String username, String password) {
    return JsonTrees.obj("username", username, "password", password);
  }

  private static TestAccount account(String username, Answer answer) {
    JsonNode body = answer.body();
    return new TestAccount(
        body.path("user_id").asText(),
        username,
        PASSWORD,
        body.path("access_token").asText(),
        body.path("refresh_token").asText(),
        body.path("expires_in").asInt());
  }

  // --- conversations, the calls that tests make all the time

  /** The id of the direct conversation of the account with the user. */
  public String direct(TestAccount testAccount, String userId) {
    return post(
            "/v1/conversations",
            testAccount.accessToken(),
            JsonTrees.obj("type", "direct", "user_id", userId))
        .expect(200)
        .body()
        .path("conversation_id")
        .asText();
  }

  public String group(TestAccount creator, String name, List<TestAccount> others) {
    List<String> ids = others.stream().map(TestAccount::userId).toList();
    return post("/v1/groups", creator.accessToken(), JsonTrees.obj("name", name, "member_ids", ids))
        .expect(201)
        .body()
        .path("conversation_id")
        .asText();
  }

  /** The whole visible log of a conversation, ascending, read page by page from its start. */
  public List<JsonNode> log(TestAccount testAccount, String conversationId) {
    List<JsonNode> entries = new ArrayList<>();
    long after = 0;
    while (true) {
      JsonNode page =
          get(
                  "/v1/conversations/" + conversationId + "/messages?limit=100&after=" + after,
                  testAccount.accessToken())
              .expect(200)
              .body();
      page.path("entries").forEach(entries::add);
      if (!page.path("has_more").asBoolean() || page.path("entries").isEmpty()) {
        return entries;
      }
      after = entries.getLast().path("seq").asLong();
    }
  }

  /** All rows of the inbox, in its order, read page by page. */
  public List<JsonNode> inbox(TestAccount testAccount) {
    List<JsonNode> rows = new ArrayList<>();
    String cursor = "";
    while (true) {
      JsonNode page =
          get("/v1/conversations?limit=50" + cursor, testAccount.accessToken()).expect(200).body();
      page.path("conversations").forEach(rows::add);
      if (page.path("next_cursor").asText("").isEmpty()) {
        return rows;
      }
      cursor =
          "&cursor="
              + java.net.URLEncoder.encode(
                  page.path("next_cursor").asText(), StandardCharsets.UTF_8);
    }
  }

  // --- sockets

  /** Opens a socket without a hello. */
  public ParleySocket open(SocketOptions options) {
    return ParleySocket.open(http, base, options, answerCheck);
  }

  /** Opens a socket and says hello; it keeps its frames and acknowledges by itself. */
  public ParleySocket connect(TestAccount testAccount, String deviceId) {
    return connect(testAccount, deviceId, SocketOptions.standard());
  }

  public ParleySocket connect(TestAccount testAccount, String deviceId, SocketOptions options) {
    ParleySocket socket = open(options);
    try {
      JsonNode answer = socket.hello(testAccount.accessToken(), deviceId);
      if (!answer.path("op").asText().equals("welcome")) {
        throw new AssertionError("no welcome but " + answer);
      }
      return socket;
    } catch (RuntimeException | AssertionError e) {
      socket.close();
      throw e;
    }
  }

  /** As {@link #connect}, and waits until the backlog has arrived. */
  public ParleySocket connectSynced(TestAccount testAccount, String deviceId) {
    ParleySocket socket = connect(testAccount, deviceId);
    socket.await(Frames.op("synced"));
    return socket;
  }

  @Override
  public void close() {
    http.shutdownNow();
  }
}
