package parley.auth;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Who may try a password of one account, and when.
 *
 * <pre>
 *   known device   10 attempts, then 6 s, 12 s … 15 min between them; nobody else's count
 *                  20 of all known devices from one address, then the same
 *   anybody else   10 for each address, then the same
 *                  25 for each IPv6 /48, then the same
 *                  100 of all of them together, then 1 s, 2 s … 5 min
 * </pre>
 *
 * <p>One address alone never uses up what all have together: after its ten it is slower than that
 * is forgiven. Nor does one IPv6 site, whose /48 or /56 is as many addresses as it likes: it has a
 * quarter, and never more than four tenths by waiting. So it takes ten machines at three sites to
 * keep out somebody who comes from an address of their own and whom the account does not know, and
 * nobody can keep out a known device. Who has stolen what makes a device known guesses with it as
 * an address does, and from one address not much faster with several.
 *
 * <p>At most {@value #ADDRESSES} addresses, as many sites, as many addresses of known devices and
 * {@value #DEVICES} devices are counted, and the one that tried the longest ago is forgotten. More
 * addresses than that are far past what they have together; devices are made by logins alone. Not
 * thread-safe; in memory only: a node that dies forgets.
 */
final class GuessLimits {
  static final int ADDRESSES = 256;
  static final int DEVICES = 32;

  /** For one address, and for one known device. */
  static final GuessCounter.Limit ONE = new GuessCounter.Limit(10, 6_000, 900_000, 300_000);

  /** For one IPv6 /48: a quarter of what all have. */
  static final GuessCounter.Limit SITE = new GuessCounter.Limit(25, 6_000, 900_000, 300_000);

  /** For all known devices at one address. */
  static final GuessCounter.Limit KNOWN = new GuessCounter.Limit(20, 6_000, 900_000, 300_000);

  /** For all addresses together. */
  static final GuessCounter.Limit ALL = new GuessCounter.Limit(100, 1_000, 300_000, 300_000);

  /**
   * Who tries.
   *
   * @param address as {@link ClientAddresses} say, or empty where it is not known
   * @param device the known device, or null
   */
  record Who(String address, @Nullable String device) {}

  /** Attempts that are counted under one name. */
  private record Count(Map<String, GuessCounter> all, String name, GuessCounter.Limit limit) {
    GuessCounter at(long nowMillis) {
      GuessCounter old = all.get(name);
      return old == null ? GuessCounter.none(limit, nowMillis) : old.at(nowMillis);
    }

    void put(GuessCounter guessCounter) {
      all.put(name, guessCounter);
    }
  }

  private final Map<String, GuessCounter> addresses = bounded(ADDRESSES);
  private final Map<String, GuessCounter> sites = bounded(ADDRESSES);
  private final Map<String, GuessCounter> devices = bounded(DEVICES);
  private final Map<String, GuessCounter> knownAddresses = bounded(ADDRESSES);
  private GuessCounter all;

  GuessLimits(long nowMillis) {
    all = GuessCounter.none(ALL, nowMillis);
  }

  /** Takes an attempt: 0 where there is one, else milliseconds until there is. */
  long take(Who who, long nowMillis) {
    GuessCounter together = all.at(nowMillis);
    boolean known = who.device() != null;
    List<Count> counts = counts(who);
    long wait = known ? 0 : together.waitMillis();
    for (Count count : counts) {
      wait = Math.max(wait, count.at(nowMillis).waitMillis());
    }
    if (wait == 0) {
      counts.forEach(count -> count.put(count.at(nowMillis).take()));
      all = known ? together : together.take();
    }
    return wait;
  }

  /** The attempt was none: it was not looked at. */
  void giveBack(Who who, long nowMillis) {
    counts(who).forEach(count -> count.put(count.at(nowMillis).giveBack()));
    giveBackAll(who, nowMillis);
  }

  /** It was the right password: what was tried from there before were no guesses. */
  void succeeded(Who who, long nowMillis) {
    List<Count> counts = counts(who);
    Count own = counts.getFirst();
    own.all().remove(own.name());
    // Others may have guessed at the same site, or with another device.
    counts.stream().skip(1).forEach(count -> count.put(count.at(nowMillis).giveBack()));
    giveBackAll(who, nowMillis);
  }

  /** Whether it could be forgotten. */
  boolean isEmpty(long nowMillis) {
    return all.at(nowMillis).isNone()
        && Stream.of(addresses, sites, devices, knownAddresses)
            .allMatch(map -> allForgiven(map, nowMillis));
  }

  private void giveBackAll(Who who, long nowMillis) {
    if (who.device() == null) {
      all = all.at(nowMillis).giveBack();
    }
  }

  /** What this attempt counts in, beside what all have together; its very own comes first. */
  private List<Count> counts(Who who) {
    String device = who.device();
    if (device != null) {
      return List.of(
          new Count(devices, device, ONE), new Count(knownAddresses, who.address(), KNOWN));
    }
    Count own = new Count(addresses, who.address(), ONE);
    String site = ClientAddresses.site(who.address());
    return site == null ? List.of(own) : List.of(own, new Count(sites, site, SITE));
  }

  private static boolean allForgiven(Map<String, GuessCounter> map, long nowMillis) {
    return map.values().stream().allMatch(guessCounter -> guessCounter.at(nowMillis).isNone());
  }

  private static Map<String, GuessCounter> bounded(int most) {
    return new LinkedHashMap<>(4, 0.75f, true) {
      private static final long serialVersionUID = 1L;

      @Override
      protected boolean removeEldestEntry(Map.Entry<String, GuessCounter> eldest) {
        return size() > most;
      }
    };
  }
}
