package parley.auth;

import com.nimbusds.jose.jwk.JWK;
import com.nimbusds.jose.jwk.JWKSelector;
import com.nimbusds.jose.jwk.JWKSet;
import com.nimbusds.jose.util.DefaultResourceRetriever;
import com.nimbusds.jose.util.ResourceRetriever;
import java.io.IOException;
import java.net.URL;
import java.text.ParseException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The public keys of an external issuer, fetched on one thread of its own, one fetch at a time.
 *
 * <ul>
 *   <li>Keys up to {@link #FRESH} old are used as they are. Keys up to {@link #STALE} old are used
 *       while new ones are fetched, so that an outage of the issuer is not felt. Older keys are not
 *       used.
 *   <li>A key that is missing may be new, so it causes a fetch, but at most one in {@link #PAUSE}:
 *       made-up key ids cannot make us flood the issuer. After a failure the pause is {@link
 *       #PAUSE_FAILED}.
 * </ul>
 *
 * nimbus-jose-jwt's {@code JWKSourceBuilder} has the same ideas, but blocks its caller and uses the
 * wall clock. Only its parser and its HTTP client with a size limit are used here. Thread-safe.
 */
final class RemoteKeys implements AutoCloseable {
  static final Duration FRESH = Duration.ofMinutes(5);
  static final Duration STALE = Duration.ofHours(1);
  static final Duration PAUSE = Duration.ofSeconds(30);
  static final Duration PAUSE_FAILED = Duration.ofSeconds(2);

  private static final Logger log = LoggerFactory.getLogger(RemoteKeys.class);
  private static final int TIMEOUT_MILLIS = 3_000;
  private static final int MAX_BYTES = 256 * 1024;

  /** The keys cannot be fetched at the moment. */
  static final class UnavailableException extends Exception {
    private static final long serialVersionUID = 1L;

    UnavailableException(String message) {
      super(message);
    }
  }

  private record Fetched(JWKSet keys, Instant at) {}

  private final URL url;
  private final InstantSource clock;
  private final ResourceRetriever http =
      new DefaultResourceRetriever(TIMEOUT_MILLIS, TIMEOUT_MILLIS, MAX_BYTES);
  private final ThreadPoolExecutor thread;

  // Guarded by this.
  private @Nullable Fetched lastFetched;
  private @Nullable CompletableFuture<JWKSet> runningFetch;
  private Instant nextFetch = Instant.MIN;

  RemoteKeys(URL url, InstantSource clock) {
    this.url = url;
    this.clock = clock;
    this.thread =
        new ThreadPoolExecutor(
            1,
            1,
            0,
            TimeUnit.SECONDS,
            new ArrayBlockingQueue<>(1),
            task -> {
              Thread t = new Thread(task, "parley-jwks");
              t.setDaemon(true);
              return t;
            });
  }

  /**
   * The keys that match the selector; none if the issuer has no such key. Complete at once if no
   * fetch is needed. Fails with {@link UnavailableException}.
   */
  CompletionStage<List<JWK>> select(JWKSelector selector) {
    CompletableFuture<JWKSet> fetch;
    synchronized (this) {
      Instant now = clock.instant();
      Fetched known = lastFetched;
      if (known != null && known.at.plus(STALE).isAfter(now)) {
        List<JWK> fitting = selector.select(known.keys);
        boolean fresh = known.at.plus(FRESH).isAfter(now);
        boolean mayFetch = runningFetch != null || !nextFetch.isAfter(now);
        if (!fresh && mayFetch) {
          var unused = fetch(now); // In the background.
        }
        if (!fitting.isEmpty() || !mayFetch) {
          return CompletableFuture.completedFuture(fitting);
        }
      } else if (runningFetch == null && nextFetch.isAfter(now)) {
        return CompletableFuture.failedFuture(new UnavailableException("failed a moment ago"));
      }
      fetch = fetch(now);
    }
    return fetch.thenApply(selector::select);
  }

  @Override
  public void close() {
    thread.shutdownNow();
  }

  private synchronized CompletableFuture<JWKSet> fetch(Instant now) {
    CompletableFuture<JWKSet> under = runningFetch;
    if (under != null) {
      return under;
    }
    nextFetch = now.plus(PAUSE);
    CompletableFuture<JWKSet> attempt = new CompletableFuture<>();
    // A server that sends its answer slowly must not hold requests longer than this. Callers get
    // the stage that completes after the state has changed: their next call must find it.
    CompletableFuture<JWKSet> result =
        attempt
            .orTimeout(2L * TIMEOUT_MILLIS, TimeUnit.MILLISECONDS)
            .whenComplete((keys, failure) -> fetchFinished(keys));
    runningFetch = result;
    try {
      thread.execute(() -> retrieve(attempt));
    } catch (RejectedExecutionException e) {
      attempt.completeExceptionally(new UnavailableException("the last fetch still hangs"));
    }
    return result;
  }

  private void retrieve(CompletableFuture<JWKSet> result) {
    try {
      result.complete(JWKSet.parse(http.retrieveResource(url).getContent()));
    } catch (IOException | ParseException | RuntimeException e) {
      log.warn("Cannot fetch keys from {}: {}", url, e.toString());
      result.completeExceptionally(new UnavailableException("the issuer's keys cannot be had"));
    }
  }

  private synchronized void fetchFinished(@Nullable JWKSet keys) {
    runningFetch = null;
    if (keys == null) {
      nextFetch = clock.instant().plus(PAUSE_FAILED);
    } else {
      lastFetched = new Fetched(keys, clock.instant());
    }
  }
}
