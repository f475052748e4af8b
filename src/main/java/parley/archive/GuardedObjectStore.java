package parley.archive;

import io.micrometer.core.instrument.Counter;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.BiFunction;
import java.util.function.Supplier;
import org.apache.pekko.Done;
import org.apache.pekko.actor.typed.ActorSystem;
import org.apache.pekko.pattern.CircuitBreaker;
import org.apache.pekko.pattern.CircuitBreakerOpenException;
import org.apache.pekko.stream.Materializer;
import org.apache.pekko.stream.SystemMaterializer;
import org.apache.pekko.stream.javadsl.Sink;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * An object store with time limits and circuit breakers. Each call fails after its timeout. After
 * several failures in a row calls fail at once for a while; reads and writes have a breaker each.
 * Every failure is one of {@link ColdFailures#classified}.
 */
final class GuardedObjectStore {
  private static final Logger LOG = LoggerFactory.getLogger(GuardedObjectStore.class);

  /**
   * Maximum number of keys of one listing. It is more than the objects of one prefix: a segment and
   * its manifest for each of 10,000 seqs.
   */
  private static final int MOST_KEYS = 100_000;

  private final ObjectStore store;
  private final Materializer materializer;
  private final GuardedCalls reads;
  private final GuardedCalls writes;
  private final ChangeGate gate = new ChangeGate();
  private final Duration longestWait;

  GuardedObjectStore(
      ObjectStore store, ColdLimits limits, ActorSystem<?> system, ColdMeters meters) {
    this.store = store;
    this.longestWait = limits.writeTimeout();
    this.materializer = SystemMaterializer.get(system).materializer();
    this.reads = new GuardedCalls("reads", limits.readTimeout(), limits, system, meters);
    this.writes = new GuardedCalls("writes", limits.writeTimeout(), limits, system, meters);
  }

  CompletionStage<Done> put(String key, byte[] bytes, String contentType) {
    return change(() -> store.put(key, bytes, contentType));
  }

  CompletionStage<Done> delete(String key) {
    return change(() -> store.delete(key));
  }

  /**
   * Waits for the gate, and changes the store. To wait is no failure of the store, so the breaker
   * does not see it: a backup of some minutes would open it otherwise. A gate that closes between
   * the two is waited for again.
   */
  private CompletionStage<Done> change(Supplier<CompletionStage<Done>> change) {
    return gate.whenOpen(longestWait)
        .exceptionally(
            late -> {
              throw new ColdUnavailable("the cold tier is being copied", late);
            })
        .thenCompose(open -> writes.call(() -> gate.change(change)))
        .handle(
            (done, failure) ->
                failure == null
                    ? CompletableFuture.completedFuture(done)
                    : isClosed(failure)
                        ? change(change)
                        : CompletableFuture.<Done>failedFuture(ColdFailures.unwrapped(failure)))
        .thenCompose(done -> done);
  }

  private static boolean isClosed(Throwable failure) {
    Throwable bare = ColdFailures.unwrapped(failure);
    return bare instanceof ChangeGate.ClosedException
        || bare.getCause() instanceof ChangeGate.ClosedException;
  }

  /** Runs work while no object is put or deleted. Both wait for its end, until their timeout. */
  <T> CompletionStage<T> whileUnchanged(Supplier<CompletionStage<T>> work) {
    return gate.whileClosed(work);
  }

  CompletionStage<Optional<byte[]>> get(String key, int most) {
    return reads.call(() -> store.get(key, most));
  }

  /** All names with that prefix, ascending. Keys that are not object names are left out. */
  CompletionStage<List<ObjectKeys.Name>> list(String prefix) {
    return reads.call(
        () ->
            store
                .list(prefix)
                .limit(MOST_KEYS)
                .mapConcat(key -> Optional.ofNullable(ObjectKeys.parse(key)).stream().toList())
                .runWith(Sink.seq(), materializer));
  }

  /** The breaker and the timeout of reads, or of writes. */
  private static final class GuardedCalls {
    private final CircuitBreaker breaker;
    private volatile String lastProblem = "";
    private volatile boolean open;

    GuardedCalls(
        String what,
        Duration timeout,
        ColdLimits limits,
        ActorSystem<?> system,
        ColdMeters meters) {
      Counter opened = meters.breaker(what, () -> open);
      breaker =
          CircuitBreaker.create(
                  system.classicSystem().scheduler(), limits.failures(), timeout, limits.rest())
              .withExponentialBackoff(limits.longestRest());
      breaker.addOnOpenListener(
          () -> {
            open = true;
            opened.increment();
            LOG.warn("Cold {} are suspended after failures: {}", what, lastProblem);
          });
      breaker.addOnCloseListener(
          () -> {
            open = false;
            LOG.info("Cold {} work again", what);
          });
    }

    <T> CompletionStage<T> call(Callable<CompletionStage<T>> call) {
      BiFunction<Optional<T>, Optional<Throwable>, Boolean> isFailure =
          (value, failure) -> failure.isPresent() && countsForBreaker(failure.get());
      return breaker
          .callWithCircuitBreakerCS(call, isFailure)
          .exceptionally(
              failure -> {
                throw asColdFailure(failure);
              });
    }

    /**
     * Whether a failure counts for the breaker. A damaged object does not: it is no sign that the
     * next object cannot be read. Nor does a closed gate, which is no failure of the store.
     */
    private boolean countsForBreaker(Throwable failure) {
      Throwable bare = ColdFailures.unwrapped(failure);
      boolean counts =
          !(bare instanceof ColdDamaged) && !(bare instanceof ChangeGate.ClosedException);
      if (counts) {
        lastProblem = String.valueOf(ColdFailures.classified(failure).getMessage());
      }
      return counts;
    }

    private RuntimeException asColdFailure(Throwable failure) {
      return ColdFailures.unwrapped(failure) instanceof CircuitBreakerOpenException resting
          ? new ColdUnavailable("the cold tier rests after failures: " + lastProblem, resting)
          : ColdFailures.classified(failure);
    }
  }
}
