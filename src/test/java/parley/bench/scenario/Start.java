package parley.bench.scenario;

import java.time.Duration;
import java.util.List;
import org.HdrHistogram.Histogram;
import parley.bench.engine.BenchConversation;
import parley.bench.engine.BenchDevice;
import parley.bench.engine.BenchRun;
import parley.bench.engine.SendSchedule;
import parley.bench.engine.VirtualUsers;
import parley.bench.report.BenchResult;
import parley.bench.report.RunFailedException;

/**
 * Measures the time from the start of the server until it listens. After a restart it also measures
 * the first page of a conversation of 10,000 entries, which the server recovers from snapshot and
 * events, and the second page, which needs no recovery. Two hundred small conversations are read
 * first, so that class loading is not measured.
 */
public final class Start implements Scenario {
  private static final int SMALL_CONVERSATIONS = 200;
  private static final Duration SETTLE_TIME = Duration.ofSeconds(2);

  @Override
  public BenchResult run(BenchRun benchRun) {
    VirtualUsers users = benchRun.users;
    int entries = benchRun.options.number("entries", 10_000);
    int restarts = benchRun.options.number("restarts", 3);
    int bigCount = benchRun.options.number("conversations", 3);
    List<BenchDevice> all = users.create(2 * (bigCount + SMALL_CONVERSATIONS));
    users.connectAll(all, BenchRun.CONCURRENT_CONNECTS);
    List<BenchDevice> senders = BenchRun.firstHalf(all);
    List<BenchConversation> conversations =
        users.startConversations(senders, BenchRun.secondHalf(all));
    ConversationFiller.fill(
        users,
        senders.subList(0, bigCount),
        conversations.subList(0, bigCount),
        entries,
        benchRun.options.number("window", 1),
        1);
    users.runFor(SETTLE_TIME);
    Histogram starts = SendSchedule.histogram();
    Histogram small = SendSchedule.histogram();
    Histogram first = SendSchedule.histogram();
    Histogram second = SendSchedule.histogram();
    for (int i = 0; i < restarts; i++) {
      all.forEach(BenchDevice::disconnect);
      users.runFor(SETTLE_TIME);
      benchRun.measuredServer.singleProcess().terminate();
      long start = System.nanoTime();
      benchRun.measuredServer.singleProcess().restart();
      starts.recordValue(System.nanoTime() - start);
      users.connectAll(senders, BenchRun.CONCURRENT_CONNECTS);
      users.runFor(SETTLE_TIME);
      for (int c = bigCount; c < conversations.size(); c++) {
        small.recordValue(readPage(users, senders.get(c), conversations.get(c)));
      }
      for (int c = 0; c < bigCount; c++) {
        first.recordValue(readPage(users, senders.get(c), conversations.get(c)));
        second.recordValue(readPage(users, senders.get(c), conversations.get(c)));
      }
    }
    BenchResult benchResult =
        new BenchResult()
            .with("first start (s)", benchRun.measuredServer.startupNanos() / 1e9)
            .with("restart median (s)", starts.getValueAtPercentile(50) / 1e9)
            .with("restart max (s)", starts.getMaxValue() / 1e9)
            .with("first page, with recovery p50 (ms)", first.getValueAtPercentile(50) / 1e6)
            .with("first page, with recovery max (ms)", first.getMaxValue() / 1e6)
            .with("second page p50 (ms)", second.getValueAtPercentile(50) / 1e6)
            .with("page of small conversation p50 (ms)", small.getValueAtPercentile(50) / 1e6);
    return benchRun.verified(benchResult);
  }

  private static long readPage(
      VirtualUsers users, BenchDevice device, BenchConversation conversation) {
    boolean[] received = {false};
    long start = System.nanoTime();
    device.history(conversation, 0, 50, (from, page) -> received[0] = true);
    if (!users.runUntil(() -> received[0], VirtualUsers.ARRIVAL_TIMEOUT)) {
      throw new RunFailedException("no page arrived");
    }
    return System.nanoTime() - start;
  }
}
