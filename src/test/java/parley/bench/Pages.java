package parley.bench;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.function.BooleanSupplier;
import java.util.function.IntSupplier;
import org.HdrHistogram.Histogram;
import parley.bench.Scan.Field;

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
final class Pages implements Scenario {
  private static final int PAGE = 50;

  /** Questions a second of one reader: a little under what a connection may. */
  private static final int RATE = 18;

  private static final long PAUSE_NANOS = 1_000_000_000L / RATE;

  /** Older than what a conversation keeps in memory: the newest 512. */
  private static final int KEPT = 600;

  @Override
  public Result play(Stage stage) {
    Crowd crowd = stage.crowd;
    int conversations = stage.options.number("conversations", 200);
    boolean hot = stage.options.text("tier", "memory").equals("hot");
    int entries = stage.options.number("entries", hot ? 1_000 : 100);
    long seed = stage.options.number("seed", 1);
    List<Device> readers = crowd.users(2 * conversations);
    crowd.open(readers, Stage.AT_ONCE);
    List<Device> senders = Stage.half(readers, 0);
    List<Conv> convs = crowd.acquaint(senders, Stage.half(readers, 1));
    Filler.fill(crowd, senders, convs, entries, 16, 1);
    Random random = new Random(seed);
    Histogram times = Pace.histogram();
    Map<String, Integer> tiers = new TreeMap<>();
    long[] count = {0};
    boolean[] on = {true};
    List<Reader> all = new ArrayList<>();
    for (int i = 0; i < readers.size(); i++) {
      Conv conv = convs.get(i % conversations);
      all.add(
          new Reader(
              crowd.loop,
              () -> on[0],
              readers.get(i),
              () -> hot ? PAGE + 1 + random.nextInt(entries - KEPT - PAGE) : 0,
              conv,
              (nanos, page) -> {
                if (page.entries() != PAGE) {
                  crowd.fail("a page of " + page.entries());
                }
                if (stage.measuring()) {
                  times.recordValue(nanos);
                  tiers.merge(page.text(Field.TIER), 1, Integer::sum);
                  count[0]++;
                }
                return on[0];
              }));
    }
    for (int i = 0; i < all.size(); i++) {
      // Not all in one moment.
      crowd.loop.at(System.nanoTime() + PAUSE_NANOS * i / all.size(), all.get(i)::ask);
    }
    Cpu used = stage.measure();
    on[0] = false;
    Result result =
        new Result()
            .with("pages/s", count[0] / used.seconds())
            .latencies("page", times)
            .cpu(used, "page", count[0])
            .note("tiers " + tiers)
            .note("asked for at most " + RATE * readers.size() + " pages/s");
    return stage.settled(result);
  }

  /** Asks, and when it has the page, asks again. */
  private static final class Reader {
    /** What is done with a page. */
    interface Read {
      boolean goOn(long nanos, Scan page);
    }

    private final Loop loop;
    private final BooleanSupplier on;
    private final Device device;
    private final IntSupplier before;
    private final Conv conv;
    private final Read read;
    private long asked;

    Reader(Loop loop, BooleanSupplier on, Device device, IntSupplier before, Conv conv, Read read) {
      this.loop = loop;
      this.on = on;
      this.device = device;
      this.before = before;
      this.conv = conv;
      this.read = read;
    }

    void ask() {
      if (!on.getAsBoolean()) {
        return;
      }
      asked = System.nanoTime();
      device.history(
          conv,
          before.getAsInt(),
          PAGE,
          (from, page) -> {
            if (read.goOn(System.nanoTime() - asked, page)) {
              loop.at(asked + PAUSE_NANOS, this::ask);
            }
          });
    }
  }
}
