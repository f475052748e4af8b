package parley.journal;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.ReadWriteLock;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import java.util.function.Predicate;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.rocksdb.BlockBasedTableConfig;
import org.rocksdb.BloomFilter;
import org.rocksdb.Cache;
import org.rocksdb.ColumnFamilyDescriptor;
import org.rocksdb.ColumnFamilyHandle;
import org.rocksdb.ColumnFamilyOptions;
import org.rocksdb.CompressionType;
import org.rocksdb.DBOptions;
import org.rocksdb.InfoLogLevel;
import org.rocksdb.LRUCache;
import org.rocksdb.NativeLibraryLoader;
import org.rocksdb.ReadOptions;
import org.rocksdb.RocksDB;
import org.rocksdb.RocksDBException;
import org.rocksdb.RocksIterator;
import org.rocksdb.RocksObject;
import org.rocksdb.Slice;
import org.rocksdb.WALRecoveryMode;
import org.rocksdb.WriteBatch;
import org.rocksdb.WriteBufferManager;
import org.rocksdb.WriteOptions;

/**
 * The open database of one data folder; one for each folder in a process. All methods may be called
 * by any thread and block while they read; writes are {@link #submit submitted}. After {@link
 * #close} they fail with an {@link IllegalStateException} and touch nothing.
 */
public final class JournalFile implements AutoCloseable {
  private static final long VERSION = 1;

  /**
   * Bytes outside the heap: blocks that were read and, in the same room, what is not in files yet.
   */
  private static final long CACHE_BYTES = 96L << 20;

  private static final long BUFFERS_BYTES = 48L << 20;
  private static final long BUFFER_BYTES = 16L << 20;
  private static final Duration PROBE_PATIENCE = Duration.ofSeconds(20);
  private static final long WAL_BYTES = 128L << 20;
  private static final int OPEN_FILES = 512;

  /** Rows removed in one commit. */
  private static final int REMOVED_AT_ONCE = 1_000;

  private static final Map<Path, JournalFile> OPEN = new HashMap<>();

  private final Path folder;
  private final List<RocksObject> owned = new ArrayList<>();
  private final Map<Family, ColumnFamilyHandle> families = new EnumMap<>(Family.class);
  private final ReadWriteLock life = new ReentrantReadWriteLock();
  private final WriteOptions writing;
  private final RocksDB database;
  private final GroupCommit commits;
  private int users = 1;
  private boolean closed;

  /** A row as it was found. */
  record Found(long number, Row row) {}

  private interface Work<T> {
    T run() throws RocksDBException;
  }

  private JournalFile(Path folder) throws RocksDBException {
    this.folder = folder;
    RocksDB.loadLibrary();
    try {
      Cache cache = own(new LRUCache(CACHE_BYTES));
      List<ColumnFamilyDescriptor> wanted = new ArrayList<>();
      wanted.add(new ColumnFamilyDescriptor(RocksDB.DEFAULT_COLUMN_FAMILY, options(cache, true)));
      wanted.add(new ColumnFamilyDescriptor(name(Family.EVENTS), options(cache, false)));
      wanted.add(new ColumnFamilyDescriptor(name(Family.SNAPSHOTS), options(cache, false)));
      List<ColumnFamilyHandle> handles = new ArrayList<>();
      database = own(RocksDB.open(own(dbOptions(cache)), folder.toString(), wanted, handles));
      handles.forEach(this::own);
      families.put(Family.MARKS, handles.get(0));
      families.put(Family.EVENTS, handles.get(1));
      families.put(Family.SNAPSHOTS, handles.get(2));
      writing = own(new WriteOptions());
      checkFormat();
    } catch (RocksDBException | RuntimeException e) {
      giveBack();
      throw e;
    }
    commits = new GroupCommit(new Committing(), "journal");
  }

  /**
   * Unpacks the native library into that folder, under one name, and loads it; it would otherwise
   * be left behind in the temporary folder by each process that is killed. Once in a process.
   *
   * @throws IllegalStateException where this machine cannot load it
   */
  public static void loadLibrary(Path folder) {
    try {
      Files.createDirectories(folder);
      NativeLibraryLoader.getInstance().loadLibrary(folder.toString());
      RocksDB.loadLibrary();
    } catch (IOException | RuntimeException | LinkageError e) {
      throw new IllegalStateException("RocksDB's native library cannot be loaded", e);
    }
  }

  /**
   * Opens the folder, or the one that is open in this process once more; made where it is missing.
   *
   * @throws RocksDBException where it cannot be read or written, or is none
   * @throws IllegalStateException where a newer program made it
   */
  public static JournalFile open(Path folder) throws RocksDBException {
    Path path = folder.toAbsolutePath().normalize();
    synchronized (OPEN) {
      JournalFile known = OPEN.get(path);
      if (known != null) {
        known.users++;
        return known;
      }
      JournalFile opened = new JournalFile(path);
      OPEN.put(path, opened);
      return opened;
    }
  }

  /** The one that was opened and not closed since. */
  static JournalFile at(String folder) {
    synchronized (OPEN) {
      JournalFile known = OPEN.get(Path.of(folder).toAbsolutePath().normalize());
      if (known == null) {
        throw new IllegalStateException("the journal in " + folder + " is not open");
      }
      return known;
    }
  }

  private static byte[] name(Family family) {
    return family.name().toLowerCase(Locale.ROOT).getBytes(StandardCharsets.UTF_8);
  }

  private DBOptions dbOptions(Cache cache) {
    return new DBOptions()
        .setCreateIfMissing(true)
        .setCreateMissingColumnFamilies(true)
        // After a power failure the log ends where its first damage is; what follows is not taken.
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
  }

  /**
   * @param looked whether rows are looked for by their whole key; others are only walked through
   */
  private ColumnFamilyOptions options(Cache cache, boolean looked) {
    BlockBasedTableConfig table =
        new BlockBasedTableConfig().setBlockCache(cache).setCacheIndexAndFilterBlocks(true);
    if (looked) {
      table.setFilterPolicy(own(new BloomFilter(10)));
    }
    return own(new ColumnFamilyOptions())
        .setTableFormatConfig(table)
        .setWriteBufferSize(BUFFER_BYTES)
        .setMaxWriteBufferNumber(3)
        .setCompressionType(CompressionType.LZ4_COMPRESSION);
  }

  private <T extends RocksObject> T own(T object) {
    owned.add(object);
    return object;
  }

  /** The last first: handles before the database, the database before what it was opened with. */
  private void giveBack() {
    owned.reversed().forEach(RocksObject::close);
  }

  private void checkFormat() throws RocksDBException {
    byte[] version = database.get(Keys.FORMAT);
    if (version == null) {
      database.put(writing, Keys.FORMAT, Keys.number(VERSION));
    } else if (ByteBuffer.wrap(version).getLong() > VERSION) {
      throw new IllegalStateException("it was written by a newer version of Parley");
    }
  }

  private ColumnFamilyHandle family(Family family) {
    return Objects.requireNonNull(families.get(family));
  }

  private <T> T open(Work<T> work) {
    life.readLock().lock();
    try {
      if (closed) {
        throw new IllegalStateException("the journal is closed");
      }
      return work.run();
    } catch (RocksDBException e) {
      throw new IllegalStateException("the journal cannot be read or written", e);
    } finally {
      life.readLock().unlock();
    }
  }

  /** Stores these rows as one, with others that wait. */
  CompletionStage<Void> submit(GroupCommit.Write write) {
    return commits.submit(write);
  }

  /** The highest sequence number an event of that entity ever had, 0 for none. */
  long highest(String id) {
    return open(() -> highestOf(id));
  }

  private long highestOf(String id) throws RocksDBException {
    byte[] prefix = Keys.prefix(id);
    byte[] mark = database.get(family(Family.MARKS), prefix);
    long highest = mark == null ? 0 : ByteBuffer.wrap(mark).getLong();
    try (Range range = new Range(Family.EVENTS, prefix)) {
      range.rows.seekToLast();
      range.rows.status();
      return range.rows.isValid() ? Math.max(highest, Keys.number(range.rows.key())) : highest;
    }
  }

  /**
   * Rows of that entity in ascending order.
   *
   * @param from the first number wanted
   * @param to the last one
   * @param most how many at most
   */
  List<Found> rows(Family family, String id, long from, long to, long most) {
    return open(
        () -> {
          List<Found> found = new ArrayList<>();
          byte[] prefix = Keys.prefix(id);
          try (Range range = new Range(family, prefix)) {
            RocksIterator rows = range.rows;
            rows.seek(Keys.row(prefix, Math.max(from, 0)));
            while (found.size() < most && rows.isValid()) {
              long number = Keys.number(rows.key());
              if (number > to) {
                break;
              }
              found.add(new Found(number, Row.decoded(rows.value())));
              rows.next();
            }
            rows.status();
          }
          return found;
        });
  }

  /** The newest row that is wanted, of those up to a number. */
  Optional<Found> newest(Family family, String id, long upTo, Predicate<Found> wanted) {
    return open(
        () -> {
          byte[] prefix = Keys.prefix(id);
          try (Range range = new Range(family, prefix)) {
            RocksIterator rows = range.rows;
            rows.seekForPrev(Keys.row(prefix, upTo));
            while (rows.isValid()) {
              Found found = new Found(Keys.number(rows.key()), Row.decoded(rows.value()));
              if (wanted.test(found)) {
                return Optional.of(found);
              }
              rows.prev();
            }
            rows.status();
          }
          return Optional.empty();
        });
  }

  /** Removes events up to that number; the highest number of the entity stays known. */
  public void removeEvents(String id, long upTo) {
    // One after the other: a mark must not go back.
    synchronized (families) {
      open(
          () -> {
            byte[] prefix = Keys.prefix(id);
            long highest = highestOf(id);
            if (highest > 0) {
              byte[] mark = Keys.number(highest);
              remove(
                  Family.EVENTS,
                  prefix,
                  0,
                  upTo,
                  found -> true,
                  batch -> batch.put(family(Family.MARKS), prefix, mark));
            }
            return "";
          });
    }
  }

  /** Removes snapshots between two numbers, both included. */
  void removeSnapshots(String id, long from, long to, Predicate<Found> unwanted) {
    open(
        () -> {
          remove(Family.SNAPSHOTS, Keys.prefix(id), from, to, unwanted, batch -> {});
          return "";
        });
  }

  private interface Beside {
    void add(WriteBatch batch) throws RocksDBException;
  }

  private void remove(
      Family family, byte[] prefix, long from, long to, Predicate<Found> unwanted, Beside beside)
      throws RocksDBException {
    try (Range range = new Range(family, prefix);
        WriteBatch batch = new WriteBatch()) {
      RocksIterator rows = range.rows;
      for (rows.seek(Keys.row(prefix, from)); rows.isValid(); rows.next()) {
        byte[] key = rows.key();
        if (Keys.number(key) > to) {
          break;
        }
        if (family == Family.EVENTS
            || unwanted.test(new Found(Keys.number(key), Row.decoded(rows.value())))) {
          batch.delete(family(family), key);
        }
        if (batch.count() >= REMOVED_AT_ONCE) {
          beside.add(batch);
          database.write(writing, batch);
          batch.clear();
        }
      }
      rows.status();
      beside.add(batch);
      database.write(writing, batch);
    }
  }

  /**
   * Everything that ever wrote an event, in the order of names, each once, read while it is taken:
   * nothing is open between two of them.
   *
   * @param begin what the names begin with
   */
  public Stream<String> ids(String begin) {
    byte[] first = begin.isEmpty() ? new byte[] {1} : begin.getBytes(StandardCharsets.UTF_8);
    return Stream.iterate(
            idFrom(first), Optional::isPresent, id -> idFrom(Keys.behind(Keys.prefix(id.get()))))
        .map(Optional::orElseThrow)
        .takeWhile(id -> id.startsWith(begin));
  }

  private Optional<String> idFrom(byte[] key) {
    return open(
        () -> {
          String event = firstId(Family.EVENTS, key);
          String mark = firstId(Family.MARKS, key);
          if (event == null || mark == null) {
            return Optional.ofNullable(event == null ? mark : event);
          }
          boolean eventFirst = Arrays.compareUnsigned(Keys.prefix(event), Keys.prefix(mark)) <= 0;
          return Optional.of(eventFirst ? event : mark);
        });
  }

  private @Nullable String firstId(Family family, byte[] from) throws RocksDBException {
    try (RocksIterator rows = database.newIterator(family(family))) {
      rows.seek(from);
      rows.status();
      return rows.isValid() ? Keys.id(rows.key()) : null;
    }
  }

  /** Stores an event as it was written elsewhere, by the columns' names there. */
  public void takeEvent(
      String id,
      long number,
      int serializer,
      long time,
      String manifest,
      String adapter,
      String writer,
      byte[] payload) {
    take(Family.EVENTS, id, number, new Row(serializer, time, manifest, adapter, writer, payload));
  }

  /** Stores a snapshot as it was written elsewhere. */
  public void takeSnapshot(
      String id, long number, int serializer, long time, String manifest, byte[] payload) {
    take(Family.SNAPSHOTS, id, number, new Row(serializer, time, manifest, "", "", payload));
  }

  private void take(Family family, String id, long number, Row row) {
    open(
        () -> {
          byte[] key = Keys.row(Keys.prefix(id), number);
          database.put(family(family), writing, key, row.encoded());
          return "";
        });
  }

  /** Stores the highest number of an entity whose events are gone, as it was elsewhere. */
  public void mark(String id, long highest) {
    open(
        () -> {
          database.put(family(Family.MARKS), writing, Keys.prefix(id), Keys.number(highest));
          return "";
        });
  }

  /**
   * Writes one row and nothing else, as entities do, to know that it can be done. Blocks.
   *
   * @throws IllegalStateException where it cannot, or not in {@link #PROBE_PATIENCE}
   */
  public void probe() {
    var row = new GroupCommit.Put(Family.MARKS, Keys.FORMAT, Keys.number(VERSION));
    var write = new GroupCommit.Write("", 0, 0, List.of(row), new CompletableFuture<>());
    try {
      submit(write).toCompletableFuture().get(PROBE_PATIENCE.toMillis(), TimeUnit.MILLISECONDS);
    } catch (ExecutionException e) {
      throw new IllegalStateException(e.getCause());
    } catch (TimeoutException e) {
      throw new IllegalStateException("a write takes longer than " + PROBE_PATIENCE, e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted", e);
    }
  }

  /** Forces all that was written to the disk. */
  public void sync() {
    open(
        () -> {
          database.flushWal(true);
          return "";
        });
  }

  /** Gives it back; the last one who does closes it, after what waits has been stored. Blocks. */
  @Override
  public void close() {
    synchronized (OPEN) {
      if (users == 0 || --users > 0) {
        return;
      }
      OPEN.remove(folder);
    }
    commits.close();
    life.writeLock().lock();
    try {
      closed = true;
      giveBack();
    } finally {
      life.writeLock().unlock();
    }
  }

  private final class Committing implements GroupCommit.Target {
    @Override
    public void commit(List<GroupCommit.Write> writes) throws RocksDBException {
      life.readLock().lock();
      try (WriteBatch batch = new WriteBatch()) {
        if (closed) {
          throw new IllegalStateException("the journal is closed");
        }
        for (GroupCommit.Write write : writes) {
          for (GroupCommit.Put put : write.puts()) {
            batch.put(family(put.family()), put.key(), put.value());
          }
        }
        database.write(writing, batch);
      } finally {
        life.readLock().unlock();
      }
    }

    @Override
    public long highest(String id) throws RocksDBException {
      return JournalFile.this.highest(id);
    }
  }

  /** The rows of one entity, and what has to be given back after looking at them. */
  private final class Range implements AutoCloseable {
    private final Slice first;
    private final Slice behind;
    private final ReadOptions options;
    final RocksIterator rows;

    Range(Family family, byte[] prefix) {
      first = new Slice(prefix);
      behind = new Slice(Keys.behind(prefix));
      options = new ReadOptions().setIterateLowerBound(first).setIterateUpperBound(behind);
      rows = database.newIterator(family(family), options);
    }

    @Override
    public void close() {
      rows.close();
      options.close();
      behind.close();
      first.close();
    }
  }
}
