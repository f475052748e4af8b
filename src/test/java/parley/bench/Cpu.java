package parley.bench;

import com.sun.management.OperatingSystemMXBean;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.management.ManagementFactory;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.Pattern;

/**
 * Processor time at one moment: the generator's own and the program's.
 *
 * @param wall of {@link System#nanoTime}
 * @param own nanoseconds this process has used
 * @param server nanoseconds the program has used, -1 where that cannot be known
 * @param compiling nanoseconds of these that the JVM's compilers have used
 * @param collecting nanoseconds of these that the JVM's collector and its own thread have used
 * @param machine nanoseconds all processes have used on all cores, -1 where that cannot be known
 */
record Cpu(long wall, long own, long server, long compiling, long collecting, long machine) {
  /** What the kernel counts in, on Linux: a hundredth of a second. */
  private static final long TICK_NANOS = 10_000_000;

  private static final Pattern COMPILERS = Pattern.compile("\\(C[12] Compiler");
  private static final Pattern COLLECTORS = Pattern.compile("\\((VM Thread|GC Thread|G1 |ZGC|X)");

  /**
   * Now.
   *
   * @param pid the program's process, 0 where it is not on this machine
   */
  static Cpu now(long pid) {
    long own = 0;
    if (ManagementFactory.getOperatingSystemMXBean() instanceof OperatingSystemMXBean bean) {
      own = bean.getProcessCpuTime();
    }
    if (pid == 0) {
      return new Cpu(System.nanoTime(), own, -1, 0, 0, ofMachine());
    }
    return new Cpu(
        System.nanoTime(),
        own,
        parse(read(Path.of("/proc/" + pid + "/stat"))),
        ofThreads(pid, COMPILERS),
        ofThreads(pid, COLLECTORS),
        ofMachine());
  }

  /** What was used from {@code before} until this. */
  Cpu since(Cpu before) {
    return new Cpu(
        wall - before.wall,
        own - before.own,
        server < 0 ? -1 : server - before.server,
        compiling - before.compiling,
        collecting - before.collecting,
        machine < 0 ? -1 : machine - before.machine);
  }

  /** Of two spans together. */
  Cpu plus(Cpu more) {
    return new Cpu(
        wall + more.wall,
        own + more.own,
        server < 0 ? -1 : server + more.server,
        compiling + more.compiling,
        collecting + more.collecting,
        machine < 0 ? -1 : machine + more.machine);
  }

  /** Seconds. */
  double seconds() {
    return wall / 1e9;
  }

  /** Cores the generator kept busy. */
  double ownLoad() {
    return (double) own / wall;
  }

  /** Cores the program kept busy, or a negative number. */
  double serverLoad() {
    return server < 0 ? -1 : (double) server / wall;
  }

  /** Cores that others kept busy, who have no business here while it is measured. */
  double othersLoad() {
    return server < 0 || machine < 0 ? 0 : Math.max(0, (double) (machine - own - server) / wall);
  }

  Bottleneck bottleneck() {
    return Bottleneck.of(ownLoad(), serverLoad());
  }

  private static long ofMachine() {
    try {
      return parseMachine(Files.readString(Path.of("/proc/stat")));
    } catch (IOException e) {
      return -1; // Not Linux.
    }
  }

  /** Nanoseconds that were not idle, of {@code /proc/stat}. */
  static long parseMachine(String stat) {
    String[] fields = stat.substring(0, stat.indexOf('\n')).trim().split("\\s+", -1);
    long busy = 0;
    for (int i = 1; i <= 8 && i < fields.length; i++) {
      if (i != 4 && i != 5) { // idle, and waiting for the disk
        busy += Long.parseLong(fields[i]);
      }
    }
    return busy * TICK_NANOS;
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
  static long parse(String stat) {
    // The second field is a name in brackets that may hold anything.
    String[] fields = stat.substring(stat.lastIndexOf(')') + 2).split(" ", -1);
    return (Long.parseLong(fields[11]) + Long.parseLong(fields[12])) * TICK_NANOS;
  }
}
