package planted.session;

import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import planted.app.Root;

/** Waits in every way that must be noticed, and prints. */
@SuppressWarnings({"WaitNotInLoop", "ThreadJoinLoop"})
abstract class Blocks {
  final Root root = new Root();

  void waits(
      Future<String> future,
      CompletableFuture<String> promise,
      CountDownLatch latch,
      BlockingQueue<String> queue,
      Process process)
      throws Exception {
    Thread.sleep(1);
    TimeUnit.MILLISECONDS.sleep(1);
    synchronized (this) {
      wait(1);
    }
    System.out.println(future.get());
    System.out.println(promise.join());
    System.out.println(promise.toCompletableFuture().get());
    latch.await();
    queue.put(queue.toString());
    System.out.println(process.waitFor());
  }
}
