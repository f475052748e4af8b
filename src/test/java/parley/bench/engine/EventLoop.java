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
 * All sockets and timers of the generator, on the thread that calls {@link #runUntil}. The
 * generator has one core, so one thread is enough and no locks are needed. Times are from {@link
 * System#nanoTime}.
 */
public final class EventLoop implements AutoCloseable {
  private static final int INPUT_BYTES = 1 << 20;
  private static final int OUTPUT_BYTES = 1 << 17;
  private static final long NANOS_PER_MILLI = 1_000_000;

  /** About the resolution with which the kernel wakes a thread. */
  private static final long SHORT_SLEEP_NANOS = 20_000;

  private record Timer(long at, long order, Runnable task) implements Comparable<Timer> {
    @Override
    public int compareTo(Timer other) {
      int byTime = Long.compare(at - other.at, 0);
      return byTime != 0 ? byTime : Long.compare(order, other.order);
    }
  }

  private final Selector selector;
  private final byte[] inputBytes = new byte[INPUT_BYTES];
  private final ByteBuffer input = ByteBuffer.wrap(inputBytes);
  private final ByteBuffer output = ByteBuffer.allocateDirect(OUTPUT_BYTES);
  private final PriorityQueue<Timer> timers = new PriorityQueue<>();
  private List<BenchSocket> toFlush = new ArrayList<>();
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

  /** The array behind {@link #input}. */
  byte[] inputBytes() {
    return inputBytes;
  }

  ByteBuffer output() {
    return output;
  }

  void requestFlush(BenchSocket benchSocket) {
    toFlush.add(benchSocket);
  }

  /** Runs a task at a time, or as soon as possible after it. */
  public void runAt(long nanos, Runnable task) {
    timers.add(new Timer(nanos, order++, task));
  }

  void runAfter(Duration delay, Runnable task) {
    runAt(System.nanoTime() + delay.toNanos(), task);
  }

  /**
   * Runs the loop until the condition holds or the time is over.
   *
   * @return whether the condition holds
   */
  boolean runUntil(BooleanSupplier done, Duration timeout) {
    long end = System.nanoTime() + timeout.toNanos();
    try {
      while (!done.getAsBoolean()) {
        long now = System.nanoTime();
        if (now - end >= 0) {
          return false;
        }
        runDueTimers(now);
        flush();
        select(Math.min(end, nextTimerAt(now)) - System.nanoTime());
        flush();
      }
      return true;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Runs the loop for a time. */
  public void runFor(Duration time) {
    runUntil(() -> false, time);
  }

  private void runDueTimers(long now) {
    while (!timers.isEmpty() && timers.element().at - now <= 0) {
      timers.remove().task.run();
    }
  }

  private long nextTimerAt(long now) {
    Timer first = timers.peek();
    return first == null ? now + 100 * NANOS_PER_MILLI : first.at;
  }

  // The selector's timeout has a resolution of 1 ms. Shorter waits sleep and poll instead of
  // spinning, because a spinning core would count as busy.
  private void select(long nanos) throws IOException {
    if (nanos >= NANOS_PER_MILLI) {
      selector.select(EventLoop::ready, nanos / NANOS_PER_MILLI);
    } else if (selector.selectNow(EventLoop::ready) == 0 && nanos > 0) {
      LockSupport.parkNanos(Math.min(nanos, SHORT_SLEEP_NANOS));
      selector.selectNow(EventLoop::ready);
    }
  }

  private static void ready(SelectionKey key) {
    if (key.attachment() instanceof BenchSocket benchSocket) {
      benchSocket.ready();
    }
  }

  private void flush() {
    while (!toFlush.isEmpty()) {
      List<BenchSocket> now = toFlush;
      toFlush = flushing;
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
