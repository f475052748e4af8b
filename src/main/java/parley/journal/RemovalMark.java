package parley.journal;

import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/**
 * What the journal knows about an entity's removed rows.
 *
 * @param highest the highest number that existed when rows were last removed, 0 for none
 * @param removed no row with this number or a lower one is left; 0 if that is unknown. Rows above
 *     it may be removed too. Reads start after this number, so that they do not walk over removed
 *     rows
 */
record RemovalMark(long highest, long removed) {
  static final RemovalMark NONE = new RemovalMark(0, 0);

  /**
   * Decodes a mark; {@link #NONE} for null. A version before {@code removed} wrote only the first
   * number, and reads only that one.
   */
  static RemovalMark decoded(byte @Nullable [] value) {
    if (value == null) {
      return NONE;
    }
    ByteBuffer buffer = ByteBuffer.wrap(value);
    long highest = buffer.getLong();
    return new RemovalMark(highest, buffer.remaining() >= Long.BYTES ? buffer.getLong() : 0);
  }

  /** The lowest number that an existing row can have. */
  long lowestPossible() {
    return removed == 0 ? 0 : removed + 1;
  }

  byte[] encoded() {
    return ByteBuffer.allocate(2 * Long.BYTES).putLong(highest).putLong(removed).array();
  }
}
