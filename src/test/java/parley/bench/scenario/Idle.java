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
import parley.bench.engine.Crowd;
import parley.bench.engine.MeasuredServer;
import parley.bench.report.BenchResult;
import parley.bench.report.CpuTime;
import parley.bench.report.RunFailedException;

/**
 * Connections that only live: what each holds of the program's heap after a full collection, and of
 * its resident memory; and what their pings cost. Each is a user of its own with one device.
 */
public final class Idle implements Scenario {
  private static final Pattern OPEN_FILES = Pattern.compile("Max open files\\s+(\\d+)");

  /** What a process needs beside its sockets: jars, the store, pipes. */
  private static final int OTHER_FILES = 700;

  /** Connected before, so that what the first few cost (classes, compiled code) is not counted. */
  private static final int WARM = 2_000;

  private static final int ACQUAINTED = 300;
  private static final Duration REST = Duration.ofSeconds(5);

  /**
   * A collector that keeps little beyond what lives, so that resident memory says what connections
   * hold and not what it was left.
   */
  @Override
  public List<String> jvm() {
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
  public BenchResult play(BenchRun benchRun) {
    Crowd crowd = benchRun.crowd;
    MeasuredServer measuredServer = benchRun.measuredServer;
    int wanted = benchRun.options.number("connections", 20_000);
    int possible = mostFiles() - OTHER_FILES;
    int ahead = Math.min(WARM, possible / 4);
    int connections = Math.min(wanted, possible - ahead);
    if (ahead < ACQUAINTED) {
      throw new RunFailedException("too few open files are allowed: " + mostFiles());
    }
    List<BenchDevice> warm = crowd.users(ahead);
    crowd.open(warm, BenchRun.AT_ONCE);
    List<BenchDevice> some = warm.subList(0, ACQUAINTED);
    crowd.acquaint(BenchRun.half(some, 0), BenchRun.half(some, 1));
    List<BenchDevice> all = crowd.users(connections);
    crowd.pass(REST);
    long heap = measuredServer.liveHeap();
    long resident = measuredServer.own().residentBytes();
    long start = System.nanoTime();
    crowd.open(all, BenchRun.AT_ONCE);
    double seconds = (System.nanoTime() - start) / 1e9;
    crowd.pass(REST);
    long heapThen = measuredServer.liveHeap();
    long residentThen = measuredServer.own().residentBytes();
    CpuTime before = benchRun.begin();
    crowd.pass(Duration.ofSeconds(benchRun.options.number("seconds", 10)));
    CpuTime used = benchRun.end(before);
    BenchResult benchResult =
        new BenchResult()
            .with("connections", connections)
            .with("heap (KB/connection)", (heapThen - heap) / 1024.0 / connections)
            .with("RSS (KB/connection)", (residentThen - resident) / 1024.0 / connections)
            .with("heap before (MB)", heap / 1048576.0)
            .with("RSS before (MB)", resident / 1048576.0)
            .with("new users connected/s", connections / seconds)
            .cpu(used, "connection", connections + ahead);
    if (connections < wanted) {
      benchResult.note("no more than %d: the limit of open files".formatted(connections));
    }
    return benchRun.settled(benchResult);
  }

  private static int mostFiles() {
    try {
      Matcher found = OPEN_FILES.matcher(Files.readString(Path.of("/proc/self/limits")));
      return found.find() ? Integer.parseInt(found.group(1)) : Integer.MAX_VALUE;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
