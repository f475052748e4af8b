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
 * Appends rows like those of the journal to a bare RocksDB with default settings: one thread, a
 * fixed number of rows for each commit. A separate process, so that it can run on the server's
 * core.
 */
public final class Appender {
  private static final int PERSISTENCE_IDS = 200;

  private Appender() {}

  /**
   * Arguments: the folder; seconds for each batch size; bytes of a payload; batch sizes separated
   * by slashes; {@code os}, or {@code always} to force each commit to the disk.
   */
  public static void main(String[] args) throws Exception {
    int seconds = Integer.parseInt(args[1]);
    byte[] payload = new byte[Integer.parseInt(args[2])];
    new Random(1).nextBytes(payload);
    String[] sizes = args[3].split("/", -1);
    System.out.println("batches " + sizes.length);
    try (Options options = new Options().setCreateIfMissing(true);
        WriteOptions writeOptions = new WriteOptions().setSync(args[4].equals("always"));
        RocksDB database = RocksDB.open(options, args[0])) {
      long[] number = {0};
      append(database, writeOptions, payload, number, 50, Math.max(5, seconds)); // warm-up
      for (String size : sizes) {
        int batch = Integer.parseInt(size);
        append(database, writeOptions, payload, number, batch, 1);
        long cpuBefore = cpuNanos();
        long before = number[0];
        double elapsedSeconds = append(database, writeOptions, payload, number, batch, seconds);
        long events = number[0] - before;
        System.out.printf(
            Locale.ROOT,
            "batch %d %.1f %.2f%n",
            batch,
            events / elapsedSeconds,
            (cpuNanos() - cpuBefore) / 1e3 / events);
      }
    }
  }

  /** Appends for a number of seconds and returns the seconds that it really took. */
  private static double append(
      RocksDB database,
      WriteOptions writeOptions,
      byte[] payload,
      long[] number,
      int batch,
      int seconds)
      throws RocksDBException {
    long start = System.nanoTime();
    try (WriteBatch writeBatch = new WriteBatch()) {
      while (System.nanoTime() - start < seconds * 1_000_000_000L) {
        for (int i = 0; i < batch; i++) {
          long n = number[0]++;
          byte[] id =
              ("Conversation|bench-" + n % PERSISTENCE_IDS + "\0").getBytes(StandardCharsets.UTF_8);
          writeBatch.put(
              ByteBuffer.allocate(id.length + Long.BYTES)
                  .put(id)
                  .putLong(n / PERSISTENCE_IDS + 1)
                  .array(),
              payload);
        }
        database.write(writeOptions, writeBatch);
        writeBatch.clear();
      }
    }
    return (System.nanoTime() - start) / 1e9;
  }

  private static long cpuNanos() {
    @Nullable Object bean = ManagementFactory.getOperatingSystemMXBean();
    return bean instanceof OperatingSystemMXBean osBean ? osBean.getProcessCpuTime() : 0;
  }
}
