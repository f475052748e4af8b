package parley.bench.scenario;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.function.BooleanSupplier;
import java.util.function.IntSupplier;
import org.HdrHistogram.Histogram;
import parley.bench.engine.BenchConversation;
import parley.bench.engine.BenchDevice;
import parley.bench.engine.BenchRun;
import parley.bench.engine.EventLoop;
import parley.bench.engine.JsonScanner;
import parley.bench.engine.JsonScanner.Field;
import parley.bench.engine.SendSchedule;
import parley.bench.engine.VirtualUsers;
import parley.bench.report.BenchResult;
import parley.bench.report.CpuTime;

/**
 * Each reader requests pages of 50 entries, one request at a time. They are the newest entries,
 * which the server has in memory ({@code tier=memory}), or random older ones, which it reads from
 * the store ({@code tier=hot}). The notes of the result count the tiers of the answers.
 *
 * <p>A connection may send 20 requests a second, so each reader sends at most {@value
 * #REQUESTS_PER_SECOND}. Enough readers make the server the bottleneck instead of that limit. The
 * notes have the highest rate that all readers together could request. A result close to that rate
 * says nothing about the server; increase {@code conversations}.
 */
public final class History implements Scenario {
  private static final int PAGE_SIZE = 50;

  /** Requests a second of one reader, just below the server's limit for a connection. */
  private static final int REQUESTS_PER_SECOND = 18;

  private static final long INTERVAL_NANOS = 1_000_000_000L / REQUESTS_PER_SECOND;

  /**
   * The newest entries that are not requested with {@code tier=hot}. A conversation keeps 512 in
   * memory.
   */
  private static final int NEWEST_SKIPPED = 600;

  @Override
  public BenchResult run(BenchRun benchRun) {
    VirtualUsers users = benchRun.users;
    int conversationCount = benchRun.options.number("conversations", 200);
    boolean hot = benchRun.options.text("tier", "memory").equals("hot");
    int entries = benchRun.options.number("entries", hot ? 1_000 : 100);
    long seed = benchRun.options.number("seed", 1);
    List<BenchDevice> readers = users.create(2 * conversationCount);
    users.connectAll(readers, BenchRun.CONCURRENT_CONNECTS);
    List<BenchDevice> senders = BenchRun.firstHalf(readers);
    List<BenchConversation> conversations =
        users.startConversations(senders, BenchRun.secondHalf(readers));
    ConversationFiller.fill(users, senders, conversations, entries, 16, 1);
    Random random = new Random(seed);
    Histogram times = SendSchedule.histogram();
    Map<String, Integer> tiers = new TreeMap<>();
    long[] count = {0};
    boolean[] reading = {true};
    List<Reader> all = new ArrayList<>();
    for (int i = 0; i < readers.size(); i++) {
      BenchConversation conversation = conversations.get(i % conversationCount);
      all.add(
          new Reader(
              users.eventLoop,
              () -> reading[0],
              readers.get(i),
              () -> hot ? PAGE_SIZE + 1 + random.nextInt(entries - NEWEST_SKIPPED - PAGE_SIZE) : 0,
              conversation,
              (nanos, page) -> {
                if (page.entries() != PAGE_SIZE) {
                  users.fail("a page has " + page.entries() + " entries instead of " + PAGE_SIZE);
                }
                if (benchRun.measuring()) {
                  times.recordValue(nanos);
                  tiers.merge(page.text(Field.TIER), 1, Integer::sum);
                  count[0]++;
                }
                return reading[0];
              }));
    }
    for (int i = 0; i < all.size(); i++) {
      // Spread the first requests over one interval.
      users.eventLoop.runAt(
          System.nanoTime() + INTERVAL_NANOS * i / all.size(), all.get(i)::request);
    }
    CpuTime used = benchRun.measure();
    reading[0] = false;
    BenchResult benchResult =
        new BenchResult()
            .with("pages/s", count[0] / used.seconds())
            .latencies("page", times)
            .cpu(used, "page", count[0])
            .note("tiers " + tiers)
            .note("readers request at most " + REQUESTS_PER_SECOND * readers.size() + " pages/s");
    return benchRun.verified(benchResult);
  }

  /** Requests a page, and the next one after its answer. */
  private static final class Reader {
    /** Handles a page. Returns whether to continue. */
    interface PageHandler {
      boolean handle(long nanos, JsonScanner page);
    }

    private final EventLoop eventLoop;
    private final BooleanSupplier reading;
    private final BenchDevice device;
    private final IntSupplier before;
    private final BenchConversation conversation;
    private final PageHandler handler;
    private long requestedAt;

    Reader(
        EventLoop eventLoop,
        BooleanSupplier reading,
        BenchDevice device,
        IntSupplier before,
        BenchConversation conversation,
        PageHandler handler) {
      this.eventLoop = eventLoop;
      this.reading = reading;
      this.device = device;
      this.before = before;
      this.conversation = conversation;
      this.handler = handler;
    }

    void request() {
      if (!reading.getAsBoolean()) {
        return;
      }
      requestedAt = System.nanoTime();
      device.history(
          conversation,
          before.getAsInt(),
          PAGE_SIZE,
          (from, page) -> {
            if (handler.handle(System.nanoTime() - requestedAt, page)) {
              eventLoop.runAt(requestedAt + INTERVAL_NANOS, this::request);
            }
          });
    }
  }
}
