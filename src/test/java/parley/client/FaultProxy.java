package parley.client;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;

/**
 * A proxy in front of DynamoDB Local that spoils requests as a test's {@link Rule} says. It speaks
 * as much HTTP/1.1 as the SDK does: bodies with a length, connections that stay open. It records
 * the requested operations by table.
 */
public final class FaultProxy implements AutoCloseable {
  private final ServerSocket listener;
  private final URI target;
  private final HttpClient http =
      HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
  private final Set<Socket> open = ConcurrentHashMap.newKeySet();
  private volatile Rule rule = call -> new Pass();
  private final Set<String> operations = ConcurrentHashMap.newKeySet();

  /** Decides about each request; called on the request's own thread, it may wait. */
  @FunctionalInterface
  public interface Rule {
    Fault judge(Call call);
  }

  /**
   * A request.
   *
   * @param operation as in {@code PutItem}
   * @param body its JSON
   * @param authorization how it was signed
   */
  public record Call(String operation, String body, String authorization) {
    /** The tables that the request names. */
    public Set<String> tables() {
      Set<String> tables = new TreeSet<>();
      if (body.startsWith("{")) {
        JsonNode request = JsonTrees.parse(body);
        if (request.has("TableName")) {
          tables.add(request.path("TableName").asText());
        }
        request.path("RequestItems").fieldNames().forEachRemaining(tables::add);
        for (JsonNode row : request.path("TransactItems")) {
          row.forEach(what -> tables.add(what.path("TableName").asText()));
        }
      }
      return tables;
    }

    /** Whether it writes an event (and not a snapshot, a mark or a deletion). */
    public boolean writesEvent() {
      return Set.of("PutItem", "BatchWriteItem", "TransactWriteItems").contains(operation)
          && body.contains("writer_uuid\":{\"S\"");
    }
  }

  /** What happens to a request. */
  public sealed interface Fault permits Pass, Refuse, Cancel, Reset, LoseAnswer, Replace {}

  /** Nothing. */
  public record Pass() implements Fault {}

  /** An error of the service, which has done nothing. */
  public record Refuse(int status, String type) implements Fault {}

  /** A transaction is cancelled, for a reason in the place of each of its rows. */
  public record Cancel(List<String> reasons) implements Fault {}

  /** The connection is reset; nothing was done. */
  public record Reset() implements Fault {}

  /** The request is carried out, and the connection is reset instead of the answer. */
  public record LoseAnswer() implements Fault {}

  /** The request is not carried out, and this is the answer. */
  public record Replace(String body) implements Fault {}

  private FaultProxy(URI target, InetAddress at) throws IOException {
    this.target = target;
    listener = new ServerSocket(0, 512, at);
  }

  /** Starts a proxy in front of that endpoint, on the loopback address. */
  public static FaultProxy before(URI target) {
    return before(target, InetAddress.getLoopbackAddress().getHostAddress());
  }

  /**
   * Starts a proxy in front of that endpoint.
   *
   * @param address where it listens
   */
  public static FaultProxy before(URI target, String address) {
    try {
      FaultProxy proxy = new FaultProxy(target, InetAddress.getByName(address));
      Thread.ofPlatform().daemon().name("fault-proxy").start(proxy::accept);
      return proxy;
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
  }

  public URI endpoint() {
    return URI.create("http://127.0.0.1:" + port());
  }

  public int port() {
    return listener.getLocalPort();
  }

  /** Sets the rule from now on. */
  public void rule(Rule next) {
    rule = next;
  }

  /** Passes all requests from now on. */
  public void heal() {
    rule = call -> new Pass();
  }

  /** The operations requested so far, as in {@code PutItem prefix-journal}. */
  public Set<String> operations() {
    return Set.copyOf(operations);
  }

  private void accept() {
    while (!listener.isClosed()) {
      try {
        Socket socket = listener.accept();
        open.add(socket);
        Thread.ofVirtual().start(() -> serve(socket));
      } catch (IOException e) {
        return; // closed
      }
    }
  }

  private void serve(Socket socket) {
    try (socket) {
      InputStream in = new BufferedInputStream(socket.getInputStream());
      while (true) {
        Map<String, String> headers = headers(in);
        if (headers.isEmpty()) {
          return;
        }
        byte[] body = in.readNBytes(Integer.parseInt(headers.getOrDefault("content-length", "0")));
        String action = headers.getOrDefault("x-amz-target", ".");
        Call call =
            new Call(
                action.substring(action.indexOf('.') + 1),
                new String(body, StandardCharsets.UTF_8),
                headers.getOrDefault("authorization", ""));
        note(call);
        Fault fault = rule.judge(call);
        if (fault instanceof Reset) {
          reset(socket);
          return;
        }
        if (fault instanceof Refuse refuse) {
          answer(
              socket,
              refuse.status(),
              ("{\"__type\":\"com.amazonaws.dynamodb.v20120810#"
                      + refuse.type()
                      + "\",\"message\":\"injected\"}")
                  .getBytes(StandardCharsets.UTF_8));
        } else if (fault instanceof Cancel cancel) {
          answer(socket, 400, cancelled(cancel).getBytes(StandardCharsets.UTF_8));
        } else if (fault instanceof Replace replace) {
          answer(socket, 200, replace.body().getBytes(StandardCharsets.UTF_8));
        } else {
          HttpResponse<byte[]> response = forward(headers, body);
          if (fault instanceof LoseAnswer) {
            reset(socket);
            return;
          }
          answer(socket, response.statusCode(), response.body());
        }
      }
    } catch (IOException e) {
      // The other side has gone: it gave up, or the test has ended.
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } finally {
      open.remove(socket);
    }
  }

  private static String cancelled(Cancel cancel) {
    return JsonTrees.obj(
            "__type",
            "com.amazonaws.dynamodb.v20120810#TransactionCanceledException",
            "message",
            "Transaction cancelled, injected",
            "CancellationReasons",
            cancel.reasons().stream().map(code -> Map.of("Code", code)).toList())
        .toString();
  }

  private void note(Call call) {
    call.tables().forEach(table -> operations.add(call.operation() + " " + table));
  }

  private HttpResponse<byte[]> forward(Map<String, String> headers, byte[] body)
      throws IOException, InterruptedException {
    HttpRequest.Builder request =
        HttpRequest.newBuilder(target).POST(HttpRequest.BodyPublishers.ofByteArray(body));
    for (String name : Set.of("x-amz-target", "x-amz-date", "authorization", "content-type")) {
      if (headers.containsKey(name)) {
        request.header(name, headers.get(name));
      }
    }
    return http.send(request.build(), HttpResponse.BodyHandlers.ofByteArray());
  }

  private static void answer(Socket socket, int status, byte[] body) throws IOException {
    String head =
        "HTTP/1.1 %d X\r\nContent-Type: application/x-amz-json-1.0\r\nx-amzn-RequestId: p\r\nContent-Length: %d\r\n\r\n"
            .formatted(status, body.length);
    OutputStream out = socket.getOutputStream();
    ByteArrayOutputStream whole = new ByteArrayOutputStream();
    whole.write(head.getBytes(StandardCharsets.US_ASCII));
    whole.write(body);
    whole.writeTo(out);
    out.flush();
  }

  private static void reset(Socket socket) throws IOException {
    socket.setSoLinger(true, 0);
    socket.close();
  }

  /** Names in lower case; empty at the end of the connection. */
  private static Map<String, String> headers(InputStream in) throws IOException {
    Map<String, String> headers = new HashMap<>();
    StringBuilder line = new StringBuilder();
    for (int next = in.read(); next >= 0; next = in.read()) {
      if (next == '\n') {
        if (line.isEmpty()) {
          return headers;
        }
        int colon = line.indexOf(":");
        if (colon > 0 && !line.toString().startsWith("POST ")) {
          headers.put(
              line.substring(0, colon).toLowerCase(Locale.ROOT), line.substring(colon + 1).strip());
        }
        line.setLength(0);
      } else if (next != '\r') {
        line.append((char) next);
      }
    }
    return Map.of();
  }

  @Override
  public void close() {
    try {
      listener.close();
      for (Socket socket : open) {
        socket.close();
      }
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
    http.shutdownNow();
  }
}
