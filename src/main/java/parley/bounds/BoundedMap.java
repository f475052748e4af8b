package parley.bounds;

import java.util.LinkedHashMap;
import java.util.Map;

/**
 * A map of at most a given number of entries. A new entry beyond that removes the first one, which
 * is the oldest ({@link #byAge}) or the least recently used ({@link #byUse}). With {@link #putLast}
 * instead of {@code put}, the first one of {@link #byAge} is the one that was written longest ago.
 * Not thread-safe.
 *
 * @param <K> the keys
 * @param <V> the values
 */
public final class BoundedMap<K, V> extends LinkedHashMap<K, V> {
  private static final long serialVersionUID = 1;

  /** Most maps of this project stay almost empty, and there is one for each connection or user. */
  private static final int INITIAL_CAPACITY = 4;

  private final int most;
  private boolean hasForgotten;

  private BoundedMap(int most, boolean byUse) {
    super(INITIAL_CAPACITY, 0.75f, byUse);
    if (most < 1) {
      throw new IllegalArgumentException("a bounded map of " + most + " entries");
    }
    this.most = most;
  }

  /** An empty map of at most {@code most} entries that forgets the oldest key. */
  public static <K, V> BoundedMap<K, V> byAge(int most) {
    return new BoundedMap<>(most, false);
  }

  /** An empty map of at most {@code most} entries that forgets what was not used for longest. */
  public static <K, V> BoundedMap<K, V> byUse(int most) {
    return new BoundedMap<>(most, true);
  }

  /** Whether an entry was ever removed for lack of room, before a {@link #clear} too. */
  public boolean hasForgotten() {
    return hasForgotten;
  }

  @Override
  protected boolean removeEldestEntry(Map.Entry<K, V> eldest) {
    boolean over = size() > most;
    hasForgotten |= over;
    return over;
  }
}
