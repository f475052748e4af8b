package parley.auth;

import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import parley.bounds.BoundedMap;

/**
 * Limits the attempts at the password of one account.
 *
 * <pre>
 *   known device    10 attempts, then 6 s, 12 s … 15 min between them; others do not count
 *                   20 of all known devices at one address, then the same waits
 *   unknown device  10 for each address, then the same waits
 *                   25 for each IPv6 /48, then the same waits
 *                   100 of all unknown devices together, then 1 s, 2 s … 5 min
 * </pre>
 *
 * <p>One address alone never uses up the common limit of 100: after its ten attempts it is slower
 * than the common limit forgives. One IPv6 site cannot use it up either, although its /48 or /56
 * has as many addresses as it likes: it has a quarter of the limit, and by waiting never more than
 * four tenths. So it takes ten machines at three sites to keep out an owner who comes from an
 * address of their own with a device that the account does not know. Nobody can keep out a known
 * device. With a stolen known-device token one can make as many attempts as one address, and with
 * several of them from one address not many more.
 *
 * <p>Bounds: at most {@value #ADDRESSES} addresses, as many sites, as many addresses of known
 * devices and {@value #DEVICES} devices are counted. Beyond that, the one with the oldest attempt
 * is forgotten. More addresses than that are far beyond the common limit, and only logins create
 * devices. Not thread-safe. The counts are in memory only: when the node dies, they are lost.
 */
final class GuessLimits {
  static final int ADDRESSES = 256;
  static final int DEVICES = 32;

  /** Limit of one address, and of one known device. */
  static final GuessCounter.Limit PER_SOURCE = new GuessCounter.Limit(10, 6_000, 900_000, 300_000);

  /** Limit of one IPv6 /48: a quarter of {@link #COMMON}. */
  static final GuessCounter.Limit PER_SITE = new GuessCounter.Limit(25, 6_000, 900_000, 300_000);

  /** Limit of all known devices at one address. */
  static final GuessCounter.Limit KNOWN_PER_ADDRESS =
      new GuessCounter.Limit(20, 6_000, 900_000, 300_000);

  /** Common limit of all addresses, for unknown devices. */
  static final GuessCounter.Limit COMMON = new GuessCounter.Limit(100, 1_000, 300_000, 300_000);

  /**
   * The source of an attempt.
   *
   * @param address in the form of {@link ClientAddresses#key}, or empty if it is not known
   * @param device the number of the known device, or null
   */
  record AttemptSource(String address, @Nullable String device) {}

  /** A named counter in one of the maps. */
  private record NamedCounter(
      Map<String, GuessCounter> all, String name, GuessCounter.Limit limit) {
    GuessCounter at(long nowMillis) {
      GuessCounter old = all.get(name);
      return old == null ? GuessCounter.empty(limit, nowMillis) : old.at(nowMillis);
    }

    void put(GuessCounter guessCounter) {
      all.put(name, guessCounter);
    }
  }

  private final Map<String, GuessCounter> addresses = BoundedMap.byUse(ADDRESSES);
  private final Map<String, GuessCounter> sites = BoundedMap.byUse(ADDRESSES);
  private final Map<String, GuessCounter> devices = BoundedMap.byUse(DEVICES);
  private final Map<String, GuessCounter> knownAddresses = BoundedMap.byUse(ADDRESSES);
  private GuessCounter common;

  GuessLimits(long nowMillis) {
    common = GuessCounter.empty(COMMON, nowMillis);
  }

  /** Takes an attempt. Returns 0 if it is allowed, else the milliseconds until it is. */
  long take(AttemptSource who, long nowMillis) {
    GuessCounter together = common.at(nowMillis);
    boolean known = who.device() != null;
    List<NamedCounter> counts = counts(who);
    long wait = known ? 0 : together.waitMillis();
    for (NamedCounter count : counts) {
      wait = Math.max(wait, count.at(nowMillis).waitMillis());
    }
    if (wait == 0) {
      counts.forEach(count -> count.put(count.at(nowMillis).take()));
      common = known ? together : together.take();
    }
    return wait;
  }

  /** Gives the attempt back, because the password was not checked. */
  void giveBack(AttemptSource who, long nowMillis) {
    counts(who).forEach(count -> count.put(count.at(nowMillis).giveBack()));
    giveBackCommon(who, nowMillis);
  }

  /** The password was right: forgets the earlier attempts of this source, which were no guesses. */
  void succeeded(AttemptSource who, long nowMillis) {
    List<NamedCounter> counts = counts(who);
    NamedCounter own = counts.getFirst();
    own.all().remove(own.name());
    // Only this attempt is given back: others may have guessed at the same site, or with another
    // device.
    counts.stream().skip(1).forEach(count -> count.put(count.at(nowMillis).giveBack()));
    giveBackCommon(who, nowMillis);
  }

  /** Whether all attempts are forgiven, so that the counts need not be remembered. */
  boolean isEmpty(long nowMillis) {
    return common.at(nowMillis).isEmpty()
        && Stream.of(addresses, sites, devices, knownAddresses)
            .allMatch(map -> allForgiven(map, nowMillis));
  }

  private void giveBackCommon(AttemptSource who, long nowMillis) {
    if (who.device() == null) {
      common = common.at(nowMillis).giveBack();
    }
  }

  /**
   * The counters of an attempt beside the common one. The counter of the source itself comes first.
   */
  private List<NamedCounter> counts(AttemptSource who) {
    String device = who.device();
    if (device != null) {
      return List.of(
          new NamedCounter(devices, device, PER_SOURCE),
          new NamedCounter(knownAddresses, who.address(), KNOWN_PER_ADDRESS));
    }
    NamedCounter own = new NamedCounter(addresses, who.address(), PER_SOURCE);
    String site = ClientAddresses.site(who.address());
    return site == null ? List.of(own) : List.of(own, new NamedCounter(sites, site, PER_SITE));
  }

  private static boolean allForgiven(Map<String, GuessCounter> map, long nowMillis) {
    return map.values().stream().allMatch(guessCounter -> guessCounter.at(nowMillis).isEmpty());
  }
}
