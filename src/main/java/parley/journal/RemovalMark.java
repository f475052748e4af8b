package parley.journal;

import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/**
 * What is known of an entity's removed rows.
 *
 * @param highest the highest number there was when rows were last removed, 0 for none
 * @param removed no row with this number or a lower one is left; 0 where that is not known. Rows
 *     may be gone beyond it: it says where looking begins, so that nobody walks over what is gone
 */
record RemovalMark(long highest, long removed) {
  static final RemovalMark NONE = new RemovalMark(0, 0);

  /** A version that did not know {@code removed} wrote the first number alone, and reads it. */
  static RemovalMark decoded(byte @Nullable [] value) {
    if (value == null) {
      return NONE;
    }
    ByteBuffer buffer = ByteBuffer.wrap(value);
    long highest = buffer.getLong();
    return new RemovalMark(highest, buffer.remaining() >= Long.BYTES ? buffer.getLong() : 0);
  }

  /** The lowest number that a row may still have. */
  long lowest() {
    return removed == 0 ? 0 : removed + 1;
  }

  byte[] encoded() {
    return ByteBuffer.allocate(2 * Long.BYTES).putLong(highest).putLong(removed).array();
  }
}
