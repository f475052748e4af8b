package parley.bench.report;

import com.sun.management.OperatingSystemMXBean;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.management.ManagementFactory;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Pattern;

/**
 * Processor time up to a moment, or within a time span, in nanoseconds.
 *
 * @param wall the time from {@link System#nanoTime}
 * @param generator the time used by this process
 * @param server the time used by all nodes of the server; -1 if unknown
 * @param compiling the part of it that the JVM's compilers used
 * @param collecting the part of it that the JVM's collector and VM thread used
 * @param store the time used by the stand-in of the store, on the generator's core
 * @param machine the time used by all processes on all cores; -1 if unknown
 */
public record CpuTime(
    long wall,
    long generator,
    long server,
    long compiling,
    long collecting,
    long store,
    long machine) {
  /** The kernel's unit in {@code /proc}: 10 ms. */
  private static final long TICK_NANOS = 10_000_000;

  private static final Pattern COMPILERS = Pattern.compile("\\(C[12] Compiler");
  private static final Pattern COLLECTORS = Pattern.compile("\\((VM Thread|GC Thread|G1 |ZGC|X)");

  /** Returns the processor time so far for a server of one process. */
  public static CpuTime now(long pid) {
    return now(List.of(pid), 0);
  }

  /**
   * Returns the processor time so far.
   *
   * @param pids the server's processes; empty if they run on another machine
   * @param store the process of the store's stand-in; 0 if there is none
   */
  public static CpuTime now(List<Long> pids, long store) {
    long generator = 0;
    if (ManagementFactory.getOperatingSystemMXBean() instanceof OperatingSystemMXBean bean) {
      generator = bean.getProcessCpuTime();
    }
    if (pids.isEmpty()) {
      return new CpuTime(System.nanoTime(), generator, -1, 0, 0, 0, machineNanos());
    }
    return new CpuTime(
        System.nanoTime(),
        generator,
        pids.stream().mapToLong(CpuTime::processNanos).sum(),
        pids.stream().mapToLong(pid -> threadNanos(pid, COMPILERS)).sum(),
        pids.stream().mapToLong(pid -> threadNanos(pid, COLLECTORS)).sum(),
        store == 0 ? 0 : processNanos(store),
        machineNanos());
  }

  /** Returns the processor time between an earlier moment and this one. */
  public CpuTime since(CpuTime before) {
    return new CpuTime(
        wall - before.wall,
        generator - before.generator,
        server < 0 ? -1 : server - before.server,
        compiling - before.compiling,
        collecting - before.collecting,
        store - before.store,
        machine < 0 ? -1 : machine - before.machine);
  }

  /** Returns the sum of two time spans. */
  public CpuTime plus(CpuTime more) {
    return new CpuTime(
        wall + more.wall,
        generator + more.generator,
        server < 0 ? -1 : server + more.server,
        compiling + more.compiling,
        collecting + more.collecting,
        store + more.store,
        machine < 0 ? -1 : machine + more.machine);
  }

  /** The length of the time span in seconds. */
  public double seconds() {
    return wall / 1e9;
  }

  /** The load of the generator, in cores. */
  public double generatorLoad() {
    return (double) generator / wall;
  }

  /** The load of the server, in cores; negative if unknown. */
  public double serverLoad() {
    return server < 0 ? -1 : (double) server / wall;
  }

  /** The load of the store's stand-in, in cores. */
  public double storeLoad() {
    return (double) store / wall;
  }

  /** The load of all other processes, in cores. They disturb the measurement. */
  public double otherLoad() {
    return server < 0 || machine < 0
        ? 0
        : Math.max(0, (double) (machine - generator - server - store) / wall);
  }

  public Bottleneck bottleneck() {
    return Bottleneck.of(generatorLoad(), serverLoad(), storeLoad());
  }

  private static long machineNanos() {
    try {
      return parseMachine(Files.readString(Path.of("/proc/stat")));
    } catch (IOException e) {
      return -1; // Not Linux.
    }
  }

  /** Returns the non-idle time of all cores, from {@code /proc/stat}. */
  public static long parseMachine(String stat) {
    String[] fields = stat.substring(0, stat.indexOf('\n')).trim().split("\\s+", -1);
    long busy = 0;
    for (int i = 1; i <= 8 && i < fields.length; i++) {
      if (i != 4 && i != 5) { // idle and iowait
        busy += Long.parseLong(fields[i]);
      }
    }
    return busy * TICK_NANOS;
  }

  private static long processNanos(long pid) {
    return parse(read(Path.of("/proc/" + pid + "/stat")));
  }

  /** Returns the time of all live threads whose names match. The time of ended threads is lost. */
  private static long threadNanos(long pid, Pattern names) {
    long sum = 0;
    try (DirectoryStream<Path> threads =
        Files.newDirectoryStream(Path.of("/proc/" + pid + "/task"))) {
      for (Path thread : threads) {
        String stat = read(thread.resolve("stat"));
        if (names.matcher(stat).find()) {
          sum += parse(stat);
        }
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return sum;
  }

  private static String read(Path file) {
    try {
      return Files.readString(file);
    } catch (IOException e) {
      // The thread has just ended. It counts as zero.
      return "0 (gone) X 0 0 0 0 0 0 0 0 0 0 0 0";
    }
  }

  /** Returns user and kernel time, from {@code /proc/PID/stat}. */
  public static long parse(String stat) {
    // The second field is the name in brackets. It may contain spaces and brackets.
    String[] fields = stat.substring(stat.lastIndexOf(')') + 2).split(" ", -1);
    return (Long.parseLong(fields[11]) + Long.parseLong(fields[12])) * TICK_NANOS;
  }
}
