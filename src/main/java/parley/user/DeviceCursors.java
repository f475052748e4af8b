package parley.user;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonValue;
import java.util.Arrays;
import java.util.Set;

/**
 * How far each device is in one conversation. A device is listed only if it is not exactly at the
 * conversation's head, so mostly this is empty and costs nothing. A device may also be ahead of the
 * head: it acknowledged an entry by {@code sent} before this user received the entry.
 *
 * <p>Devices are identified by number, and a number is never used again. So the cursors of a device
 * that was removed or has lost its data are meaningless, and stay until the row changes. Immutable;
 * at most {@link parley.model.Limits#DEVICES} cursors of existing devices.
 */
final class DeviceCursors {
  /** Every device is at the head. */
  static final DeviceCursors NONE = new DeviceCursors(new long[0]);

  /** Pairs of a device number and the seq that the device has acknowledged. */
  private final long[] pairs;

  private DeviceCursors(long[] pairs) {
    this.pairs = pairs;
  }

  @JsonCreator(mode = JsonCreator.Mode.DELEGATING)
  static DeviceCursors of(long[] pairs) {
    return pairs.length == 0 ? NONE : new DeviceCursors(pairs.clone());
  }

  @JsonValue
  long[] pairs() {
    return pairs.clone();
  }

  boolean isEmpty() {
    return pairs.length == 0;
  }

  /** The highest seq that the device has acknowledged; {@code head} is the conversation's head. */
  long acked(long device, long head) {
    for (int i = 0; i < pairs.length; i += 2) {
      if (pairs[i] == device) {
        return pairs[i + 1];
      }
    }
    return head;
  }

  /** A copy in which one device has moved. */
  DeviceCursors with(long device, long acked, long head) {
    long[] next = new long[pairs.length + 2];
    int n = 0;
    for (int i = 0; i < pairs.length; i += 2) {
      if (pairs[i] != device) {
        next[n++] = pairs[i];
        next[n++] = pairs[i + 1];
      }
    }
    if (acked != head) {
      next[n++] = device;
      next[n++] = acked;
    }
    return n == 0 ? NONE : new DeviceCursors(Arrays.copyOf(next, n));
  }

  /** A copy after the head has moved: devices at the old head now lag. */
  DeviceCursors headMoved(long from, long to, Set<Long> devices) {
    DeviceCursors next = NONE;
    for (long device : devices) {
      next = next.with(device, acked(device, from), to);
    }
    return next;
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof DeviceCursors that && Arrays.equals(pairs, that.pairs);
  }

  @Override
  public int hashCode() {
    return Arrays.hashCode(pairs);
  }

  @Override
  public String toString() {
    return Arrays.toString(pairs);
  }
}
