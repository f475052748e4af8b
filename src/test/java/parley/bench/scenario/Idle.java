package parley.bench.scenario;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import parley.bench.engine.BenchDevice;
import parley.bench.engine.BenchRun;
import parley.bench.engine.MeasuredServer;
import parley.bench.engine.VirtualUsers;
import parley.bench.report.BenchResult;
import parley.bench.report.CpuTime;
import parley.bench.report.RunFailedException;

/**
 * Connections without traffic, each of a separate user. Measures for each connection the live heap
 * after a full collection and the resident memory, and the processor time of the pings.
 */
public final class Idle implements Scenario {
  private static final Pattern OPEN_FILES_LIMIT = Pattern.compile("Max open files\\s+(\\d+)");

  /** Files that a process opens besides its sockets: jars, the store, pipes. */
  private static final int OTHER_FILES = 700;

  /**
   * Connections made before the measurement, so that one-time costs (classes, compiled code) are
   * not counted.
   */
  private static final int WARM_CONNECTIONS = 2_000;

  private static final int DEVICES_IN_PAIRS = 300;
  private static final Duration SETTLE_TIME = Duration.ofSeconds(5);

  /**
   * Makes the collector return free memory, so that resident memory shows what connections hold and
   * not free heap.
   */
  @Override
  public List<String> jvmOptions() {
    return List.of(
        "-Xms64m",
        "-Xmn128m",
        "-XX:+UseSerialGC",
        "-XX:MarkSweepDeadRatio=0",
        "-XX:MinHeapFreeRatio=1",
        "-XX:MaxHeapFreeRatio=2",
        "-XX:-ShrinkHeapInSteps");
  }

  @Override
  public BenchResult run(BenchRun benchRun) {
    VirtualUsers users = benchRun.users;
    MeasuredServer measuredServer = benchRun.measuredServer;
    int wanted = benchRun.options.number("connections", 20_000);
    int possible = maxOpenFiles() - OTHER_FILES;
    int warmCount = Math.min(WARM_CONNECTIONS, possible / 4);
    int connections = Math.min(wanted, possible - warmCount);
    if (warmCount < DEVICES_IN_PAIRS) {
      throw new RunFailedException("the limit of open files is too low: " + maxOpenFiles());
    }
    List<BenchDevice> warm = users.create(warmCount);
    users.connectAll(warm, BenchRun.CONCURRENT_CONNECTS);
    List<BenchDevice> pairs = warm.subList(0, DEVICES_IN_PAIRS);
    users.startConversations(BenchRun.firstHalf(pairs), BenchRun.secondHalf(pairs));
    List<BenchDevice> all = users.create(connections);
    users.runFor(SETTLE_TIME);
    long heapBefore = measuredServer.liveHeap();
    long residentBefore = measuredServer.singleProcess().residentBytes();
    long start = System.nanoTime();
    users.connectAll(all, BenchRun.CONCURRENT_CONNECTS);
    double seconds = (System.nanoTime() - start) / 1e9;
    users.runFor(SETTLE_TIME);
    long heapAfter = measuredServer.liveHeap();
    long residentAfter = measuredServer.singleProcess().residentBytes();
    CpuTime before = benchRun.startMeasuring();
    users.runFor(Duration.ofSeconds(benchRun.options.number("seconds", 10)));
    CpuTime used = benchRun.stopMeasuring(before);
    BenchResult benchResult =
        new BenchResult()
            .with("connections", connections)
            .with("heap (KB/connection)", (heapAfter - heapBefore) / 1024.0 / connections)
            .with("RSS (KB/connection)", (residentAfter - residentBefore) / 1024.0 / connections)
            .with("heap before (MB)", heapBefore / 1048576.0)
            .with("RSS before (MB)", residentBefore / 1048576.0)
            .with("new users connected/s", connections / seconds)
            .cpu(used, "connection", connections + warmCount);
    if (connections < wanted) {
      benchResult.note("only %d connections: limit of open files".formatted(connections));
    }
    return benchRun.verified(benchResult);
  }

  private static int maxOpenFiles() {
    try {
      Matcher found = OPEN_FILES_LIMIT.matcher(Files.readString(Path.of("/proc/self/limits")));
      return found.find() ? Integer.parseInt(found.group(1)) : Integer.MAX_VALUE;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
