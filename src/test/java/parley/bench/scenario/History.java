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
import parley.bench.engine.Crowd;
import parley.bench.engine.EventLoop;
import parley.bench.engine.JsonScanner;
import parley.bench.engine.JsonScanner.Field;
import parley.bench.engine.SendSchedule;
import parley.bench.report.BenchResult;
import parley.bench.report.CpuTime;

/**
 * Pages of fifty entries, one question of each reader on its way: the newest ones, which the server
 * has in memory ({@code tier=memory}), or random older ones, which it must read ({@code tier=hot}).
 * What tier the pages really came from is noted.
 *
 * <p>A connection may ask twenty times a second, so no reader asks more often than {@value #RATE}
 * times: there are as many readers as it takes for the server, and not that budget, to be the
 * limit. What all of them could have asked is noted; a rate close to it says nothing about the
 * server, and wants more {@code conversations}.
 */
public final class History implements Scenario {
  private static final int PAGE = 50;

  /** Questions a second of one reader: a little under what a connection may. */
  private static final int RATE = 18;

  private static final long PAUSE_NANOS = 1_000_000_000L / RATE;

  /** Older than what a conversation keeps in memory: the newest 512. */
  private static final int KEPT = 600;

  @Override
  public BenchResult play(BenchRun benchRun) {
    Crowd crowd = benchRun.crowd;
    int conversations = benchRun.options.number("conversations", 200);
    boolean hot = benchRun.options.text("tier", "memory").equals("hot");
    int entries = benchRun.options.number("entries", hot ? 1_000 : 100);
    long seed = benchRun.options.number("seed", 1);
    List<BenchDevice> readers = crowd.users(2 * conversations);
    crowd.open(readers, BenchRun.AT_ONCE);
    List<BenchDevice> senders = BenchRun.half(readers, 0);
    List<BenchConversation> convs = crowd.acquaint(senders, BenchRun.half(readers, 1));
    ConversationFiller.fill(crowd, senders, convs, entries, 16, 1);
    Random random = new Random(seed);
    Histogram times = SendSchedule.histogram();
    Map<String, Integer> tiers = new TreeMap<>();
    long[] count = {0};
    boolean[] on = {true};
    List<Reader> all = new ArrayList<>();
    for (int i = 0; i < readers.size(); i++) {
      BenchConversation benchConversation = convs.get(i % conversations);
      all.add(
          new Reader(
              crowd.eventLoop,
              () -> on[0],
              readers.get(i),
              () -> hot ? PAGE + 1 + random.nextInt(entries - KEPT - PAGE) : 0,
              benchConversation,
              (nanos, page) -> {
                if (page.entries() != PAGE) {
                  crowd.fail("a page of " + page.entries());
                }
                if (benchRun.measuring()) {
                  times.recordValue(nanos);
                  tiers.merge(page.text(Field.TIER), 1, Integer::sum);
                  count[0]++;
                }
                return on[0];
              }));
    }
    for (int i = 0; i < all.size(); i++) {
      // Not all in one moment.
      crowd.eventLoop.at(System.nanoTime() + PAUSE_NANOS * i / all.size(), all.get(i)::ask);
    }
    CpuTime used = benchRun.measure();
    on[0] = false;
    BenchResult benchResult =
        new BenchResult()
            .with("pages/s", count[0] / used.seconds())
            .latencies("page", times)
            .cpu(used, "page", count[0])
            .note("tiers " + tiers)
            .note("asked for at most " + RATE * readers.size() + " pages/s");
    return benchRun.settled(benchResult);
  }

  /** Asks, and when it has the page, asks again. */
  private static final class Reader {
    /** What is done with a page. */
    interface Read {
      boolean goOn(long nanos, JsonScanner page);
    }

    private final EventLoop eventLoop;
    private final BooleanSupplier on;
    private final BenchDevice benchDevice;
    private final IntSupplier before;
    private final BenchConversation benchConversation;
    private final Read read;
    private long asked;

    Reader(
        EventLoop eventLoop,
        BooleanSupplier on,
        BenchDevice benchDevice,
        IntSupplier before,
        BenchConversation benchConversation,
        Read read) {
      this.eventLoop = eventLoop;
      this.on = on;
      this.benchDevice = benchDevice;
      this.before = before;
      this.benchConversation = benchConversation;
      this.read = read;
    }

    void ask() {
      if (!on.getAsBoolean()) {
        return;
      }
      asked = System.nanoTime();
      benchDevice.history(
          benchConversation,
          before.getAsInt(),
          PAGE,
          (from, page) -> {
            if (read.goOn(System.nanoTime() - asked, page)) {
              eventLoop.at(asked + PAUSE_NANOS, this::ask);
            }
          });
    }
  }
}
