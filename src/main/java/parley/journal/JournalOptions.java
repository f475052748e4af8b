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
 * The options of a journal.
 *
 * @param sync when commits are forced to the disk
 * @param boot the boot id of the operating system, empty if it is unknown
 * @param tune changes RocksDB's options; for tests that count RocksDB's operations
 */
record JournalOptions(JournalSync sync, Optional<String> boot, Consumer<DBOptions> tune) {
  /**
   * Bytes outside the heap: the cache of blocks that were read. Write buffers, which are not in
   * files yet, share this room.
   */
  private static final long CACHE_BYTES = 96L << 20;

  private static final long BUFFERS_BYTES = 48L << 20;
  private static final long BUFFER_BYTES = 16L << 20;
  private static final long WAL_BYTES = 128L << 20;
  private static final int OPEN_FILES = 512;

  /**
   * Range deletions after which a write buffer is written to a file. After each range deletion a
   * reader processes all range deletions of the buffer again: a few microseconds for a few hundred.
   */
  private static final int RANGE_DELETIONS_PER_BUFFER = 256;

  static JournalOptions of(JournalSync sync) {
    return new JournalOptions(sync, BootId.current(), options -> {});
  }

  /** RocksDB's options, and the native objects to release after the database, in reverse order. */
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
              // After a power failure, recovery stops at the first damaged record of the log and
              // drops the rest.
              .setWalRecoveryMode(WALRecoveryMode.PointInTimeRecovery)
              .setMaxTotalWalSize(WAL_BYTES)
              .setWriteBufferManager(own(new WriteBufferManager(BUFFERS_BYTES, cache)))
              .setMaxOpenFiles(OPEN_FILES)
              .setMaxBackgroundJobs(2)
              // RocksDB's own log: names of files and timings, in a few small files.
              .setInfoLogLevel(InfoLogLevel.WARN_LEVEL)
              .setKeepLogFileNum(2)
              .setMaxLogFileSize(1 << 20)
              .setStatsDumpPeriodSec(0);
      tune.accept(options);
      return options;
    }

    /**
     * @param looked whether rows are looked up by their whole key; other families are only scanned
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
          .setMemtableMaxRangeDeletions(RANGE_DELETIONS_PER_BUFFER)
          .setCompressionType(CompressionType.LZ4_COMPRESSION);
    }

    /** The options of a commit. */
    WriteOptions commits() {
      return own(new WriteOptions()).setSync(sync == JournalSync.ALWAYS);
    }

    /**
     * Releases the native objects in reverse order: handles before the database, the database
     * before its options.
     */
    void release() {
      owned.reversed().forEach(RocksObject::close);
    }
  }
}
