package parley.bench.bill;

import java.util.Map;
import org.jspecify.annotations.Nullable;
import software.amazon.awssdk.services.dynamodb.model.AttributeValue;

/**
 * The capacity units that DynamoDB bills for one item or one result.
 *
 * <ul>
 *   <li>A write of an item costs a unit for each begun KB of the larger of its two images: as it
 *       was and as it is. The least is one unit, also for the deletion of an item that is not
 *       there.
 *   <li>A write whose condition fails costs what the stored item costs, and one unit if there is
 *       none.
 *   <li>A strongly consistent read costs a unit for each begun 4 KB, an eventually consistent one
 *       half of that. The least is one unit, or half a unit, also where nothing is found.
 *   <li>Each item of a transaction costs twice as much, read or written.
 *   <li>Items that DynamoDB removes because their time to live is over cost nothing. They are no
 *       requests, so nobody counts them here.
 * </ul>
 *
 * <p>Source: "DynamoDB read and write operations" and "Working with items: conditional writes" in
 * the developer guide. The guide does not say what a cancelled transaction costs; here it costs
 * what it would have cost, because DynamoDB prepares each item before it cancels.
 */
public final class CapacityUnits {
  private static final int WRITE_BYTES = 1024;
  private static final int READ_BYTES = 4096;

  /** What each item of a transaction costs, compared with the same item alone. */
  public static final int TRANSACTION = 2;

  /** How a read is done, and what it costs compared with a strongly consistent read. */
  public enum Consistency {
    EVENTUAL(0.5),
    STRONG(1),
    TRANSACTIONAL(TRANSACTION);

    private final double factor;

    Consistency(double factor) {
      this.factor = factor;
    }

    /** What a request says: consistent, or eventually so if it says nothing. */
    public static Consistency of(@Nullable Boolean consistentRead) {
      return Boolean.TRUE.equals(consistentRead) ? STRONG : EVENTUAL;
    }
  }

  private CapacityUnits() {}

  /**
   * Write units of one item.
   *
   * @param before null if it was not there
   * @param after null if it is no longer there
   */
  public static double written(
      @Nullable Map<String, AttributeValue> before, @Nullable Map<String, AttributeValue> after) {
    return begun(Math.max(bytes(before), bytes(after)), WRITE_BYTES);
  }

  /** Write units of one item whose condition failed. */
  public static double refused(@Nullable Map<String, AttributeValue> stored) {
    return written(stored, stored);
  }

  /**
   * Read units of one item, or of one result of a query or scan.
   *
   * @param bytes 0 if nothing was found
   */
  public static double read(long bytes, Consistency consistency) {
    return begun(bytes, READ_BYTES) * consistency.factor;
  }

  private static long bytes(@Nullable Map<String, AttributeValue> item) {
    return item == null ? 0 : ItemSize.bytes(item);
  }

  private static double begun(long bytes, int unit) {
    return Math.max(1, Math.ceilDiv(bytes, unit));
  }
}
