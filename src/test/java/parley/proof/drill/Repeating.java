package parley.proof.drill;

import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/**
 * Does something again and again, on a thread of its own, until it is closed. What fails is done
 * again: a drill makes it fail.
 */
final class Repeating implements AutoCloseable {
  /** One round. */
  @FunctionalInterface
  interface Round {
    void play() throws Exception;
  }

  private final CountDownLatch end = new CountDownLatch(1);
  private final Thread thread;

  /** Starts it. */
  Repeating(long everyMillis, Round round) {
    thread = Thread.ofPlatform().daemon().start(() -> run(everyMillis, round));
  }

  private void run(long everyMillis, Round round) {
    try {
      while (!end.await(everyMillis, TimeUnit.MILLISECONDS)) {
        play(round);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private static void play(Round round) throws InterruptedException {
    try {
      round.play();
    } catch (InterruptedException e) {
      throw e;
    } catch (Exception | AssertionError e) {
      // The fault that is wanted.
    }
  }

  @Override
  public void close() {
    end.countDown();
    thread.interrupt();
  }
}
