package parley.bench.engine;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.function.BooleanSupplier;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.HdrHistogram.Histogram;
import org.jspecify.annotations.Nullable;
import parley.bench.report.RunFailedException;

/** All devices of a run with their conversations, and the totals of sent and received messages. */
public final class VirtualUsers implements AutoCloseable {
  /**
   * How long messages, pages and connections may take. A message that takes longer counts as lost.
   */
  public static final Duration ARRIVAL_TIMEOUT = Duration.ofSeconds(60);

  private static final Duration PING_INTERVAL = Duration.ofSeconds(30);
  private static final Duration PING_TICK = Duration.ofMillis(50);

  /**
   * Connections from one local address. The bound is below the number of ports and leaves room for
   * those in TIME_WAIT.
   */
  private static final int CONNECTIONS_PER_SOURCE_ADDRESS = 8_000;

  private static final Pattern CONVERSATION =
      Pattern.compile("\"conversation_id\"\\s*:\\s*\"([^\"]+)\"");

  /**
   * Is notified of the progress of messages. {@code now} is the time of the event, from {@link
   * System#nanoTime}.
   */
  public interface MessageListener {
    /** Called when a message has reached one more receiver. */
    default void delivered(MessageInFlight message, BenchDevice to, long now) {}

    /**
     * Called for a message that is no longer in flight, for example one that waited for the device.
     */
    default void replayed(BenchDevice to, long now) {}

    /** Called when a message is stored and its sender has {@code sent}. */
    default void stored(MessageInFlight message, BenchConversation conversation, long now) {}

    /** Called when a message is stored and has reached all receivers. */
    default void completed(MessageInFlight message, long now) {}
  }

  public final EventLoop eventLoop;
  final JsonScanner jsonScanner = new JsonScanner();
  final FrameText frameText = new FrameText();

  /** Bytes of a message's content. */
  final int contentBytes;

  /**
   * For how long a device gathers acknowledgements. Zero: it acknowledges after each read of its
   * socket.
   */
  final Duration ackAfter;

  /** After how long a user reads what has arrived; null if users never read. */
  final @Nullable Duration readAfter;

  long delivered;
  long receipts;
  long acks;

  private final URI server;
  private final List<InetSocketAddress> addresses = new ArrayList<>();
  private final TokenIssuer tokenIssuer;
  private final HttpClient http = HttpClient.newHttpClient();
  private final List<BenchDevice> devices = new ArrayList<>();
  private final Map<String, BenchConversation> conversations = new HashMap<>();
  private final Map<String, Long> refusals = new TreeMap<>();
  private final long startMillis = System.currentTimeMillis();
  private final long startNanos = System.nanoTime();
  private final String prefix = "b" + Long.toString(startMillis, 36) + "-";
  private MessageListener listener = new MessageListener() {};
  private @Nullable String failure;
  private long inFlight;
  private int lastPinged;

  /**
   * Creates an instance without users, who will never read. The other constructor documents the
   * parameters.
   */
  public VirtualUsers(List<URI> nodes, TokenIssuer tokenIssuer, int contentBytes, Duration ackAfter)
      throws IOException {
    this(nodes, tokenIssuer, contentBytes, ackAfter, null);
  }

  /**
   * Creates an instance without users.
   *
   * @param nodes the addresses of the server's nodes. Each device always uses the same randomly
   *     chosen node
   * @param contentBytes bytes of a message's content
   * @param ackAfter for how long a device gathers acknowledgements
   * @param readAfter after how long a user reads what has arrived; null if users never read
   */
  public VirtualUsers(
      List<URI> nodes,
      TokenIssuer tokenIssuer,
      int contentBytes,
      Duration ackAfter,
      @Nullable Duration readAfter)
      throws IOException {
    this.server = nodes.getFirst();
    for (URI node : nodes) {
      addresses.add(new InetSocketAddress(InetAddress.getByName(node.getHost()), node.getPort()));
    }
    this.tokenIssuer = tokenIssuer;
    this.contentBytes = contentBytes;
    this.ackAfter = ackAfter;
    this.readAfter = readAfter;
    this.eventLoop = new EventLoop();
    eventLoop.runAfter(PING_TICK, this::ping);
  }

  /** Creates users without connecting them. */
  public List<BenchDevice> create(int count) {
    List<BenchDevice> more = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      BenchDevice device = new BenchDevice(this, devices.size(), prefix + devices.size());
      device.token(tokenIssuer.newToken(device.userId));
      devices.add(device);
      more.add(device);
    }
    return more;
  }

  /** Gives each device a token that the server has not seen. */
  public void renewTokens(List<BenchDevice> of) {
    of.forEach(device -> device.token(tokenIssuer.newToken(device.userId)));
  }

  /**
   * Connects all devices, at most {@code concurrency} at a time, and waits until all are synced.
   */
  public void connectAll(List<BenchDevice> disconnected, int concurrency) {
    connectAll(disconnected, concurrency, new Histogram(3));
  }

  /**
   * Connects all devices and records the time from the start of each connection to {@code synced},
   * in nanoseconds.
   */
  public void connectAll(List<BenchDevice> disconnected, int concurrency, Histogram times) {
    int[] next = {0};
    int[] done = {0};
    Runnable[] connectNext = new Runnable[1];
    connectNext[0] =
        () -> {
          if (next[0] < disconnected.size()) {
            BenchDevice device = disconnected.get(next[0]++);
            connect(
                device,
                () -> {
                  times.recordValue(System.nanoTime() - device.connectStartedAt());
                  done[0]++;
                  connectNext[0].run();
                });
          }
        };
    for (int i = 0; i < Math.min(concurrency, disconnected.size()); i++) {
      connectNext[0].run();
    }
    Duration timeout = ARRIVAL_TIMEOUT.plusMillis(20L * disconnected.size());
    if (!runUntil(() -> done[0] == disconnected.size(), timeout)) {
      throw new RunFailedException(
          done[0] + " of " + disconnected.size() + " connections were made");
    }
  }

  /** Connects one device. {@code then} runs after {@code synced}. */
  public void connect(BenchDevice device, Runnable then) {
    // Further local addresses are used only when the default one may run out of ports.
    int source = device.index / CONNECTIONS_PER_SOURCE_ADDRESS;
    // Seeded by the index, so that every run chooses the same node.
    int node = new SplittableRandom(device.index).nextInt(addresses.size());
    device.connect(
        addresses.get(node),
        source == 0 ? null : new InetSocketAddress("127.0.1." + source, 0),
        then);
  }

  /** Creates a group of connected devices and waits until each knows the group. */
  public BenchConversation createGroup(List<BenchDevice> members) {
    StringBuilder body = new StringBuilder("{\"name\":\"bench\",\"member_ids\":[");
    for (int i = 1; i < members.size(); i++) {
      body.append(i > 1 ? "," : "").append('"').append(members.get(i).userId).append('"');
    }
    body.append("]}");
    BenchConversation conversation =
        conversation(post(members.get(0), "/v1/groups", body.toString()));
    if (!runUntil(() -> conversation.members.size() == members.size(), ARRIVAL_TIMEOUT)) {
      throw new RunFailedException(conversation.members.size() + " members know their group");
    }
    return conversation;
  }

  private String post(BenchDevice by, String path, String body) {
    HttpRequest request =
        HttpRequest.newBuilder(server.resolve(path))
            .header("Authorization", "Bearer " + by.token())
            .header("Content-Type", "application/json")
            .POST(HttpRequest.BodyPublishers.ofString(body))
            .build();
    try {
      HttpResponse<String> response = http.send(request, HttpResponse.BodyHandlers.ofString());
      Matcher found = CONVERSATION.matcher(response.body());
      if (response.statusCode() >= 300 || !found.find()) {
        throw new RunFailedException(path + ": " + response.statusCode() + " " + response.body());
      }
      return found.group(1);
    } catch (IOException e) {
      throw new RunFailedException(path + ": " + e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new RunFailedException("interrupted");
    }
  }

  /**
   * Lets each sender write a first message to its peer, which creates their conversation.
   *
   * @return the conversations in the order of the senders. A sender may occur only once
   */
  public List<BenchConversation> startConversations(
      List<BenchDevice> senders, List<BenchDevice> peers) {
    Map<BenchDevice, BenchConversation> made = new HashMap<>();
    listener =
        new MessageListener() {
          @Override
          public void stored(MessageInFlight message, BenchConversation conversation, long now) {
            made.put(message.from, conversation);
          }
        };
    for (int i = 0; i < senders.size(); i++) {
      senders.get(i).sendToUser(peers.get(i), System.nanoTime());
    }
    awaitInFlight();
    return senders.stream().map(sender -> Objects.requireNonNull(made.get(sender))).toList();
  }

  /**
   * Runs the event loop until the condition holds or the time is over. Throws if any device has
   * failed.
   *
   * @return whether the condition holds
   */
  public boolean runUntil(BooleanSupplier done, Duration timeout) {
    boolean holds = eventLoop.runUntil(() -> failure != null || done.getAsBoolean(), timeout);
    if (failure != null) {
      throw new RunFailedException(failure);
    }
    return holds;
  }

  /** Runs the event loop for a time. Throws if any device has failed. */
  public void runFor(Duration time) {
    runUntil(() -> false, time);
  }

  /** Waits until no message is in flight. */
  public void awaitInFlight() {
    if (!runUntil(() -> inFlight == 0, ARRIVAL_TIMEOUT)) {
      throw new RunFailedException(inFlight + " messages are still in flight: " + deliveryTotals());
    }
  }

  /** The totals of the whole run. */
  public DeliveryTotals deliveryTotals() {
    long stored = 0;
    long lost = 0;
    long redelivered = 0;
    long storedTwice = 0;
    for (BenchConversation conversation : conversations.values()) {
      stored += conversation.storedCount();
      storedTwice += conversation.storedTwice();
      for (BenchDevice member : conversation.members) {
        ReceivedSeqs receivedSeqs = member.receivedSeqs(conversation);
        lost += Math.max(0, conversation.highestSeq() - receivedSeqs.upTo());
        redelivered += receivedSeqs.duplicates();
      }
    }
    return new DeliveryTotals(stored, delivered, lost, storedTwice, redelivered, inFlight);
  }

  /**
   * The totals of a run.
   *
   * @param stored messages acknowledged to their senders
   * @param delivered messages delivered to receivers
   * @param lost stored entries that a member does not have
   * @param storedTwice messages that a log contains twice
   * @param redelivered entries that reached a device more than once
   * @param inFlight messages that still wait for {@code sent} or for a receiver
   */
  public record DeliveryTotals(
      long stored, long delivered, long lost, long storedTwice, long redelivered, long inFlight) {
    /** Whether each message is stored once and has reached all receivers. */
    public boolean isConsistent() {
      return lost == 0 && storedTwice == 0 && inFlight == 0;
    }
  }

  /** Replaces the listener. */
  public void listener(MessageListener replacement) {
    listener = replacement;
  }

  public MessageListener listener() {
    return listener;
  }

  BenchDevice device(int index) {
    return devices.get(index);
  }

  public BenchConversation conversation(String id) {
    return conversations.computeIfAbsent(id, BenchConversation::new);
  }

  void addInFlight(int more) {
    inFlight += more;
  }

  /** Error frames by code. */
  Map<String, Long> refusals() {
    return refusals;
  }

  void countRefusal(String code) {
    refusals.merge(code, 1L, Long::sum);
  }

  public void fail(String why) {
    if (failure == null) {
      failure = why;
    }
  }

  /** Unix milliseconds from a monotonic clock. */
  long unixMillis() {
    return startMillis + (System.nanoTime() - startNanos) / 1_000_000;
  }

  // Pings the devices in turn, each about every 30 s.
  private void ping() {
    long perTick =
        Math.max(1, devices.size() * PING_TICK.toMillis() / PING_INTERVAL.toMillis() + 1);
    for (long i = 0; i < perTick && i < devices.size(); i++) {
      lastPinged = (lastPinged + 1) % devices.size();
      devices.get(lastPinged).ping();
    }
    eventLoop.runAfter(PING_TICK, this::ping);
  }

  @Override
  public void close() throws IOException {
    eventLoop.close();
    http.close();
  }
}
