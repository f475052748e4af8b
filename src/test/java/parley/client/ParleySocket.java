package parley.client;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.WebSocket;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * One connection of one device. Frames are kept in the order of arrival. A test waits for a frame
 * that satisfies a predicate, with a generous timeout that only a broken server reaches.
 * Acknowledgements are gathered while a frame is being sent, so a fast stream costs few of them.
 */
public final class ParleySocket implements AutoCloseable {
  public static final Duration PATIENCE = Duration.ofSeconds(30);

  private final SocketOptions options;
  private final AnswerCheck answerCheck;
  private final AtomicInteger ids = new AtomicInteger();
  private final Map<Integer, CompletableFuture<JsonNode>> asked = new ConcurrentHashMap<>();
  private final Object lock = new Object();
  private final FrameLog log = new FrameLog();
  private final ArrayDeque<String> outgoing = new ArrayDeque<>();
  private final Map<String, Long> dueAcks = new LinkedHashMap<>();
  private @Nullable WebSocket socket;
  private boolean sending;
  private boolean paused;
  private boolean withheld;
  private volatile boolean autoAck;
  private volatile String userId = "";

  private ParleySocket(SocketOptions options, AnswerCheck answerCheck) {
    this.options = options;
    this.answerCheck = answerCheck;
    this.autoAck = options.autoAck();
  }

  static ParleySocket open(
      HttpClient http, URI base, SocketOptions options, AnswerCheck answerCheck) {
    ParleySocket parley = new ParleySocket(options, answerCheck);
    URI uri =
        URI.create(base.toString().replaceFirst("^http", "ws").replaceAll("/$", "") + "/v1/ws");
    WebSocket.Builder builder = http.newWebSocketBuilder().connectTimeout(Duration.ofSeconds(10));
    if (options.subprotocol() != null) {
      builder.subprotocols(options.subprotocol());
    }
    WebSocket ws = ParleyClient.join(builder.buildAsync(uri, parley.new Ears()));
    synchronized (parley.lock) {
      parley.socket = ws;
    }
    ws.request(1);
    return parley;
  }

  // --- out

  /** Sends the first frame, and returns its answer: a {@code welcome} or an {@code error}. */
  public JsonNode hello(String token, String deviceId) {
    return hello(token, deviceId, null);
  }

  public JsonNode hello(String token, String deviceId, @Nullable Boolean fresh) {
    return request(
        JsonTrees.obj(
            "op",
            "hello",
            "token",
            token,
            "device_id",
            deviceId,
            "client",
            "parley-test/1",
            "fresh",
            fresh));
  }

  /** Sends an object as a frame, without waiting for an answer. */
  public void send(JsonNode frame) {
    sendText(frame.toString());
  }

  /** Sends any text as a frame. */
  public void sendText(String text) {
    synchronized (lock) {
      outgoing.add(text);
    }
    pump();
  }

  /**
   * Sends a frame under an id of its own; completes with the answer, or fails when the connection
   * ends.
   */
  public CompletableFuture<JsonNode> ask(ObjectNode frame) {
    int id = ids.incrementAndGet();
    CompletableFuture<JsonNode> answer = new CompletableFuture<>();
    asked.put(id, answer);
    ObjectNode numbered = frame.deepCopy();
    numbered.put("id", id);
    send(numbered);
    String over = closedBecause();
    if (over != null) {
      answer.completeExceptionally(new IOException("closed: " + over));
    }
    return answer;
  }

  /** As {@link #ask}, and waits. */
  public JsonNode request(ObjectNode frame) {
    return ParleyClient.join(ask(frame));
  }

  /** Sends a text message under a new id and waits for {@code sent}. */
  public JsonNode text(String conversationId, String content) {
    JsonNode answer =
        request(
            JsonTrees.obj(
                "op",
                "send",
                "conversation_id",
                conversationId,
                "client_msg_id",
                ClientIds.next(),
                "type",
                "text",
                "content",
                content));
    if (!answer.path("op").asText().equals("sent")) {
      throw new AssertionError("not sent: " + answer);
    }
    return answer;
  }

  public void ack(String conversationId, long seq) {
    send(JsonTrees.obj("op", "ack", "conversation_id", conversationId, "seq", seq));
    options.tap().acked(conversationId, seq);
  }

  public void read(String conversationId, long seq) {
    send(JsonTrees.obj("op", "read", "conversation_id", conversationId, "seq", seq));
  }

  /** Waits for a pong: the session has handled every frame sent before. */
  public JsonNode ping() {
    return request(JsonTrees.obj("op", "ping"));
  }

  private void pump() {
    String next;
    String ackOf = null;
    long ackSeq = 0;
    WebSocket ws;
    synchronized (lock) {
      ws = socket;
      if (sending || ws == null || log.closed() != null) {
        return;
      }
      next = outgoing.poll();
      if (next == null) {
        if (dueAcks.isEmpty()) {
          return;
        }
        Map.Entry<String, Long> due = dueAcks.entrySet().iterator().next();
        ackOf = due.getKey();
        ackSeq = due.getValue();
        dueAcks.remove(ackOf);
        next = JsonTrees.obj("op", "ack", "conversation_id", ackOf, "seq", ackSeq).toString();
      }
      sending = true;
    }
    if (ackOf != null) {
      options.tap().acked(ackOf, ackSeq);
    }
    var unused =
        ws.sendText(next, true)
            .whenComplete(
                (done, failure) -> {
                  synchronized (lock) {
                    sending = false;
                  }
                  if (failure == null) {
                    pump();
                  } else {
                    end("send failed: " + failure);
                  }
                });
  }

  // --- in

  public ReceivedCursors cursors() {
    return options.cursors();
  }

  public void autoAck(boolean on) {
    autoAck = on;
  }

  /** Stops reading from the network, as a slow reader does. */
  public void pauseReading() {
    synchronized (lock) {
      paused = true;
    }
  }

  public void resumeReading() {
    WebSocket ws;
    synchronized (lock) {
      paused = false;
      ws = withheld ? socket : null;
      withheld = false;
    }
    if (ws != null) {
      ws.request(1);
    }
  }

  /** A place in the stream of frames, for {@link #awaitAfter}. */
  public int mark() {
    return log.size();
  }

  public List<JsonNode> frames() {
    return log.all();
  }

  public List<JsonNode> frames(Predicate<JsonNode> which) {
    return frames().stream().filter(which).toList();
  }

  /** Returns the first frame that satisfies the predicate, and waits for it. */
  public JsonNode await(Predicate<JsonNode> wanted) {
    return awaitAfter(0, wanted);
  }

  /** Returns the first such frame after the mark. */
  public JsonNode awaitAfter(int mark, Predicate<JsonNode> wanted) {
    return awaitAfter(mark, wanted, PATIENCE);
  }

  public JsonNode awaitAfter(int mark, Predicate<JsonNode> wanted, Duration patience) {
    return log.await(mark, wanted, patience);
  }

  /** Waits for the end of the connection, and returns the reason. */
  public String awaitClosed() {
    return log.awaitClosed(PATIENCE.multipliedBy(3));
  }

  /** Null while the connection lives. */
  public @Nullable String closedBecause() {
    return log.closed();
  }

  private void take(JsonNode frame) {
    answerCheck.frame(frame);
    if (frame.path("op").asText().equals("welcome")) {
      userId = frame.path("user_id").asText();
    }
    options.tap().received(frame);
    var ackable = options.cursors().take(frame, userId);
    if (autoAck && ackable.isPresent()) {
      synchronized (lock) {
        dueAcks.put(frame.path("conversation_id").asText(), ackable.getAsLong());
      }
    }
    if (options.keep()) {
      log.add(frame);
    }
    if (frame.has("id")) {
      CompletableFuture<JsonNode> answer = asked.remove(frame.path("id").asInt());
      if (answer != null) {
        answer.complete(frame);
      }
    }
    pump();
  }

  private void end(String reason) {
    if (!log.close(reason)) {
      return;
    }
    options.tap().closed(reason);
    asked.values().forEach(a -> a.completeExceptionally(new IOException("closed: " + reason)));
  }

  /** Cuts the connection, as a phone that lost its network does. */
  @Override
  public void close() {
    WebSocket ws;
    synchronized (lock) {
      ws = socket;
    }
    end("by client");
    if (ws != null) {
      ws.abort();
    }
  }

  private final class Ears implements WebSocket.Listener {
    private final StringBuilder text = new StringBuilder();

    @Override
    public void onOpen(WebSocket ws) {
      synchronized (lock) {
        socket = ws;
      }
    }

    @Override
    public @Nullable CompletionStage<?> onText(WebSocket ws, CharSequence data, boolean last) {
      text.append(data);
      if (last) {
        JsonNode frame = JsonTrees.parse(text.toString());
        text.setLength(0);
        take(frame);
      }
      synchronized (lock) {
        if (paused) {
          withheld = true;
          return null;
        }
      }
      ws.request(1);
      return null;
    }

    @Override
    public @Nullable CompletionStage<?> onClose(WebSocket ws, int status, String reason) {
      end("status " + status + " " + reason);
      return null;
    }

    @Override
    public void onError(WebSocket ws, Throwable error) {
      end("error " + error);
    }
  }
}
