package parley.bench.floor;

import com.sun.management.OperatingSystemMXBean;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import java.util.Random;
import org.jspecify.annotations.Nullable;
import org.rocksdb.Options;
import org.rocksdb.RocksDB;
import org.rocksdb.RocksDBException;
import org.rocksdb.WriteBatch;
import org.rocksdb.WriteOptions;

/**
 * The floor of the store: keys and values like those of the journal into the library it stands on,
 * with the library's own settings, by one thread, so many to a commit. A process, so that it has
 * the program's core.
 */
public final class Appender {
  private static final int WRITERS = 200;

  private Appender() {}

  /**
   * Folder, seconds for each size, bytes of a payload, sizes of batches with slashes between,
   * {@code os} or {@code always} (each commit is forced to the disk).
   */
  public static void main(String[] args) throws Exception {
    int seconds = Integer.parseInt(args[1]);
    byte[] payload = new byte[Integer.parseInt(args[2])];
    new Random(1).nextBytes(payload);
    String[] sizes = args[3].split("/", -1);
    System.out.println("batches " + sizes.length);
    try (Options options = new Options().setCreateIfMissing(true);
        WriteOptions writing = new WriteOptions().setSync(args[4].equals("always"));
        RocksDB database = RocksDB.open(options, args[0])) {
      long[] number = {0};
      append(database, writing, payload, number, 50, Math.max(5, seconds)); // warms up
      for (String size : sizes) {
        int batch = Integer.parseInt(size);
        append(database, writing, payload, number, batch, 1);
        long cpu = cpu();
        long before = number[0];
        double took = append(database, writing, payload, number, batch, seconds);
        long events = number[0] - before;
        System.out.printf(
            Locale.ROOT,
            "batch %d %.1f %.2f%n",
            batch,
            events / took,
            (cpu() - cpu) / 1e3 / events);
      }
    }
  }

  /** How many seconds it took. */
  private static double append(
      RocksDB database, WriteOptions writing, byte[] payload, long[] number, int batch, int seconds)
      throws RocksDBException {
    long start = System.nanoTime();
    try (WriteBatch writes = new WriteBatch()) {
      while (System.nanoTime() - start < seconds * 1_000_000_000L) {
        for (int i = 0; i < batch; i++) {
          long n = number[0]++;
          byte[] id = ("Conversation|bench-" + n % WRITERS + "\0").getBytes(StandardCharsets.UTF_8);
          writes.put(
              ByteBuffer.allocate(id.length + Long.BYTES).put(id).putLong(n / WRITERS + 1).array(),
              payload);
        }
        database.write(writing, writes);
        writes.clear();
      }
    }
    return (System.nanoTime() - start) / 1e9;
  }

  private static long cpu() {
    @Nullable Object bean = ManagementFactory.getOperatingSystemMXBean();
    return bean instanceof OperatingSystemMXBean own ? own.getProcessCpuTime() : 0;
  }
}
