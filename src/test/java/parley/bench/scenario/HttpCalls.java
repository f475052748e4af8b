package parley.bench.scenario;

import java.util.List;
import java.util.Locale;
import java.util.concurrent.atomic.LongAdder;
import org.HdrHistogram.ConcurrentHistogram;
import org.HdrHistogram.Histogram;
import parley.bench.engine.BenchConversation;
import parley.bench.engine.BenchDevice;
import parley.bench.engine.BenchRun;
import parley.bench.engine.HttpCallers;
import parley.bench.engine.VirtualUsers;
import parley.bench.report.BenchResult;
import parley.bench.report.CpuTime;
import parley.bench.report.RunFailedException;

/**
 * Calls by HTTP, closed loop, one call in flight on each kept connection: {@code call=page}, {@code
 * inbox} or {@code send}. Nobody has a WebSocket meanwhile.
 */
public final class HttpCalls implements Scenario {
  @Override
  public BenchResult run(BenchRun benchRun) {
    VirtualUsers users = benchRun.users;
    int connections = benchRun.options.number("connections", 32);
    HttpCallers.Kind kind =
        HttpCallers.Kind.valueOf(benchRun.options.text("call", "page").toUpperCase(Locale.ROOT));
    List<BenchDevice> all = users.create(2 * connections);
    users.connectAll(all, BenchRun.CONCURRENT_CONNECTS);
    List<BenchDevice> callers = BenchRun.firstHalf(all);
    List<BenchConversation> conversations =
        users.startConversations(callers, BenchRun.secondHalf(all));
    ConversationFiller.fill(users, callers, conversations, 100, 16, 1);
    all.forEach(BenchDevice::disconnect);
    Histogram times = new ConcurrentHistogram(60_000_000_000L, 3);
    LongAdder count = new LongAdder();
    CpuTime used;
    try (HttpCallers http =
        new HttpCallers(
            benchRun.measuredServer,
            kind,
            callers,
            conversations,
            benchRun.options.number("bytes", 200),
            nanos -> {
              if (benchRun.measuring()) {
                times.recordValue(nanos);
                count.increment();
              }
            })) {
      used = benchRun.measure();
      if (!http.failure().isEmpty()) {
        throw new RunFailedException(http.failure());
      }
    }
    return new BenchResult()
        .with("calls/s", count.sum() / used.seconds())
        .latencies("call", times)
        .cpu(used, "call", count.sum());
  }
}
