package parley.bench.bill;

import java.util.Map;
import software.amazon.awssdk.services.dynamodb.model.AttributeValue;

/**
 * The kind of an item in Parley's tables, from its table and key. The keys are those of the journal
 * plugin: {@code journal-P-<persistence id>-<hundred>} for events, {@code SH} and {@code SL}
 * instead of {@code P} for high and low marks, and no number for snapshots.
 *
 * @param entity the kind of entity
 * @param kind the kind of row
 * @param persistenceId empty if the row has no entity
 */
record StoredRow(String entity, String kind, String persistenceId) {
  static final String EVENT = "event";
  static final String HIGH_MARK = "high mark";
  static final String LOW_MARK = "low mark";
  static final String SNAPSHOT = "snapshot";

  private static final String STORE = "store";
  private static final String PREFIX = "journal-";
  private static final String EVENTS = PREFIX + "P-";
  private static final String HIGH = PREFIX + "SH-";
  private static final String LOW = PREFIX + "SL-";

  /** Returns the row of an item or of its key. */
  static StoredRow of(String table, Map<String, AttributeValue> item) {
    AttributeValue par = item.get("par");
    return of(table, par == null || par.s() == null ? "" : par.s());
  }

  /** Returns the row of a partition key. */
  static StoredRow of(String table, String key) {
    if (key.startsWith(HIGH)) {
      return entity(HIGH_MARK, withoutNumber(key.substring(HIGH.length())));
    }
    if (key.startsWith(LOW)) {
      return entity(LOW_MARK, withoutNumber(key.substring(LOW.length())));
    }
    if (key.startsWith(EVENTS)) {
      String rest = key.substring(EVENTS.length());
      return table.endsWith("snapshots")
          ? entity(SNAPSHOT, rest.replaceFirst("#\\d+$", ""))
          : entity(EVENT, withoutNumber(rest));
    }
    return new StoredRow(
        STORE, key.isEmpty() ? table.substring(table.lastIndexOf('-') + 1) : key, "");
  }

  private static StoredRow entity(String kind, String persistenceId) {
    int bar = persistenceId.indexOf('|');
    String entity =
        persistenceId.startsWith("/sharding/")
            ? "sharding"
            : bar < 0 ? persistenceId : persistenceId.substring(0, bar);
    return new StoredRow(entity, kind, persistenceId);
  }

  private static String withoutNumber(String text) {
    int dash = text.lastIndexOf('-');
    return dash < 0 ? text : text.substring(0, dash);
  }

  BillLine line(String cause) {
    return new BillLine(entity, kind, cause);
  }
}
