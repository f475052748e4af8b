package parley.journal;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.atomic.AtomicLong;
import org.rocksdb.RocksDBException;

/**
 * The one thread that writes. It takes whatever waits, up to {@value #MOST_WRITES} writes or about
 * {@value #MOST_BYTES} bytes, and commits it as one. At most {@value #WAITING} writes and {@value
 * #WAITING_BYTES} bytes wait; beyond that a write fails at once.
 */
final class GroupCommit implements AutoCloseable {
  /** A node with ten thousand sockets can flush as many users at once. */
  static final int WAITING = 20_000;

  static final long WAITING_BYTES = 128L << 20;
  private static final int MOST_WRITES = 1_000;
  private static final long MOST_BYTES = 4L << 20;

  /** Entities whose last number is known without looking; who is not among them is looked up. */
  private static final int KNOWN = 50_000;

  /** One row to be stored. */
  @SuppressWarnings("ArrayRecordComponent")
  record Put(Family family, byte[] key, byte[] value) {}

  /**
   * Rows that are stored together or not at all.
   *
   * @param id the entity
   * @param first its first sequence number, or 0 where numbers do not matter (a snapshot)
   * @param last its last one
   */
  record Write(String id, long first, long last, List<Put> puts, CompletableFuture<Void> done) {
    long bytes() {
      long sum = 0;
      for (Put put : puts) {
        sum += put.key.length + put.value.length;
      }
      return sum;
    }
  }

  /** What commits. Called by the one thread only. */
  interface Target {
    void commit(List<Write> writes) throws RocksDBException;

    /** The highest number of that entity, 0 for none. */
    long highest(String id) throws RocksDBException;
  }

  private final Target target;
  private final BlockingQueue<Write> waiting = new ArrayBlockingQueue<>(WAITING);
  private final AtomicLong waitingBytes = new AtomicLong();
  private final Thread thread;
  private volatile boolean closing;

  private final Map<String, Long> numbers =
      new LinkedHashMap<>(1 << 10, 0.75f, true) {
        @Override
        protected boolean removeEldestEntry(Map.Entry<String, Long> eldest) {
          return size() > KNOWN;
        }
      };

  GroupCommit(Target target, String name) {
    this.target = target;
    this.thread = Thread.ofPlatform().name(name).daemon().start(this::run);
  }

  /** Done when it is stored; failed when it is not, or when nobody can say. */
  CompletionStage<Void> submit(Write write) {
    long bytes = write.bytes();
    if (waitingBytes.addAndGet(bytes) > WAITING_BYTES || closing || !waiting.offer(write)) {
      waitingBytes.addAndGet(-bytes);
      write.done.completeExceptionally(
          new IllegalStateException(
              closing ? "the journal is closed" : "too many writes wait for the journal"));
    } else if (closing) {
      failRest();
    }
    return write.done;
  }

  private void run() {
    List<Write> taken = new ArrayList<>();
    try {
      while (!closing || !waiting.isEmpty()) {
        taken.clear();
        take(taken);
        store(taken);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } finally {
      // Also where something nobody thought of ended it: whoever waits is told.
      closing = true;
      fail(taken, new IllegalStateException("the journal is closed"));
      failRest();
    }
  }

  private void take(List<Write> into) throws InterruptedException {
    long bytes = 0;
    for (Write write = waiting.take(); write != null; write = waiting.poll()) {
      into.add(write);
      bytes += write.bytes();
      if (into.size() == MOST_WRITES || bytes >= MOST_BYTES) {
        break;
      }
    }
    waitingBytes.addAndGet(-bytes);
  }

  private void store(List<Write> taken) {
    try {
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
      target.commit(good);
      for (Write write : good) {
        write.done.complete(null);
      }
    } catch (RocksDBException | RuntimeException e) {
      // Nobody knows which of these numbers are stored now.
      numbers.clear();
      fail(taken, e);
    }
  }

  private boolean isNew(Write write) throws RocksDBException {
    if (write.first == 0) {
      return true;
    }
    Long known = numbers.get(write.id);
    long last = known == null ? target.highest(write.id) : known;
    if (write.first <= last) {
      return false;
    }
    numbers.put(write.id, write.last);
    return true;
  }

  private static void fail(List<Write> writes, Exception e) {
    for (Write write : writes) {
      write.done.completeExceptionally(e);
    }
  }

  private void failRest() {
    List<Write> rest = new ArrayList<>();
    waiting.drainTo(rest);
    fail(rest, new IllegalStateException("the journal is closed"));
  }

  /** Stores what waits, and ends. Blocks. */
  @Override
  public void close() {
    closing = true;
    Write last = new Write("", 0, 0, List.of(), new CompletableFuture<>());
    // Wakes the thread where it waits; where the queue is full it does not wait.
    var unused = waiting.offer(last);
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
  }
}
