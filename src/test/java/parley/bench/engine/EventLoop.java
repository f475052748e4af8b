package parley.bench.engine;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.PriorityQueue;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;

/**
 * All sockets and timers of the generator, on the thread that calls {@link #until}. The generator
 * has one core, so one thread is enough and nothing needs a lock. Times are those of {@link
 * System#nanoTime}.
 */
public final class EventLoop implements AutoCloseable {
  private static final int INPUT_BYTES = 1 << 20;
  private static final int OUTPUT_BYTES = 1 << 17;
  private static final long LOOK_NANOS = 1_000_000;

  /** As fine as the kernel wakes anybody. */
  private static final long NAP_NANOS = 20_000;

  private record Alarm(long at, long order, Runnable task) implements Comparable<Alarm> {
    @Override
    public int compareTo(Alarm other) {
      int byTime = Long.compare(at - other.at, 0);
      return byTime != 0 ? byTime : Long.compare(order, other.order);
    }
  }

  private final Selector selector;
  private final byte[] inputBytes = new byte[INPUT_BYTES];
  private final ByteBuffer input = ByteBuffer.wrap(inputBytes);
  private final ByteBuffer output = ByteBuffer.allocateDirect(OUTPUT_BYTES);
  private final PriorityQueue<Alarm> alarms = new PriorityQueue<>();
  private List<BenchSocket> dirty = new ArrayList<>();
  private List<BenchSocket> flushing = new ArrayList<>();
  private long order;

  public EventLoop() throws IOException {
    selector = Selector.open();
  }

  SelectionKey register(SocketChannel channel, int interest) throws IOException {
    return channel.register(selector, interest);
  }

  ByteBuffer input() {
    return input;
  }

  /** What is behind {@link #input}. */
  byte[] inputBytes() {
    return inputBytes;
  }

  ByteBuffer output() {
    return output;
  }

  void dirty(BenchSocket benchSocket) {
    dirty.add(benchSocket);
  }

  /** Runs a task at that time, or as soon after it as it can. */
  public void at(long nanos, Runnable task) {
    alarms.add(new Alarm(nanos, order++, task));
  }

  void after(Duration delay, Runnable task) {
    at(System.nanoTime() + delay.toNanos(), task);
  }

  /**
   * Works until that is so.
   *
   * @return false where it was not so in time
   */
  boolean until(BooleanSupplier done, Duration patience) {
    long end = System.nanoTime() + patience.toNanos();
    try {
      while (!done.getAsBoolean()) {
        long now = System.nanoTime();
        if (now - end >= 0) {
          return false;
        }
        ring(now);
        flush();
        select(Math.min(end, next(now)) - System.nanoTime());
        flush();
      }
      return true;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Works for that long. */
  public void pass(Duration time) {
    until(() -> false, time);
  }

  private void ring(long now) {
    while (!alarms.isEmpty() && alarms.element().at - now <= 0) {
      alarms.remove().task.run();
    }
  }

  private long next(long now) {
    Alarm first = alarms.peek();
    return first == null ? now + 100 * LOOK_NANOS : first.at;
  }

  // The kernel counts milliseconds here; what is nearer is waited for in naps, not by spinning,
  // which would look like a busy core.
  private void select(long nanos) throws IOException {
    if (nanos >= LOOK_NANOS) {
      selector.select(EventLoop::ready, nanos / LOOK_NANOS);
    } else if (selector.selectNow(EventLoop::ready) == 0 && nanos > 0) {
      LockSupport.parkNanos(Math.min(nanos, NAP_NANOS));
      selector.selectNow(EventLoop::ready);
    }
  }

  private static void ready(SelectionKey key) {
    if (key.attachment() instanceof BenchSocket benchSocket) {
      benchSocket.ready();
    }
  }

  private void flush() {
    while (!dirty.isEmpty()) {
      List<BenchSocket> now = dirty;
      dirty = flushing;
      flushing = now;
      for (int i = 0; i < now.size(); i++) {
        now.get(i).flush();
      }
      now.clear();
    }
  }

  @Override
  public void close() throws IOException {
    for (SelectionKey key : selector.keys()) {
      key.channel().close();
    }
    selector.close();
  }
}
