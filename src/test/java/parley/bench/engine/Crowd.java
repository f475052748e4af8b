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

/** All devices of a run, their conversations, and the account of what was sent and received. */
public final class Crowd implements AutoCloseable {
  /** How long what is on its way may take before it is lost. */
  public static final Duration PATIENCE = Duration.ofSeconds(60);

  private static final Duration PING_EVERY = Duration.ofSeconds(30);
  private static final Duration PING_TICK = Duration.ofMillis(50);

  /** Connections from one address: fewer than there are ports, with room for those that linger. */
  private static final int PER_ADDRESS = 8_000;

  private static final Pattern CONVERSATION =
      Pattern.compile("\"conversation_id\"\\s*:\\s*\"([^\"]+)\"");

  /** Who is told what happens to messages. */
  public interface Ear {
    /** One more device has it. */
    default void delivered(MessageInFlight messageInFlight, BenchDevice to, long now) {}

    /** A message came that is not on its way any more as far as its sender knows. */
    default void replayed(BenchDevice to, long now) {}

    /** Its sender knows that it is stored. */
    default void stored(
        MessageInFlight messageInFlight, BenchConversation benchConversation, long now) {}

    /** Both. */
    default void done(MessageInFlight messageInFlight, long now) {}
  }

  public final EventLoop eventLoop;
  final JsonScanner jsonScanner = new JsonScanner();
  final FrameText frameText = new FrameText();

  /** Bytes of a message's content. */
  final int bytes;

  /** How long acknowledgements are gathered; zero: until all that has arrived is read. */
  final Duration ackAfter;

  /** After how long a user has read what came; null if nobody reads. */
  final @Nullable Duration readAfter;

  long delivered;
  long receipts;
  long acks;

  private final URI server;
  private final List<InetSocketAddress> addresses = new ArrayList<>();
  private final TokenIssuer tokenIssuer;
  private final HttpClient http = HttpClient.newHttpClient();
  private final List<BenchDevice> devices = new ArrayList<>();
  private final Map<String, BenchConversation> convs = new HashMap<>();
  private final Map<String, Long> errors = new TreeMap<>();
  private final long startMillis = System.currentTimeMillis();
  private final long startNanos = System.nanoTime();
  private final String prefix = "b" + Long.toString(startMillis, 36) + "-";
  private Ear ear = new Ear() {};
  private @Nullable String failure;
  private long onItsWay;
  private int pinged;

  /** Nobody yet, and nobody reads; as the other constructor. */
  public Crowd(List<URI> nodes, TokenIssuer tokenIssuer, int bytes, Duration ackAfter)
      throws IOException {
    this(nodes, tokenIssuer, bytes, ackAfter, null);
  }

  /**
   * Nobody yet.
   *
   * @param nodes where the program listens; each device has one of them for good, by lot
   * @param bytes of a message's content
   * @param ackAfter how long acknowledgements are gathered
   * @param readAfter after how long a user has read what came; null if nobody reads
   */
  public Crowd(
      List<URI> nodes,
      TokenIssuer tokenIssuer,
      int bytes,
      Duration ackAfter,
      @Nullable Duration readAfter)
      throws IOException {
    this.server = nodes.getFirst();
    for (URI node : nodes) {
      addresses.add(new InetSocketAddress(InetAddress.getByName(node.getHost()), node.getPort()));
    }
    this.tokenIssuer = tokenIssuer;
    this.bytes = bytes;
    this.ackAfter = ackAfter;
    this.readAfter = readAfter;
    this.eventLoop = new EventLoop();
    eventLoop.after(PING_TICK, this::ping);
  }

  /** So many new users, not connected yet. */
  public List<BenchDevice> users(int count) {
    List<BenchDevice> more = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      BenchDevice benchDevice = new BenchDevice(this, devices.size(), prefix + devices.size());
      benchDevice.token(tokenIssuer.of(benchDevice.userId));
      devices.add(benchDevice);
      more.add(benchDevice);
    }
    return more;
  }

  /** Gives each a token the server has never seen. */
  public void newTokens(List<BenchDevice> of) {
    of.forEach(benchDevice -> benchDevice.token(tokenIssuer.of(benchDevice.userId)));
  }

  /** Connects them, at most {@code atOnce} at a time, until all are synced. */
  public void open(List<BenchDevice> all, int atOnce) {
    open(all, atOnce, new Histogram(3));
  }

  /**
   * The same; times from the connection to {@code synced} go into the histogram, in nanoseconds.
   */
  public void open(List<BenchDevice> all, int atOnce, Histogram times) {
    int[] next = {0};
    int[] done = {0};
    Runnable[] one = new Runnable[1];
    one[0] =
        () -> {
          if (next[0] < all.size()) {
            BenchDevice benchDevice = all.get(next[0]++);
            connect(
                benchDevice,
                () -> {
                  times.recordValue(System.nanoTime() - benchDevice.connectingSince());
                  done[0]++;
                  one[0].run();
                });
          }
        };
    for (int i = 0; i < Math.min(atOnce, all.size()); i++) {
      one[0].run();
    }
    Duration patience = PATIENCE.plusMillis(20L * all.size());
    if (!until(() -> done[0] == all.size(), patience)) {
      throw new RunFailedException(done[0] + " of " + all.size() + " connections were made");
    }
  }

  /** Connects one. */
  public void connect(BenchDevice benchDevice, Runnable then) {
    // A second address only where the first may run out of ports.
    int source = benchDevice.index / PER_ADDRESS;
    // The same lot in every run.
    int node = new SplittableRandom(benchDevice.index).nextInt(addresses.size());
    benchDevice.connect(
        addresses.get(node),
        source == 0 ? null : new InetSocketAddress("127.0.1." + source, 0),
        then);
  }

  /** A group of these, all connected; returns when each has been told. */
  public BenchConversation group(List<BenchDevice> members) {
    StringBuilder body = new StringBuilder("{\"name\":\"bench\",\"member_ids\":[");
    for (int i = 1; i < members.size(); i++) {
      body.append(i > 1 ? "," : "").append('"').append(members.get(i).userId).append('"');
    }
    body.append("]}");
    BenchConversation benchConversation = conv(post(members.get(0), "/v1/groups", body.toString()));
    if (!until(() -> benchConversation.members.size() == members.size(), PATIENCE)) {
      throw new RunFailedException(
          benchConversation.members.size() + " members were told of their group");
    }
    return benchConversation;
  }

  private String post(BenchDevice by, String path, String body) {
    HttpRequest request =
        HttpRequest.newBuilder(server.resolve(path))
            .header("Authorization", "Bearer " + by.token())
            .header("Content-Type", "application/json")
            .POST(HttpRequest.BodyPublishers.ofString(body))
            .build();
    try {
      HttpResponse<String> answer = http.send(request, HttpResponse.BodyHandlers.ofString());
      Matcher found = CONVERSATION.matcher(answer.body());
      if (answer.statusCode() >= 300 || !found.find()) {
        throw new RunFailedException(path + ": " + answer.statusCode() + " " + answer.body());
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
   * The first message of each to its peer, so that their conversations are there.
   *
   * @return the conversations, in the order of the senders, each of whom is there once
   */
  public List<BenchConversation> acquaint(List<BenchDevice> senders, List<BenchDevice> peers) {
    Map<BenchDevice, BenchConversation> made = new HashMap<>();
    ear =
        new Ear() {
          @Override
          public void stored(
              MessageInFlight messageInFlight, BenchConversation benchConversation, long now) {
            made.put(messageInFlight.from, benchConversation);
          }
        };
    for (int i = 0; i < senders.size(); i++) {
      senders.get(i).sendTo(peers.get(i), System.nanoTime());
    }
    settle();
    return senders.stream().map(sender -> Objects.requireNonNull(made.get(sender))).toList();
  }

  /** Works until that is so; fails with the first failure of any device. */
  public boolean until(BooleanSupplier done, Duration patience) {
    boolean so = eventLoop.until(() -> failure != null || done.getAsBoolean(), patience);
    if (failure != null) {
      throw new RunFailedException(failure);
    }
    return so;
  }

  /** Works for that long; fails with the first failure of any device. */
  public void pass(Duration time) {
    until(() -> false, time);
  }

  /** Waits for what is on its way, and for the devices to have said what they have. */
  public void settle() {
    if (!until(() -> onItsWay == 0, PATIENCE)) {
      throw new RunFailedException(onItsWay + " messages did not arrive: " + account());
    }
  }

  /** What was stored and what arrived, over the whole run. */
  public Account account() {
    long stored = 0;
    long lost = 0;
    long twice = 0;
    long doubled = 0;
    for (BenchConversation benchConversation : convs.values()) {
      stored += benchConversation.stored();
      doubled += benchConversation.doubled();
      for (BenchDevice member : benchConversation.members) {
        ReceivedSeqs receivedSeqs = member.track(benchConversation);
        lost += Math.max(0, benchConversation.newest() - receivedSeqs.upTo());
        twice += receivedSeqs.duplicates();
      }
    }
    return new Account(stored, delivered, lost, doubled, twice, onItsWay);
  }

  /**
   * The account of a run.
   *
   * @param stored messages acknowledged to their senders
   * @param delivered deliveries to others
   * @param lost entries that a member does not have though somebody was told they are stored
   * @param doubled messages that stand in a log twice
   * @param repeated entries that came to a device more than once
   * @param open messages whose sender or receivers still wait
   */
  public record Account(
      long stored, long delivered, long lost, long doubled, long repeated, long open) {
    public boolean clean() {
      return lost == 0 && doubled == 0 && open == 0;
    }
  }

  /** From now on {@code to} hears what happens. */
  public void ear(Ear to) {
    ear = to;
  }

  public Ear ear() {
    return ear;
  }

  BenchDevice device(int index) {
    return devices.get(index);
  }

  public BenchConversation conv(String name) {
    return convs.computeIfAbsent(name, BenchConversation::new);
  }

  void onItsWay(int more) {
    onItsWay += more;
  }

  long onItsWay() {
    return onItsWay;
  }

  /** Refusals by their codes. */
  Map<String, Long> errors() {
    return errors;
  }

  void error(String code) {
    errors.merge(code, 1L, Long::sum);
  }

  public void fail(String why) {
    if (failure == null) {
      failure = why;
    }
  }

  /** Unix milliseconds that never go back. */
  long millis() {
    return startMillis + (System.nanoTime() - startNanos) / 1_000_000;
  }

  // Each device in turn, so that each is heard of every half minute.
  private void ping() {
    long perTick = Math.max(1, devices.size() * PING_TICK.toMillis() / PING_EVERY.toMillis() + 1);
    for (long i = 0; i < perTick && i < devices.size(); i++) {
      pinged = (pinged + 1) % devices.size();
      devices.get(pinged).ping();
    }
    eventLoop.after(PING_TICK, this::ping);
  }

  @Override
  public void close() throws IOException {
    eventLoop.close();
    http.close();
  }
}
