package parley.auth;

import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Who may try a password of one account, and when.
 *
 * <pre>
 *   known device   10 attempts, then 6 s, 12 s … 15 min between them; nobody else's count
 *   anybody else   the same for each address, and 100 of all of them together, then 1 s, 2 s … 5 min
 * </pre>
 *
 * <p>One address alone never uses up what all have together: after its ten it is slower than that
 * is forgiven. So it takes ten machines to keep out somebody who comes from an address of their own
 * and whom the account does not know, and nobody can keep out a known device.
 *
 * <p>At most {@value #ADDRESSES} addresses and {@value #DEVICES} devices are counted, and the one
 * that tried the longest ago is forgotten. More addresses than that are far past what they have
 * together; devices are made by logins alone. Not thread-safe; in memory only: a node that dies
 * forgets.
 */
final class GuessLimits {
  static final int ADDRESSES = 256;
  static final int DEVICES = 32;

  /** For one address, and for one known device. */
  static final Guesses.Limit ONE = new Guesses.Limit(10, 6_000, 900_000, 300_000);

  /** For all addresses together. */
  static final Guesses.Limit ALL = new Guesses.Limit(100, 1_000, 300_000, 300_000);

  /**
   * Who tries.
   *
   * @param address as {@link Addresses} say, or empty where it is not known
   * @param device the known device, or null
   */
  record Who(String address, @Nullable String device) {}

  private final Map<String, Guesses> addresses = bounded(ADDRESSES);
  private final Map<String, Guesses> devices = bounded(DEVICES);
  private Guesses all;

  GuessLimits(long nowMillis) {
    all = Guesses.none(ALL, nowMillis);
  }

  /** Takes an attempt: 0 where there is one, else milliseconds until there is. */
  long take(Who who, long nowMillis) {
    Guesses own = own(who, nowMillis);
    Guesses together = all.at(nowMillis);
    boolean known = who.device() != null;
    long wait = known ? own.waitMillis() : Math.max(own.waitMillis(), together.waitMillis());
    if (wait == 0) {
      put(who, own.take());
      all = known ? together : together.take();
    }
    return wait;
  }

  /** The attempt was none: it was not looked at. */
  void giveBack(Who who, long nowMillis) {
    put(who, own(who, nowMillis).giveBack());
    giveBackAll(who, nowMillis);
  }

  /** It was the right password: what was tried from there before were no guesses. */
  void succeeded(Who who, long nowMillis) {
    map(who).remove(key(who));
    giveBackAll(who, nowMillis);
  }

  /** Whether it could be forgotten. */
  boolean isEmpty(long nowMillis) {
    return all.at(nowMillis).isNone()
        && allForgiven(addresses, nowMillis)
        && allForgiven(devices, nowMillis);
  }

  private void giveBackAll(Who who, long nowMillis) {
    if (who.device() == null) {
      all = all.at(nowMillis).giveBack();
    }
  }

  private Guesses own(Who who, long nowMillis) {
    Guesses old = map(who).get(key(who));
    return old == null ? Guesses.none(ONE, nowMillis) : old.at(nowMillis);
  }

  private void put(Who who, Guesses guesses) {
    map(who).put(key(who), guesses);
  }

  private Map<String, Guesses> map(Who who) {
    return who.device() == null ? addresses : devices;
  }

  private static String key(Who who) {
    return who.device() == null ? who.address() : who.device();
  }

  private static boolean allForgiven(Map<String, Guesses> map, long nowMillis) {
    return map.values().stream().allMatch(guesses -> guesses.at(nowMillis).isNone());
  }

  private static Map<String, Guesses> bounded(int most) {
    return new LinkedHashMap<>(4, 0.75f, true) {
      private static final long serialVersionUID = 1L;

      @Override
      protected boolean removeEldestEntry(Map.Entry<String, Guesses> eldest) {
        return size() > most;
      }
    };
  }
}
