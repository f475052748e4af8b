package parley.bench.bill;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import software.amazon.awssdk.services.dynamodb.model.AttributeValue;
import software.amazon.awssdk.services.dynamodb.model.KeySchemaElement;
import software.amazon.awssdk.services.dynamodb.model.Projection;
import software.amazon.awssdk.services.dynamodb.model.ProjectionType;
import software.amazon.awssdk.services.dynamodb.model.TableDescription;

/**
 * The entries of one secondary index, local or global, and their write units.
 *
 * <p>An item has an entry if it has all key attributes of the index. A new entry costs a write, a
 * removed entry costs a write, and an entry whose key changes costs both. If only other attributes
 * of an entry change, it costs one write of the larger of the old and the new entry. An unchanged
 * entry is free. Source: "Local secondary indexes" and "Global secondary indexes", write
 * considerations, in the developer guide.
 *
 * @param keys the key attributes of the index and of its table
 * @param others the other projected attributes; null if all are projected
 */
record IndexEntries(Set<String> keys, @Nullable Set<String> others) {
  /** Returns all indexes of a table. */
  static List<IndexEntries> of(TableDescription table) {
    List<IndexEntries> all = new ArrayList<>();
    if (table.hasLocalSecondaryIndexes()) {
      table
          .localSecondaryIndexes()
          .forEach(index -> all.add(of(table, index.keySchema(), index.projection())));
    }
    if (table.hasGlobalSecondaryIndexes()) {
      table
          .globalSecondaryIndexes()
          .forEach(index -> all.add(of(table, index.keySchema(), index.projection())));
    }
    return List.copyOf(all);
  }

  private static IndexEntries of(
      TableDescription table, List<KeySchemaElement> index, Projection projection) {
    Set<String> keys = new HashSet<>();
    table.keySchema().forEach(key -> keys.add(key.attributeName()));
    index.forEach(key -> keys.add(key.attributeName()));
    Set<String> others =
        projection.projectionType() == ProjectionType.ALL
            ? null
            : Set.copyOf(projection.nonKeyAttributes());
    return new IndexEntries(keys, others);
  }

  /** Returns the write units of the entry for one write to the table. */
  double units(
      @Nullable Map<String, AttributeValue> before, @Nullable Map<String, AttributeValue> after) {
    Map<String, AttributeValue> old = entry(before);
    Map<String, AttributeValue> now = entry(after);
    if (old == null) {
      return now == null ? 0 : CapacityUnits.written(null, now);
    }
    if (now == null) {
      return CapacityUnits.written(old, null);
    }
    if (old.equals(now)) {
      return 0;
    }
    boolean sameKey = keys.stream().allMatch(key -> Objects.equals(old.get(key), now.get(key)));
    return sameKey
        ? CapacityUnits.written(old, now)
        : CapacityUnits.written(old, null) + CapacityUnits.written(null, now);
  }

  private @Nullable Map<String, AttributeValue> entry(@Nullable Map<String, AttributeValue> item) {
    if (item == null || !item.keySet().containsAll(keys)) {
      return null;
    }
    Map<String, AttributeValue> entry = new HashMap<>(item);
    if (others != null) {
      entry.keySet().removeIf(name -> !keys.contains(name) && !others.contains(name));
    }
    return entry;
  }
}
