package parley.auth;

import java.net.InetAddress;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import parley.bounds.KeyedBuckets;

/**
 * A token bucket for each client address, and a larger and faster one for each IPv6 site ({@link
 * ClientAddresses}), on this node. Thread-safe.
 */
public final class AddressBuckets {
  /** Most addresses that are remembered, and most sites. */
  public static final int MAX_ADDRESSES = 100_000;

  private final KeyedBuckets<String> addresses;
  private final KeyedBuckets<String> sites;

  /**
   * Starts with full buckets.
   *
   * @param burst tokens of a full bucket
   * @param interval nanoseconds until one token comes back
   * @param siteFactor how many times as much a site has
   * @param nanos a clock that never goes back, such as {@link System#nanoTime}
   */
  public AddressBuckets(int burst, long interval, int siteFactor, LongSupplier nanos) {
    addresses = new KeyedBuckets<>(burst, interval, MAX_ADDRESSES, nanos);
    sites =
        new KeyedBuckets<>(
            burst * siteFactor, Math.max(1, interval / siteFactor), MAX_ADDRESSES, nanos);
  }

  /**
   * Takes a token of the address and one of its site. Returns 0 if there was one of both, else the
   * milliseconds until there is; then none is taken.
   */
  public long take(InetAddress address) {
    String key = ClientAddresses.key(address);
    String site = ClientAddresses.site(key);
    long wait = addresses.take(key, 1);
    if (wait == 0 && site != null) {
      wait = sites.take(site, 1);
      if (wait > 0) {
        addresses.giveBack(key, 1);
      }
    }
    return wait;
  }

  /** Gives a token back, to the address and to its site. */
  public void giveBack(InetAddress address) {
    String key = ClientAddresses.key(address);
    addresses.giveBack(key, 1);
    @Nullable String site = ClientAddresses.site(key);
    if (site != null) {
      sites.giveBack(site, 1);
    }
  }
}
