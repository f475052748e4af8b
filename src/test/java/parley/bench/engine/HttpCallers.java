package parley.bench.engine;

import java.io.BufferedInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.net.Socket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.LongConsumer;
import parley.bench.report.RunFailedException;

/**
 * Calls the server by HTTP/1.1: each caller has a connection of its own that stays open, and one
 * call in flight. Written by hand, because the JDK's client takes more of a core than the server.
 */
public final class HttpCallers implements AutoCloseable {
  /** What is called. */
  public enum Kind {
    /** The newest 50 entries of a conversation. */
    PAGE,
    /** The list of conversations. */
    INBOX,
    /** A message to somebody who is not connected. */
    SEND
  }

  private final URI server;
  private final List<Thread> threads = new ArrayList<>();
  private final LongConsumer answered;
  private volatile boolean closed;
  private volatile String failure = "";

  /**
   * Starts the callers.
   *
   * @param answered told the nanoseconds of each call, from several threads
   */
  public HttpCallers(
      MeasuredServer server,
      Kind kind,
      List<BenchDevice> devices,
      List<BenchConversation> conversations,
      int bytes,
      LongConsumer answered) {
    this.server = server.uris().getFirst();
    this.answered = answered;
    for (int i = 0; i < devices.size(); i++) {
      BenchDevice device = devices.get(i);
      BenchConversation conversation = conversations.get(i);
      threads.add(
          Thread.ofPlatform()
              .daemon()
              .start(() -> call(kind, device.token(), conversation.id, "x".repeat(bytes))));
    }
  }

  /** Why a caller ended; empty while all call. */
  public String failure() {
    return failure;
  }

  private void call(Kind kind, String token, String conversation, String content) {
    try (Socket socket = new Socket(server.getHost(), server.getPort())) {
      socket.setTcpNoDelay(true);
      socket.setSoTimeout(10_000);
      InputStream in = new BufferedInputStream(socket.getInputStream(), 1 << 16);
      for (int number = 0; !closed; number++) {
        byte[] request = request(kind, token, conversation, content, number);
        long since = System.nanoTime();
        socket.getOutputStream().write(request);
        readAnswer(in);
        answered.accept(System.nanoTime() - since);
      }
    } catch (IOException | RunFailedException e) {
      if (!closed) {
        failure = e.toString();
      }
    }
  }

  private byte[] request(Kind kind, String token, String conversation, String content, int number) {
    String target =
        switch (kind) {
          case PAGE -> "GET /v1/conversations/" + conversation + "/messages?limit=50";
          case INBOX -> "GET /v1/conversations?limit=50";
          case SEND -> "POST /v1/messages";
        };
    String body =
        kind == Kind.SEND
            ? "{\"conversation_id\":\"%s\",\"client_msg_id\":\"%s-%d\",\"type\":\"text\",\"content\":\"%s\"}"
                .formatted(conversation, Thread.currentThread().threadId(), number, content)
            : "";
    String head =
        target
            + " HTTP/1.1\r\nHost: "
            + server.getAuthority()
            + "\r\nAuthorization: Bearer "
            + token
            + (body.isEmpty()
                ? ""
                : "\r\nContent-Type: application/json\r\nContent-Length: " + body.length())
            + "\r\n\r\n";
    return (head + body).getBytes(StandardCharsets.US_ASCII);
  }

  private static void readAnswer(InputStream in) throws IOException {
    String status = line(in);
    if (!status.startsWith("HTTP/1.1 20")) {
      throw new RunFailedException("answered " + status);
    }
    int length = -1;
    for (String line = line(in); !line.isEmpty(); line = line(in)) {
      String lower = line.toLowerCase(Locale.ROOT);
      if (lower.startsWith("content-length:")) {
        length = Integer.parseInt(lower.substring(lower.indexOf(':') + 1).strip());
      }
    }
    if (length < 0) {
      throw new RunFailedException("an answer without a length");
    }
    in.skipNBytes(length);
  }

  private static String line(InputStream in) throws IOException {
    StringBuilder line = new StringBuilder();
    for (int next = in.read(); next != '\n'; next = in.read()) {
      if (next < 0) {
        throw new EOFException();
      }
      if (next != '\r') {
        line.append((char) next);
      }
    }
    return line.toString();
  }

  @Override
  public void close() {
    closed = true;
    for (Thread thread : threads) {
      try {
        thread.join(10_000);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
    }
  }
}
