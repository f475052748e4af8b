package parley.journal;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
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
import org.rocksdb.Checkpoint;
import org.rocksdb.ColumnFamilyDescriptor;
import org.rocksdb.ColumnFamilyHandle;
import org.rocksdb.NativeLibraryLoader;
import org.rocksdb.RocksDB;
import org.rocksdb.RocksDBException;
import org.rocksdb.RocksIterator;
import org.rocksdb.WriteBatch;
import org.rocksdb.WriteOptions;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The open RocksDB database of one data folder. A process has at most one for each folder. All
 * methods may be called by any thread. Reads block; writes are {@link #submit submitted}. After
 * {@link #close} all methods fail with an {@link IllegalStateException} and do not touch the
 * database.
 */
public final class JournalFile implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(JournalFile.class);
  private static final long VERSION = 1;

  private static final Duration PROBE_TIMEOUT = Duration.ofSeconds(20);

  /** Rows that one commit removes, if each row is checked before it is removed. */
  private static final int DELETES_PER_COMMIT = 1_000;

  private static final Map<Path, JournalFile> OPEN = new HashMap<>();

  private final Path folder;
  private final JournalOptions.Native options;
  private final ReadWriteLock closeLock = new ReentrantReadWriteLock();
  private final WriteOptions commitOptions;
  private final RocksDB database;
  private final StoredRows stored;
  private final GroupCommit groupCommit;
  private final String epoch;
  private int openCount = 1;
  private boolean closed;

  /** A row and its sequence number. */
  record NumberedRow(long number, JournalRow row) {}

  private interface DatabaseCall<T> {
    T run() throws RocksDBException;
  }

  private JournalFile(Path folder, JournalOptions how, boolean restored) throws RocksDBException {
    this.folder = folder;
    RocksDB.loadLibrary();
    options = how.new Native();
    try {
      List<ColumnFamilyDescriptor> wanted = new ArrayList<>();
      wanted.add(new ColumnFamilyDescriptor(RocksDB.DEFAULT_COLUMN_FAMILY, options.family(true)));
      wanted.add(new ColumnFamilyDescriptor(name(ColumnFamily.EVENTS), options.family(false)));
      wanted.add(new ColumnFamilyDescriptor(name(ColumnFamily.SNAPSHOTS), options.family(false)));
      List<ColumnFamilyHandle> handles = new ArrayList<>();
      database = options.own(RocksDB.open(options.database(), folder.toString(), wanted, handles));
      handles.forEach(options::own);
      stored =
          new StoredRows(
              database,
              Map.of(
                  ColumnFamily.MARKS, handles.get(0),
                  ColumnFamily.EVENTS, handles.get(1),
                  ColumnFamily.SNAPSHOTS, handles.get(2)));
      commitOptions = options.commits();
      checkFormat();
      epoch = Epoch.recordStart(database, how, restored);
    } catch (RocksDBException | RuntimeException e) {
      options.release();
      throw e;
    }
    groupCommit = new GroupCommit(new BatchCommitter(), "journal");
  }

  /**
   * Unpacks RocksDB's native library into that folder under a fixed name, and loads it. Otherwise
   * each process that is killed would leave a copy in the temporary folder. Once in a process.
   *
   * @throws IllegalStateException if this machine cannot load it
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
   * As {@link #open(Path, JournalSync)}; the operating system decides when commits are forced to
   * the disk.
   */
  public static JournalFile open(Path folder) throws RocksDBException {
    return open(folder, JournalSync.OS);
  }

  /**
   * Opens the journal in a folder, and creates it if it is missing. If this process has it open
   * already, returns the open one. Each caller has to {@link #close} it.
   *
   * @param sync when commits are forced to the disk
   * @throws RocksDBException if it cannot be read or written, or is not a journal
   * @throws IllegalStateException if a newer version of the program wrote it
   */
  public static JournalFile open(Path folder, JournalSync sync) throws RocksDBException {
    return open(folder, JournalOptions.of(sync));
  }

  /**
   * As {@link #open(Path, JournalSync)}, for a journal that was restored from a backup: its history
   * gets a new name.
   */
  public static JournalFile openRestored(Path folder, JournalSync sync) throws RocksDBException {
    return open(folder, JournalOptions.of(sync), true);
  }

  static JournalFile open(Path folder, JournalOptions how) throws RocksDBException {
    return open(folder, how, false);
  }

  private static JournalFile open(Path folder, JournalOptions how, boolean restored)
      throws RocksDBException {
    Path path = folder.toAbsolutePath().normalize();
    synchronized (OPEN) {
      JournalFile known = OPEN.get(path);
      if (known != null) {
        known.openCount++;
        return known;
      }
      JournalFile opened = new JournalFile(path, how, restored);
      OPEN.put(path, opened);
      return opened;
    }
  }

  /**
   * The open journal of that folder.
   *
   * @throws IllegalStateException if it is not open
   */
  static JournalFile requireOpen(String folder) {
    synchronized (OPEN) {
      JournalFile known = OPEN.get(Path.of(folder).toAbsolutePath().normalize());
      if (known == null) {
        throw new IllegalStateException("the journal in " + folder + " is not open");
      }
      return known;
    }
  }

  private static byte[] name(ColumnFamily columnFamily) {
    return columnFamily.name().toLowerCase(Locale.ROOT).getBytes(StandardCharsets.UTF_8);
  }

  private void checkFormat() throws RocksDBException {
    byte[] version = database.get(RowKeys.FORMAT);
    if (version == null) {
      database.put(commitOptions, RowKeys.FORMAT, RowKeys.number(VERSION));
    } else if (ByteBuffer.wrap(version).getLong() > VERSION) {
      throw new IllegalStateException("it was written by a newer version of Parley");
    }
  }

  private <T> T open(DatabaseCall<T> databaseCall) {
    closeLock.readLock().lock();
    try {
      if (closed) {
        throw new IllegalStateException("the journal is closed");
      }
      return databaseCall.run();
    } catch (RocksDBException e) {
      throw new IllegalStateException("the journal cannot be read or written", e);
    } finally {
      closeLock.readLock().unlock();
    }
  }

  /** Stores these rows atomically, in one commit with other waiting writes. */
  CompletionStage<Void> submit(GroupCommit.Write write) {
    return groupCommit.submit(write);
  }

  /**
   * The name of this history. It changes if the end of the history may be lost, see {@link Epoch}.
   */
  public String epoch() {
    return epoch;
  }

  /**
   * Copies the journal, as it is at one moment during this call, into a new folder. Writes go on.
   * Files that never change are hard links where the file system allows it, so the copy needs
   * little room at first. Blocks.
   *
   * @param target must not exist; its parent must
   * @throws IllegalStateException if it cannot be written
   */
  public void copyTo(Path target) {
    open(
        () -> {
          try (Checkpoint checkpoint = Checkpoint.create(database)) {
            checkpoint.createCheckpoint(target.toString());
          }
          return target;
        });
  }

  /** The highest sequence number an event of that entity ever had, 0 for none. */
  long highestNumber(String id) {
    return open(() -> stored.highestNumber(id));
  }

  /**
   * Rows of that entity in ascending order.
   *
   * @param from the first number wanted
   * @param to the last number wanted
   * @param most the maximum number of rows
   */
  List<NumberedRow> rows(ColumnFamily columnFamily, String id, long from, long to, long most) {
    return open(
        () -> {
          List<NumberedRow> found = new ArrayList<>();
          byte[] prefix = RowKeys.prefix(id);
          try (EntityRows entityRows =
              stored.of(columnFamily, prefix, stored.mark(columnFamily, id))) {
            RocksIterator rows = entityRows.rows;
            rows.seek(RowKeys.rowKey(prefix, Math.max(from, 0)));
            while (found.size() < most && rows.isValid()) {
              long number = RowKeys.number(rows.key());
              if (number > to) {
                break;
              }
              found.add(new NumberedRow(number, JournalRow.decoded(rows.value())));
              rows.next();
            }
            rows.status();
          }
          return found;
        });
  }

  /** The newest row up to a number that the predicate accepts. */
  Optional<NumberedRow> newest(
      ColumnFamily columnFamily, String id, long upTo, Predicate<NumberedRow> wanted) {
    return open(
        () -> {
          byte[] prefix = RowKeys.prefix(id);
          try (EntityRows entityRows =
              stored.of(columnFamily, prefix, stored.mark(columnFamily, id))) {
            RocksIterator rows = entityRows.rows;
            rows.seekForPrev(RowKeys.rowKey(prefix, upTo));
            while (rows.isValid()) {
              NumberedRow numberedRow =
                  new NumberedRow(RowKeys.number(rows.key()), JournalRow.decoded(rows.value()));
              if (wanted.test(numberedRow)) {
                return Optional.of(numberedRow);
              }
              rows.prev();
            }
            rows.status();
          }
          return Optional.empty();
        });
  }

  /**
   * Removes all events, or all snapshots, up to that number. The highest sequence number of the
   * entity's events stays known. Does not block, and does not delay readers: the removal is one
   * small write in the queue. Its cost does not depend on how much is removed now or was removed
   * before.
   */
  CompletionStage<Void> remove(ColumnFamily columnFamily, String id, long upTo) {
    return submit(
        new GroupCommit.Write(
            id,
            0,
            0,
            List.of(),
            new GroupCommit.Removal(columnFamily, upTo),
            new CompletableFuture<>()));
  }

  /**
   * Removes the snapshots between two numbers, both included, that the predicate accepts. Blocks.
   */
  void removeSnapshots(String id, long from, long to, Predicate<NumberedRow> unwanted) {
    open(
        () -> {
          byte[] prefix = RowKeys.prefix(id);
          try (EntityRows entityRows =
                  stored.of(
                      ColumnFamily.SNAPSHOTS, prefix, stored.mark(ColumnFamily.SNAPSHOTS, id));
              WriteBatch batch = new WriteBatch()) {
            RocksIterator rows = entityRows.rows;
            for (rows.seek(RowKeys.rowKey(prefix, Math.max(from, 0)));
                rows.isValid();
                rows.next()) {
              byte[] key = rows.key();
              if (RowKeys.number(key) > to) {
                break;
              }
              if (unwanted.test(
                  new NumberedRow(RowKeys.number(key), JournalRow.decoded(rows.value())))) {
                batch.delete(stored.family(ColumnFamily.SNAPSHOTS), key);
              }
              if (batch.count() >= DELETES_PER_COMMIT) {
                database.write(commitOptions, batch);
                batch.clear();
              }
            }
            rows.status();
            database.write(commitOptions, batch);
          }
          return "";
        });
  }

  /**
   * The persistence ids of everything that ever wrote an event, in key order, each once. The stream
   * reads one id at a time; nothing is open between two ids.
   *
   * @param begin the prefix of the ids
   */
  public Stream<String> persistenceIds(String begin) {
    byte[] first = begin.isEmpty() ? new byte[] {1} : begin.getBytes(StandardCharsets.UTF_8);
    return Stream.iterate(
            firstIdInAnyFamily(first),
            Optional::isPresent,
            id -> firstIdInAnyFamily(RowKeys.upperBound(RowKeys.prefix(id.get()))))
        .map(Optional::orElseThrow)
        .takeWhile(id -> id.startsWith(begin));
  }

  private Optional<String> firstIdInAnyFamily(byte[] key) {
    return open(
        () -> {
          String event = firstId(ColumnFamily.EVENTS, key);
          String mark = firstId(ColumnFamily.MARKS, key);
          if (event == null || mark == null) {
            return Optional.ofNullable(event == null ? mark : event);
          }
          boolean eventFirst =
              Arrays.compareUnsigned(RowKeys.prefix(event), RowKeys.prefix(mark)) <= 0;
          return Optional.of(eventFirst ? event : mark);
        });
  }

  private @Nullable String firstId(ColumnFamily columnFamily, byte[] from) throws RocksDBException {
    try (RocksIterator rows = database.newIterator(stored.family(columnFamily))) {
      rows.seek(from);
      rows.status();
      return rows.isValid() ? RowKeys.id(rows.key()) : null;
    }
  }

  /**
   * Writes one row through the same queue as the entities, to check that writes work. Blocks.
   *
   * @throws IllegalStateException if the write fails or takes longer than {@link #PROBE_TIMEOUT}
   */
  public void probe() {
    var row = new GroupCommit.Put(ColumnFamily.MARKS, RowKeys.FORMAT, RowKeys.number(VERSION));
    var write = new GroupCommit.Write("", 0, 0, List.of(row), new CompletableFuture<>());
    try {
      submit(write).toCompletableFuture().get(PROBE_TIMEOUT.toMillis(), TimeUnit.MILLISECONDS);
    } catch (ExecutionException e) {
      throw new IllegalStateException(e.getCause());
    } catch (TimeoutException e) {
      throw new IllegalStateException("a write takes longer than " + PROBE_TIMEOUT, e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted", e);
    }
  }

  /**
   * Releases one use of the journal. The last release stores the waiting writes and closes the
   * database. Blocks.
   */
  @Override
  public void close() {
    synchronized (OPEN) {
      if (openCount == 0 || --openCount > 0) {
        return;
      }
      OPEN.remove(folder);
    }
    boolean whole = groupCommit.stop();
    closeLock.writeLock().lock();
    try {
      closed = true;
      if (whole) {
        Epoch.recordCleanShutdown(database);
      }
    } catch (RocksDBException e) {
      LOG.warn("The clean shutdown of the journal was not recorded: {}", e.getMessage());
    } finally {
      options.release();
      closeLock.writeLock().unlock();
    }
  }

  private final class BatchCommitter implements GroupCommit.Committer {
    @Override
    public void commit(List<GroupCommit.Write> writes) throws RocksDBException {
      closeLock.readLock().lock();
      try (WriteBatch batch = new WriteBatch()) {
        if (closed) {
          throw new IllegalStateException("the journal is closed");
        }
        MarkUpdates markUpdates = new MarkUpdates(stored, batch);
        for (GroupCommit.Write write : writes) {
          for (GroupCommit.Put put : write.puts()) {
            batch.put(stored.family(put.family()), put.key(), put.value());
            if (put.family() == ColumnFamily.SNAPSHOTS) {
              markUpdates.keepVisible(put.family(), write.id(), RowKeys.number(put.key()));
            }
          }
          GroupCommit.Removal removal = write.removal();
          if (removal != null) {
            markUpdates.remove(removal.family(), write.id(), removal.upTo());
          }
        }
        database.write(commitOptions, batch);
      } finally {
        closeLock.readLock().unlock();
      }
    }

    @Override
    public long highestNumber(String id) throws RocksDBException {
      return stored.highestNumber(id);
    }
  }
}
