package parley.bench.bill;

import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;
import parley.bench.bill.Bill.Amount;
import parley.bench.bill.CapacityUnits.Consistency;
import software.amazon.awssdk.services.dynamodb.model.AttributeValue;

/**
 * Adds up the capacity units of requests by entity, row and cause. Thread-safe. Each method returns
 * the units that it added.
 */
public final class BillMeter {
  private static final String INDEX_ENTRY = "index entry";

  private final Map<BillLine, Amount> lines = new ConcurrentHashMap<>();
  private final ReadCauses readCauses = new ReadCauses();

  /** All units so far. */
  public Bill bill() {
    return new Bill(Map.copyOf(lines));
  }

  /**
   * Adds a successful write of one item.
   *
   * @param key the key of the item
   * @param before null if the item did not exist
   * @param after null if the item was deleted
   * @param factor {@link CapacityUnits#TRANSACTION} for a part of a transaction, else 1
   */
  public double written(
      String table,
      TableShape shape,
      Map<String, AttributeValue> key,
      @Nullable Map<String, AttributeValue> before,
      @Nullable Map<String, AttributeValue> after,
      int factor) {
    BillLine line = line(table, key, after);
    double units = factor * CapacityUnits.written(before, after);
    double index = factor * shape.indexUnits(before, after);
    add(line, units, 0);
    if (index > 0) {
      add(line.withRow(INDEX_ENTRY), index, 0);
    }
    return units + index;
  }

  /**
   * Adds a write of one item whose condition failed.
   *
   * @param stored null if the item does not exist
   * @param wanted the item of the request; null for a deletion
   */
  public double refused(
      String table,
      Map<String, AttributeValue> key,
      @Nullable Map<String, AttributeValue> stored,
      @Nullable Map<String, AttributeValue> wanted) {
    BillLine line = line(table, key, wanted);
    double units = CapacityUnits.refused(stored);
    add(line.withCause(line.cause() + ", refused"), units, 0);
    return units;
  }

  /**
   * Adds a part of a cancelled transaction. It costs the same as a successful part, without index
   * entries.
   */
  public double cancelled(
      String table,
      Map<String, AttributeValue> key,
      @Nullable Map<String, AttributeValue> stored,
      @Nullable Map<String, AttributeValue> wanted) {
    BillLine line = line(table, key, wanted);
    double units = CapacityUnits.TRANSACTION * CapacityUnits.written(stored, wanted);
    add(line.withCause(line.cause() + ", cancelled"), units, 0);
    return units;
  }

  /**
   * Adds a read of one item by its key.
   *
   * @param item null if the item does not exist
   */
  public double read(
      String table,
      Map<String, AttributeValue> key,
      @Nullable Map<String, AttributeValue> item,
      Consistency consistency) {
    StoredRow row = StoredRow.of(table, key);
    String cause =
        switch (row.kind()) {
          case StoredRow.HIGH_MARK -> readCauses.highMarkRead(row.persistenceId());
          case StoredRow.EVENT, StoredRow.LOW_MARK -> readCauses.otherRead(row.persistenceId());
          case StoredRow.SNAPSHOT -> readCauses.snapshotRead(row.persistenceId());
          default -> "read";
        };
    double units = CapacityUnits.read(item == null ? 0 : ItemSize.bytes(item), consistency);
    add(row.line(cause), 0, units);
    return units;
  }

  /**
   * Adds a query of one partition.
   *
   * @param partition the partition key
   * @param bytes the size of all items that the query examined
   * @param keysOnly whether the query returns only row numbers, without content
   */
  public double queried(
      String table, String partition, long bytes, Consistency consistency, boolean keysOnly) {
    StoredRow row = StoredRow.of(table, partition);
    String cause =
        switch (row.kind()) {
          case StoredRow.EVENT ->
              readCauses.otherRead(row.persistenceId()) + (keysOnly ? ", last number" : "");
          case StoredRow.SNAPSHOT ->
              keysOnly ? "removal" : readCauses.snapshotRead(row.persistenceId());
          default -> "query";
        };
    double units = CapacityUnits.read(bytes, consistency);
    add(row.line(cause), 0, units);
    return units;
  }

  /** Adds a scan of a table, or of one page of it. */
  public double scanned(String table, long bytes, Consistency consistency) {
    double units = CapacityUnits.read(bytes, consistency);
    add(StoredRow.of(table, "").line("scan"), 0, units);
    return units;
  }

  private static BillLine line(
      String table, Map<String, AttributeValue> key, @Nullable Map<String, AttributeValue> after) {
    StoredRow row = StoredRow.of(table, key);
    if (after == null) {
      return row.line("removal");
    }
    return row.line(row.kind().equals(StoredRow.EVENT) ? EventCause.of(after) : "write");
  }

  private void add(BillLine line, double writeUnits, double readUnits) {
    lines.merge(line, new Amount(1, writeUnits, readUnits), Amount::plus);
  }
}
