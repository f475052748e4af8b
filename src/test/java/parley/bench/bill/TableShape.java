package parley.bench.bill;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import software.amazon.awssdk.services.dynamodb.model.AttributeValue;
import software.amazon.awssdk.services.dynamodb.model.KeySchemaElement;
import software.amazon.awssdk.services.dynamodb.model.TableDescription;

/** The schema of a table as far as the bill depends on it: key and secondary indexes. */
public final class TableShape {
  private final Set<String> keys;
  private final List<IndexEntries> indexes;

  public TableShape(TableDescription table) {
    keys =
        table.keySchema().stream()
            .map(KeySchemaElement::attributeName)
            .collect(Collectors.toUnmodifiableSet());
    indexes = IndexEntries.of(table);
  }

  /** Returns the key of an item. */
  public Map<String, AttributeValue> keyOf(Map<String, AttributeValue> item) {
    Map<String, AttributeValue> key = new HashMap<>(item);
    key.keySet().retainAll(keys);
    return key;
  }

  /** Returns the write units of all index entries for one write to the table. */
  double indexUnits(
      @Nullable Map<String, AttributeValue> before, @Nullable Map<String, AttributeValue> after) {
    return indexes.stream().mapToDouble(index -> index.units(before, after)).sum();
  }
}
