package parley.journal;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import org.rocksdb.BlockBasedTableConfig;
import org.rocksdb.BloomFilter;
import org.rocksdb.Cache;
import org.rocksdb.ColumnFamilyOptions;
import org.rocksdb.CompressionType;
import org.rocksdb.DBOptions;
import org.rocksdb.InfoLogLevel;
import org.rocksdb.LRUCache;
import org.rocksdb.RocksObject;
import org.rocksdb.WALRecoveryMode;
import org.rocksdb.WriteBufferManager;
import org.rocksdb.WriteOptions;

/**
 * How a journal is opened.
 *
 * @param sync when commits are forced to the disk
 * @param boot the operating system's present life, empty where it cannot be known
 * @param tune changes RocksDB's options; for tests that count what it does
 */
record JournalOptions(JournalSync sync, Optional<String> boot, Consumer<DBOptions> tune) {
  /**
   * Bytes outside the heap: blocks that were read and, in the same room, what is not in files yet.
   */
  private static final long CACHE_BYTES = 96L << 20;

  private static final long BUFFERS_BYTES = 48L << 20;
  private static final long BUFFER_BYTES = 16L << 20;
  private static final long WAL_BYTES = 128L << 20;
  private static final int OPEN_FILES = 512;

  /**
   * Ranges removed before the buffer they are in is written to a file. A reader walks the ranges of
   * a buffer anew after each removal: a few microseconds for a few hundred.
   */
  private static final int RANGES_IN_A_BUFFER = 256;

  static JournalOptions of(JournalSync sync) {
    return new JournalOptions(sync, BootId.current(), options -> {});
  }

  /** RocksDB's options, and what has to be given back after the database, the last first. */
  final class Native {
    final List<RocksObject> owned = new ArrayList<>();
    private final Cache cache = own(new LRUCache(CACHE_BYTES));

    <T extends RocksObject> T own(T object) {
      owned.add(object);
      return object;
    }

    DBOptions database() {
      DBOptions options =
          own(new DBOptions())
              .setCreateIfMissing(true)
              .setCreateMissingColumnFamilies(true)
              // After a power failure the log ends where its first damage is; what follows is not
              // taken.
              .setWalRecoveryMode(WALRecoveryMode.PointInTimeRecovery)
              .setMaxTotalWalSize(WAL_BYTES)
              .setWriteBufferManager(own(new WriteBufferManager(BUFFERS_BYTES, cache)))
              .setMaxOpenFiles(OPEN_FILES)
              .setMaxBackgroundJobs(2)
              // Its own log: names of files and timings. A few small files.
              .setInfoLogLevel(InfoLogLevel.WARN_LEVEL)
              .setKeepLogFileNum(2)
              .setMaxLogFileSize(1 << 20)
              .setStatsDumpPeriodSec(0);
      tune.accept(options);
      return options;
    }

    /**
     * @param looked whether rows are looked for by their whole key; others are only walked through
     */
    ColumnFamilyOptions family(boolean looked) {
      BlockBasedTableConfig table =
          new BlockBasedTableConfig().setBlockCache(cache).setCacheIndexAndFilterBlocks(true);
      if (looked) {
        table.setFilterPolicy(own(new BloomFilter(10)));
      }
      return own(new ColumnFamilyOptions())
          .setTableFormatConfig(table)
          .setWriteBufferSize(BUFFER_BYTES)
          .setMaxWriteBufferNumber(3)
          .setMemtableMaxRangeDeletions(RANGES_IN_A_BUFFER)
          .setCompressionType(CompressionType.LZ4_COMPRESSION);
    }

    /** For commits. */
    WriteOptions commits() {
      return own(new WriteOptions()).setSync(sync == JournalSync.ALWAYS);
    }

    /** The last first: handles before the database, the database before what it was opened with. */
    void giveBack() {
      owned.reversed().forEach(RocksObject::close);
    }
  }
}
