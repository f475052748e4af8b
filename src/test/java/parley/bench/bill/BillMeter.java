package parley.bench.bill;

import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;
import parley.bench.bill.Bill.Amount;
import parley.bench.bill.CapacityUnits.Consistency;
import software.amazon.awssdk.services.dynamodb.model.AttributeValue;

/**
 * Adds up what requests to a store cost, by what they were for. Any thread may use it. Each method
 * returns the units that it has added.
 */
public final class BillMeter {
  private static final String INDEX_ENTRY = "index entry";

  private final Map<BillLine, Amount> lines = new ConcurrentHashMap<>();
  private final ReadCauses readCauses = new ReadCauses();

  /** Everything so far. */
  public Bill bill() {
    return new Bill(Map.copyOf(lines));
  }

  /**
   * A write of one item that was done.
   *
   * @param key of the item
   * @param before null if it was not there
   * @param after null if it is no longer there
   * @param factor {@link CapacityUnits#TRANSACTION} as a part of a transaction, or 1
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
   * A write of one item that was refused, because its condition failed.
   *
   * @param stored null if there is none
   * @param wanted what should have been written; null for a deletion
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

  /** A part of a transaction that was cancelled; the same as if it had been done, without index. */
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
   * A read of one item by its key.
   *
   * @param item null if there is none
   */
  public double read(
      String table,
      Map<String, AttributeValue> key,
      @Nullable Map<String, AttributeValue> item,
      Consistency consistency) {
    StoredRow row = StoredRow.of(table, key);
    String cause =
        switch (row.kind()) {
          case StoredRow.HIGH_MARK -> readCauses.highMark(row.persistenceId());
          case StoredRow.EVENT, StoredRow.LOW_MARK -> readCauses.other(row.persistenceId());
          case StoredRow.SNAPSHOT -> readCauses.snapshot(row.persistenceId());
          default -> "read";
        };
    double units = CapacityUnits.read(item == null ? 0 : ItemSize.bytes(item), consistency);
    add(row.line(cause), 0, units);
    return units;
  }

  /**
   * A query of one partition.
   *
   * @param partition its key
   * @param bytes of all items that it has looked at
   * @param keysOnly whether it returns numbers of rows, and not their content
   */
  public double queried(
      String table, String partition, long bytes, Consistency consistency, boolean keysOnly) {
    StoredRow row = StoredRow.of(table, partition);
    String cause =
        switch (row.kind()) {
          case StoredRow.EVENT ->
              readCauses.other(row.persistenceId()) + (keysOnly ? ", last number" : "");
          case StoredRow.SNAPSHOT ->
              keysOnly ? "removal" : readCauses.snapshot(row.persistenceId());
          default -> "query";
        };
    double units = CapacityUnits.read(bytes, consistency);
    add(row.line(cause), 0, units);
    return units;
  }

  /** A scan of a table, or of a page of it. */
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
