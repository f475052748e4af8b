package parley.app;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpsConfigurator;
import com.sun.net.httpserver.HttpsServer;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.KeyStore;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.function.Predicate;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import org.jspecify.annotations.Nullable;
import parley.client.Keytool;

/**
 * The part of a Kubernetes API server that nodes use: the list of pods, the replicas of their
 * StatefulSet, and one kind of lease, over TLS. It accepts only the current token, and permits only
 * what a Role permits.
 */
final class FakeKubernetes implements AutoCloseable {
  static final String NAMESPACE = "chat";

  /** One call that carried the right token: {@code list pods}, {@code update leases/NAME}. */
  record Call(String verb, String group, String resource, String name, int status) {}

  private static final ObjectMapper JSON = new ObjectMapper();
  private static final String PASSWORD = "not-a-secret";

  private final Path folder;
  private final Predicate<Call> allowed;
  private final HttpsServer server;
  private final ExecutorService threads = Executors.newFixedThreadPool(4);
  private final Map<String, JsonNode> pods = new TreeMap<>();
  private final Map<String, ObjectNode> leases = new TreeMap<>();
  private final List<Call> calls = new CopyOnWriteArrayList<>();

  /** The accepted tokens, the oldest first, with the calls that carried each. */
  private final Map<String, Integer> tokens = new LinkedHashMap<>();

  private int versions = 1;
  private int replicas = 1;

  /**
   * Starts on a free port of the loopback address.
   *
   * @param folder gets {@code ca.crt} and {@code token}, as a pod finds them
   * @param allowed what the pods' service account may do; the status is not looked at
   */
  FakeKubernetes(Path folder, Predicate<Call> allowed) throws Exception {
    this.folder = folder;
    this.allowed = allowed;
    this.server =
        HttpsServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 64);
    server.setHttpsConfigurator(new HttpsConfigurator(tls()));
    server.setExecutor(threads);
    server.createContext("/", this::handle);
    renewToken("first");
    server.start();
  }

  int port() {
    return server.getAddress().getPort();
  }

  Path caFile() {
    return folder.resolve("ca.crt");
  }

  Path tokenFile() {
    return folder.resolve("token");
  }

  /** Puts this token into the file, atomically; the previous token is still accepted. */
  synchronized void renewToken(String value) throws IOException {
    tokens.put(value, 0);
    Path whole = Files.writeString(folder.resolve("token.new"), value);
    Files.move(whole, tokenFile(), StandardCopyOption.ATOMIC_MOVE);
  }

  synchronized int callsOf(String value) {
    return tokens.getOrDefault(value, 0);
  }

  /** From now on only the token in the file is accepted. */
  synchronized void onlyTheLatestToken() throws IOException {
    tokens.keySet().retainAll(Set.of(Files.readString(tokenFile())));
  }

  /** A pod whose container {@code parley} runs and has a port {@code management}. */
  void run(String name, String app, String ip, int managementPort) {
    pod(name, app, ip, managementPort, "running", "Running", false);
  }

  synchronized void pod(
      String name,
      String app,
      String ip,
      int managementPort,
      String state,
      String phase,
      boolean terminating) {
    ObjectNode pod = JSON.createObjectNode();
    ObjectNode metadata = pod.putObject("metadata").put("name", name);
    metadata.putObject("labels").put("app.kubernetes.io/name", app).put("statefulset", "x");
    if (terminating) {
      metadata.put("deletionTimestamp", "2026-01-01T00:00:00Z");
    }
    ObjectNode container = pod.putObject("spec").putArray("containers").addObject();
    container.put("name", "parley").put("image", "parley");
    ArrayNode ports = container.putArray("ports");
    ports.addObject().put("name", "http").put("containerPort", 1).put("protocol", "TCP");
    ports.addObject().put("name", "management").put("containerPort", managementPort);
    ObjectNode status = pod.putObject("status").put("phase", phase).put("podIP", ip);
    ObjectNode one = status.putArray("containerStatuses").addObject().put("name", "parley");
    one.put("ready", false).putObject("state").putObject(state).put("startedAt", "2026-01-01");
    pods.put(name, pod);
  }

  /** Sets how many replicas every StatefulSet has. */
  synchronized void scale(int count) {
    replicas = count;
  }

  synchronized void gone(String name) {
    pods.remove(name);
  }

  /** The holder of the only lease; empty if nobody holds it. */
  synchronized String holder() {
    return leases.values().stream()
        .map(lease -> lease.at("/spec/holderIdentity").asText())
        .findFirst()
        .orElse("");
  }

  /** Gives every lease to another holder, now and for a long time. */
  synchronized void takeLeases(String holder) {
    for (ObjectNode lease : leases.values()) {
      ((ObjectNode) lease.path("spec")).put("holderIdentity", holder);
      ((ObjectNode) lease.path("spec")).put("acquireTime", "2999-01-01T00:00:00.000000Z");
      next(lease);
    }
  }

  List<Call> calls() {
    return List.copyOf(calls);
  }

  private void handle(HttpExchange exchange) throws IOException {
    try (exchange) {
      Answer answer;
      synchronized (this) {
        answer = answer(exchange);
      }
      byte[] body = answer.body().toString().getBytes(StandardCharsets.UTF_8);
      exchange.getResponseHeaders().set("Content-Type", "application/json");
      exchange.sendResponseHeaders(answer.status(), body.length);
      exchange.getResponseBody().write(body);
    }
  }

  private record Answer(int status, JsonNode body) {
    static Answer failure(int status, String why) {
      return new Answer(status, JSON.createObjectNode().put("kind", "Status").put("message", why));
    }
  }

  private Answer answer(HttpExchange exchange) throws IOException {
    String bearer = exchange.getRequestHeaders().getFirst("Authorization");
    String token = bearer == null ? "" : bearer.replaceFirst("^Bearer ", "");
    if (tokens.computeIfPresent(token, (key, count) -> count + 1) == null) {
      calls.add(new Call("unauthorized", "", "", "", 401));
      return Answer.failure(401, "Unauthorized");
    }
    String[] path = exchange.getRequestURI().getPath().split("/", -1);
    // /api/v1/namespaces/NS/RESOURCE[/NAME] or /apis/GROUP/v1/namespaces/NS/RESOURCE[/NAME]
    boolean core = path.length > 1 && path[1].equals("api");
    int at = core ? 3 : 4;
    if (path.length < at + 3 || !path[at + 1].equals(NAMESPACE)) {
      return Answer.failure(404, "no such path: " + exchange.getRequestURI());
    }
    String group = core ? "" : path[2];
    String resource = path[at + 2];
    String name = path.length > at + 3 ? path[at + 3] : "";
    String method = exchange.getRequestMethod();
    String verb =
        switch (method) {
          case "GET" -> name.isEmpty() ? "list" : "get";
          case "POST" -> "create";
          case "PUT" -> "update";
          default -> method;
        };
    Call call = new Call(verb, group, resource, name, 0);
    Answer answer =
        allowed.test(call)
            ? serve(call, exchange)
            : Answer.failure(403, "the role does not allow " + call);
    calls.add(new Call(verb, group, resource, name, answer.status()));
    return answer;
  }

  private Answer serve(Call call, HttpExchange exchange) throws IOException {
    return switch (call.resource()) {
      case "pods" -> new Answer(200, podList(exchange.getRequestURI().getRawQuery()));
      case "leases" -> lease(call, exchange.getRequestBody());
      case "statefulsets" -> new Answer(200, statefulSet());
      default -> Answer.failure(404, call.resource());
    };
  }

  private JsonNode statefulSet() {
    ObjectNode set = JSON.createObjectNode().put("kind", "StatefulSet");
    set.putObject("spec").put("replicas", replicas);
    return set;
  }

  private JsonNode podList(String rawQuery) {
    String query = URLDecoder.decode(rawQuery, StandardCharsets.UTF_8);
    String[] selector = query.substring("labelSelector=".length()).split("=", 2);
    ObjectNode list = JSON.createObjectNode().put("kind", "PodList");
    ArrayNode items = list.putArray("items");
    for (JsonNode pod : pods.values()) {
      if (pod.path("metadata").path("labels").path(selector[0]).asText().equals(selector[1])) {
        items.add(pod);
      }
    }
    return list;
  }

  private Answer lease(Call call, InputStream body) throws IOException {
    ObjectNode there = leases.get(call.name());
    return switch (call.verb()) {
      case "get" -> there == null ? Answer.failure(404, "no such lease") : new Answer(200, there);
      case "create" -> create((ObjectNode) JSON.readTree(body));
      case "update" -> update(call.name(), there, (ObjectNode) JSON.readTree(body));
      default -> Answer.failure(405, call.verb());
    };
  }

  private Answer create(ObjectNode made) {
    String name = made.path("metadata").path("name").asText();
    if (leases.containsKey(name)) {
      return Answer.failure(409, "already exists");
    }
    leases.put(name, next(made));
    return new Answer(201, made);
  }

  private Answer update(String name, @Nullable ObjectNode there, ObjectNode changed) {
    if (there == null) {
      return Answer.failure(404, "no such lease");
    }
    if (!version(there).equals(version(changed))) {
      return Answer.failure(409, "the object has been modified");
    }
    leases.put(name, next(changed));
    return new Answer(200, changed);
  }

  private ObjectNode next(ObjectNode object) {
    ((ObjectNode) object.path("metadata")).put("resourceVersion", String.valueOf(versions++));
    return object;
  }

  private static String version(JsonNode object) {
    return object.path("metadata").path("resourceVersion").asText();
  }

  private SSLContext tls() throws Exception {
    Path store = folder.resolve("server.p12");
    Keytool.run(
        "-genkeypair -alias api -keyalg EC -groupname secp256r1 -dname CN=kubernetes -validity 2"
            + " -ext SAN=ip:127.0.0.1 -storetype PKCS12 -keystore "
            + store,
        PASSWORD);
    Keytool.run("-exportcert -rfc -alias api -keystore " + store + " -file " + caFile(), PASSWORD);
    KeyStore keys = KeyStore.getInstance("PKCS12");
    try (InputStream in = Files.newInputStream(store)) {
      keys.load(in, PASSWORD.toCharArray());
    }
    KeyManagerFactory managers =
        KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
    managers.init(keys, PASSWORD.toCharArray());
    SSLContext context = SSLContext.getInstance("TLS");
    context.init(managers.getKeyManagers(), null, null);
    return context;
  }

  @Override
  public void close() {
    server.stop(0);
    threads.shutdownNow();
  }
}
