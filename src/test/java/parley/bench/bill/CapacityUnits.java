package parley.bench.bill;

import java.util.Map;
import org.jspecify.annotations.Nullable;
import software.amazon.awssdk.services.dynamodb.model.AttributeValue;

/**
 * The capacity units that DynamoDB bills for one item or one result.
 *
 * <ul>
 *   <li>A write costs one unit for each started KB of the larger of the old and the new item. The
 *       minimum is one unit, also for the deletion of an item that does not exist.
 *   <li>A write whose condition fails costs as much as a write of the stored item, or one unit if
 *       there is none.
 *   <li>A strongly consistent read costs one unit for each started 4 KB, an eventually consistent
 *       read half of that. The minimum is one unit or half a unit, also if nothing is found.
 *   <li>Each item of a transaction costs twice as much, read or written.
 *   <li>Items that expire (time to live) are removed for free. These removals are not requests, so
 *       they are not counted here.
 * </ul>
 *
 * <p>Source: "DynamoDB read and write operations" and "Working with items: conditional writes" in
 * the developer guide. The guide does not give the cost of a cancelled transaction. Here it costs
 * as much as a successful one, because DynamoDB prepares each item before it cancels.
 */
public final class CapacityUnits {
  private static final int WRITE_BYTES = 1024;
  private static final int READ_BYTES = 4096;

  /** The cost of an item of a transaction, relative to the same item alone. */
  public static final int TRANSACTION = 2;

  /** The consistency of a read, with its cost relative to a strongly consistent read. */
  public enum Consistency {
    EVENTUAL(0.5),
    STRONG(1),
    TRANSACTIONAL(TRANSACTION);

    private final double factor;

    Consistency(double factor) {
      this.factor = factor;
    }

    /**
     * Returns the consistency of a request. The default of DynamoDB is an eventually consistent
     * read.
     */
    public static Consistency of(@Nullable Boolean consistentRead) {
      return Boolean.TRUE.equals(consistentRead) ? STRONG : EVENTUAL;
    }
  }

  private CapacityUnits() {}

  /**
   * Returns the write units of one item.
   *
   * @param before null if the item did not exist
   * @param after null if the item was deleted
   */
  public static double written(
      @Nullable Map<String, AttributeValue> before, @Nullable Map<String, AttributeValue> after) {
    return startedUnits(Math.max(bytes(before), bytes(after)), WRITE_BYTES);
  }

  /** Returns the write units of one item whose condition failed. */
  public static double refused(@Nullable Map<String, AttributeValue> stored) {
    return written(stored, stored);
  }

  /**
   * Returns the read units of one item, or of one result of a query or scan.
   *
   * @param bytes 0 if nothing was found
   */
  public static double read(long bytes, Consistency consistency) {
    return startedUnits(bytes, READ_BYTES) * consistency.factor;
  }

  private static long bytes(@Nullable Map<String, AttributeValue> item) {
    return item == null ? 0 : ItemSize.bytes(item);
  }

  private static double startedUnits(long bytes, int unit) {
    return Math.max(1, Math.ceilDiv(bytes, unit));
  }
}
