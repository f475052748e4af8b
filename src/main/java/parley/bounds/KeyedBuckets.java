package parley.bounds;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import java.time.Duration;
import java.util.function.LongSupplier;

/**
 * A {@link TokenBucket} for each key, such as an address or a user. A bucket is forgotten when it
 * has not been used until it would be full again, and the least used one when there are too many.
 * Both can only favour the client. Thread-safe; never blocks for long.
 *
 * @param <K> the keys
 */
public final class KeyedBuckets<K> {
  private final int capacity;
  private final long interval;
  private final LongSupplier nanos;
  private final Cache<K, TokenBucket> buckets;

  /**
   * Starts with full buckets.
   *
   * @param capacity tokens of a full bucket
   * @param interval nanoseconds until one token comes back
   * @param keys maximum number of buckets that are remembered
   * @param nanos a clock that never goes back, such as {@link System#nanoTime}
   */
  public KeyedBuckets(int capacity, long interval, int keys, LongSupplier nanos) {
    this.capacity = capacity;
    this.interval = interval;
    this.nanos = nanos;
    this.buckets =
        Caffeine.newBuilder()
            .maximumSize(keys)
            // By then the bucket is full again, which is the same as no entry.
            .expireAfterAccess(Duration.ofNanos(capacity * interval))
            .ticker(nanos::getAsLong)
            .build();
  }

  /**
   * Takes tokens, at most a whole bucket of them.
   *
   * @return 0 if they were there, else the milliseconds until they are; then none is taken
   */
  public long take(K key, long tokens) {
    int wanted = atMostAll(tokens);
    long[] wait = new long[1];
    buckets
        .asMap()
        .compute(
            key,
            (same, old) -> {
              long now = nanos.getAsLong();
              TokenBucket bucket =
                  old == null ? TokenBucket.full(capacity, interval, now) : later(old, now);
              wait[0] = bucket.waitFor(wanted);
              return wait[0] == 0 ? bucket.take(wanted) : bucket;
            });
    // Rounded up, so that a client that waits this long is not too early.
    return (wait[0] + 999_999) / 1_000_000;
  }

  /** Gives tokens back. */
  public void giveBack(K key, long tokens) {
    buckets.asMap().computeIfPresent(key, (same, bucket) -> bucket.giveBack(atMostAll(tokens)));
  }

  private int atMostAll(long tokens) {
    return (int) Math.min(tokens, capacity);
  }

  /** A time before the bucket's own would add what passes between them a second time. */
  private static TokenBucket later(TokenBucket bucket, long now) {
    return now - bucket.at() < 0 ? bucket : bucket.at(now);
  }
}
