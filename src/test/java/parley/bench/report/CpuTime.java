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
 * Processor time at one moment: the generator's own, the program's, and that of the stand-in of its
 * store where it has one.
 *
 * @param wall of {@link System#nanoTime}
 * @param own nanoseconds this process has used
 * @param server nanoseconds the program has used, all nodes together, -1 where that cannot be known
 * @param compiling nanoseconds of these that the JVM's compilers have used
 * @param collecting nanoseconds of these that the JVM's collector and its own thread have used
 * @param store nanoseconds the stand-in of the store has used, on the generator's core
 * @param machine nanoseconds all processes have used on all cores, -1 where that cannot be known
 */
public record CpuTime(
    long wall, long own, long server, long compiling, long collecting, long store, long machine) {
  /** What the kernel counts in, on Linux: a hundredth of a second. */
  private static final long TICK_NANOS = 10_000_000;

  private static final Pattern COMPILERS = Pattern.compile("\\(C[12] Compiler");
  private static final Pattern COLLECTORS = Pattern.compile("\\((VM Thread|GC Thread|G1 |ZGC|X)");

  /** Now, with a program of one process. */
  public static CpuTime now(long pid) {
    return now(List.of(pid), 0);
  }

  /**
   * Now.
   *
   * @param pids the program's processes, none where they are not on this machine
   * @param store the process of its store's stand-in, 0 where there is none
   */
  public static CpuTime now(List<Long> pids, long store) {
    long own = 0;
    if (ManagementFactory.getOperatingSystemMXBean() instanceof OperatingSystemMXBean bean) {
      own = bean.getProcessCpuTime();
    }
    if (pids.isEmpty()) {
      return new CpuTime(System.nanoTime(), own, -1, 0, 0, 0, ofMachine());
    }
    return new CpuTime(
        System.nanoTime(),
        own,
        pids.stream().mapToLong(CpuTime::ofProcess).sum(),
        pids.stream().mapToLong(pid -> ofThreads(pid, COMPILERS)).sum(),
        pids.stream().mapToLong(pid -> ofThreads(pid, COLLECTORS)).sum(),
        store == 0 ? 0 : ofProcess(store),
        ofMachine());
  }

  /** What was used from {@code before} until this. */
  public CpuTime since(CpuTime before) {
    return new CpuTime(
        wall - before.wall,
        own - before.own,
        server < 0 ? -1 : server - before.server,
        compiling - before.compiling,
        collecting - before.collecting,
        store - before.store,
        machine < 0 ? -1 : machine - before.machine);
  }

  /** Of two spans together. */
  public CpuTime plus(CpuTime more) {
    return new CpuTime(
        wall + more.wall,
        own + more.own,
        server < 0 ? -1 : server + more.server,
        compiling + more.compiling,
        collecting + more.collecting,
        store + more.store,
        machine < 0 ? -1 : machine + more.machine);
  }

  /** Seconds. */
  public double seconds() {
    return wall / 1e9;
  }

  /** Cores the generator kept busy. */
  public double ownLoad() {
    return (double) own / wall;
  }

  /** Cores the program kept busy, or a negative number. */
  public double serverLoad() {
    return server < 0 ? -1 : (double) server / wall;
  }

  /** Cores the stand-in of the store kept busy. */
  public double storeLoad() {
    return (double) store / wall;
  }

  /** Cores that others kept busy, who have no business here while it is measured. */
  public double othersLoad() {
    return server < 0 || machine < 0
        ? 0
        : Math.max(0, (double) (machine - own - server - store) / wall);
  }

  public Bottleneck bottleneck() {
    return Bottleneck.of(ownLoad(), serverLoad(), storeLoad());
  }

  private static long ofMachine() {
    try {
      return parseMachine(Files.readString(Path.of("/proc/stat")));
    } catch (IOException e) {
      return -1; // Not Linux.
    }
  }

  /** Nanoseconds that were not idle, of {@code /proc/stat}. */
  public static long parseMachine(String stat) {
    String[] fields = stat.substring(0, stat.indexOf('\n')).trim().split("\\s+", -1);
    long busy = 0;
    for (int i = 1; i <= 8 && i < fields.length; i++) {
      if (i != 4 && i != 5) { // idle, and waiting for the disk
        busy += Long.parseLong(fields[i]);
      }
    }
    return busy * TICK_NANOS;
  }

  private static long ofProcess(long pid) {
    return parse(read(Path.of("/proc/" + pid + "/stat")));
  }

  /** What the threads with such names have used. Those that have ended are not in it. */
  private static long ofThreads(long pid, Pattern names) {
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
      // A thread that has just ended has used nothing since.
      return "0 (gone) X 0 0 0 0 0 0 0 0 0 0 0 0";
    }
  }

  /** Nanoseconds in user and kernel, of a line of {@code /proc/PID/stat}. */
  public static long parse(String stat) {
    // The second field is a name in brackets that may hold anything.
    String[] fields = stat.substring(stat.lastIndexOf(')') + 2).split(" ", -1);
    return (Long.parseLong(fields[11]) + Long.parseLong(fields[12])) * TICK_NANOS;
  }
}
