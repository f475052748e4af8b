package parley.push;

import com.fasterxml.jackson.annotation.JsonInclude;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import parley.serial.Stored;

/**
 * The letters of one slot by number. There are at most {@link #LETTERS}; the oldest is dropped
 * first.
 */
final class DeadLetterState {
  /** Most letters of a slot; about 100 KB of a snapshot. */
  static final int LETTERS = 500;

  /**
   * The form in the snapshot store. Fields may be added, never renamed or removed.
   *
   * @param next the number of the next letter
   * @param dropped how many letters were dropped because the slot was full
   */
  @JsonInclude(JsonInclude.Include.NON_DEFAULT)
  record Snapshot(long next, long dropped, @Nullable List<Numbered> letters) implements Stored {}

  /** A letter with its number. */
  record Numbered(long nr, DeadLetter letter) {}

  private record Key(String user, String device, String conversation) {
    static Key of(DeadLetter letter) {
      return new Key(
          letter.userId().value(), letter.deviceId().value(), letter.conversationId().value());
    }
  }

  private final NavigableMap<Long, DeadLetter> letters = new TreeMap<>();
  private final Map<Key, Long> numberByKey = new HashMap<>();
  private long nextNumber = 1;
  private long dropped;

  long nextNumber() {
    return nextNumber;
  }

  long dropped() {
    return dropped;
  }

  /** By number, ascending. */
  NavigableMap<Long, DeadLetter> letters() {
    return letters;
  }

  /**
   * Whether the slot has a letter with a higher {@code seq} about the same device and conversation.
   * A letter with the same {@code seq} is stored again under a new number, because the older one
   * may be about to be removed by a replay that has just failed again.
   */
  boolean hasNewer(DeadLetter letter) {
    Long nr = numberByKey.get(Key.of(letter));
    DeadLetter old = nr == null ? null : letters.get(nr);
    return old != null && old.seq() > letter.seq();
  }

  DeadLetterState apply(DeadLetterEvent event) {
    switch (event) {
      case DeadLetterEvent.Kept e -> {
        Long old = numberByKey.get(Key.of(e.letter()));
        if (old != null) {
          remove(old);
        }
        put(e.nr(), e.letter());
        if (letters.size() > LETTERS) {
          remove(letters.firstKey());
          dropped++;
        }
      }
      case DeadLetterEvent.Removed e -> e.nrs().forEach(this::remove);
    }
    return this;
  }

  private void put(long nr, DeadLetter letter) {
    letters.put(nr, letter);
    numberByKey.put(Key.of(letter), nr);
    nextNumber = Math.max(nextNumber, nr + 1);
  }

  private void remove(long nr) {
    DeadLetter letter = letters.remove(nr);
    if (letter != null) {
      numberByKey.remove(Key.of(letter));
    }
  }

  Snapshot snapshot() {
    List<Numbered> all = new ArrayList<>(letters.size());
    letters.forEach((nr, letter) -> all.add(new Numbered(nr, letter)));
    return new Snapshot(nextNumber, dropped, all);
  }

  static DeadLetterState of(Snapshot snapshot) {
    DeadLetterState state = new DeadLetterState();
    if (snapshot.letters() != null) {
      snapshot.letters().forEach(one -> state.put(one.nr(), one.letter()));
    }
    state.nextNumber = Math.max(1, snapshot.next());
    state.dropped = snapshot.dropped();
    return state;
  }
}
