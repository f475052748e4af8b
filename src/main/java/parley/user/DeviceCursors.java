package parley.user;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonValue;
import java.util.Arrays;
import java.util.Set;

/**
 * How far each device is in one conversation, written down only where it is not exactly at the
 * conversation's head: mostly nobody, so mostly this is empty and costs nothing. A device may also
 * be ahead: it acknowledged an entry by {@code sent} before this user was told of it.
 *
 * <p>Devices are named by number. A number is given once and never again, so cursors of a device
 * that was removed or lost its data mean nothing to anybody and are left where they are until the
 * row changes. Immutable; at most {@link parley.model.Limits#DEVICES} of the living ones.
 */
final class DeviceCursors {
  /** Everybody is at the head. */
  static final DeviceCursors NONE = new DeviceCursors(new long[0]);

  /** Number, acknowledged seq, number, acknowledged seq. */
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

  /** The highest seq the device has acknowledged, where the conversation's head is {@code head}. */
  long acked(long device, long head) {
    for (int i = 0; i < pairs.length; i += 2) {
      if (pairs[i] == device) {
        return pairs[i + 1];
      }
    }
    return head;
  }

  /** The same with one device moved. */
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

  /** The same cursors after the head has moved: who was at the old one now lags. */
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
