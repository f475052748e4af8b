package parley.journal;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;
import org.rocksdb.RocksDBException;
import parley.bounds.BoundedMap;

/**
 * The only thread that writes to the journal. It takes all waiting writes, up to {@value
 * #MAX_BATCH_WRITES} writes or about {@value #MAX_BATCH_BYTES} bytes, and commits them as one
 * batch. At most {@value #MAX_WAITING} writes and {@value #WAITING_BYTES} bytes wait; a write
 * beyond that fails at once.
 *
 * <p>No commit follows a commit that failed. It is unknown which part of the failed one is stored,
 * so no sequence number may be used after it until the journal has been reopened. All further
 * writes fail at once.
 */
final class GroupCommit implements AutoCloseable {
  /** Writes that may wait. A node with ten thousand sockets can flush as many users at once. */
  static final int MAX_WAITING = 20_000;

  static final long WAITING_BYTES = 128L << 20;
  private static final int MAX_BATCH_WRITES = 1_000;
  private static final long MAX_BATCH_BYTES = 4L << 20;

  /** How long an idle thread takes to notice that it is to stop. */
  private static final long POLL_MILLIS = 50;

  /**
   * Entities whose last sequence number is kept in memory, least recently used first out. The
   * number of any other entity is read from the database.
   */
  private static final int KNOWN = 50_000;

  /** One row to be stored. */
  @SuppressWarnings("ArrayRecordComponent")
  record Put(ColumnFamily family, byte[] key, byte[] value) {}

  /** A request to remove all rows of an entity up to a number. */
  record Removal(ColumnFamily family, long upTo) {}

  /**
   * Rows of one entity that are stored atomically.
   *
   * @param id the persistence id
   * @param first the first sequence number, or 0 if numbers do not matter (a snapshot)
   * @param last the last sequence number
   * @param removal the rows to remove, null for none
   */
  record Write(
      String id,
      long first,
      long last,
      List<Put> puts,
      @Nullable Removal removal,
      CompletableFuture<Void> done) {
    Write(String id, long first, long last, List<Put> puts, CompletableFuture<Void> done) {
      this(id, first, last, puts, null, done);
    }

    long bytes() {
      long sum = 0;
      for (Put put : puts) {
        sum += put.key.length + put.value.length;
      }
      return sum;
    }
  }

  /** Commits batches to the database. Only the thread of this class calls it. */
  interface Committer {
    void commit(List<Write> writes) throws RocksDBException;

    /** The highest sequence number of that entity, 0 for none. */
    long highestNumber(String id) throws RocksDBException;
  }

  private final Committer committer;
  private final BlockingQueue<Write> waiting = new ArrayBlockingQueue<>(MAX_WAITING);
  private final AtomicLong waitingBytes = new AtomicLong();
  private final Thread thread;
  private volatile boolean closing;
  private volatile @Nullable Throwable failure;

  private final Map<String, Long> lastNumbers = BoundedMap.byUse(KNOWN);

  GroupCommit(Committer committer, String name) {
    this.committer = committer;
    this.thread = Thread.ofPlatform().name(name).daemon().start(this::run);
  }

  /** Completes when the write is stored. Fails if it is not stored, or if that is unknown. */
  CompletionStage<Void> submit(Write write) {
    long bytes = write.bytes();
    boolean taken =
        waitingBytes.addAndGet(bytes) <= WAITING_BYTES && !isStopping() && waiting.offer(write);
    // The thread may stop between the check and the offer. Then this caller takes the write back
    // and fails it, unless the thread has already taken it: then the thread completes it.
    if (!taken || (isStopping() && waiting.remove(write))) {
      waitingBytes.addAndGet(-bytes);
      write.done.completeExceptionally(refusal());
    }
    return write.done;
  }

  private boolean isStopping() {
    return closing || failure != null;
  }

  private IllegalStateException refusal() {
    Throwable why = failure;
    if (why != null) {
      return new IllegalStateException("the journal cannot be written any more", why);
    }
    return new IllegalStateException(
        closing ? "the journal is closed" : "too many writes wait for the journal");
  }

  private void run() {
    List<Write> taken = new ArrayList<>();
    while (!isStopping() || !waiting.isEmpty()) {
      taken.clear();
      try {
        takeBatch(taken);
        if (failure != null) {
          fail(taken);
        } else {
          commitBatch(taken);
        }
      } catch (Throwable e) { // any error: the taken writes must fail and not hang
        failure = e;
        fail(taken);
      }
    }
  }

  private void takeBatch(List<Write> into) throws InterruptedException {
    long bytes = 0;
    // The timeout lets the loop notice that it is to stop.
    for (Write write = waiting.poll(POLL_MILLIS, TimeUnit.MILLISECONDS);
        write != null;
        write = waiting.poll()) {
      into.add(write);
      bytes += write.bytes();
      if (into.size() == MAX_BATCH_WRITES || bytes >= MAX_BATCH_BYTES) {
        break;
      }
    }
    waitingBytes.addAndGet(-bytes);
  }

  private void commitBatch(List<Write> taken) throws RocksDBException {
    List<Write> good = new ArrayList<>(taken.size());
    for (Write write : taken) {
      if (isNew(write)) {
        good.add(write);
      } else {
        write.done.completeExceptionally(
            new IllegalStateException(
                write.id + ": number " + write.first + " was written before"));
      }
    }
    if (good.isEmpty()) {
      return;
    }
    committer.commit(good);
    for (Write write : good) {
      write.done.complete(null);
    }
  }

  private boolean isNew(Write write) throws RocksDBException {
    if (write.first == 0) {
      return true;
    }
    Long known = lastNumbers.get(write.id);
    long last = known == null ? committer.highestNumber(write.id) : known;
    if (write.first <= last) {
      return false;
    }
    lastNumbers.put(write.id, write.last);
    return true;
  }

  private void fail(List<Write> writes) {
    for (Write write : writes) {
      write.done.completeExceptionally(refusal());
    }
  }

  /** Stores the waiting writes and stops the thread. Blocks. */
  @Override
  public void close() {
    stop();
  }

  /**
   * Stores the waiting writes and stops the thread. Blocks. Returns false if a commit failed, true
   * if all accepted writes are stored.
   */
  boolean stop() {
    closing = true;
    boolean interrupted = false;
    while (thread.isAlive()) {
      try {
        thread.join();
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
    return failure == null;
  }
}
