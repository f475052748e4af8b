package parley.store;

import com.amazonaws.services.dynamodbv2.AmazonDynamoDB;
import com.amazonaws.services.dynamodbv2.model.AttributeValue;
import com.amazonaws.services.dynamodbv2.model.ScanRequest;
import com.amazonaws.services.dynamodbv2.model.ScanResult;
import java.util.Collections;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import parley.bounds.BoundedMap;

/**
 * Lists the entities of a journal table, from the keys of its events. For tools: it reads them all.
 */
final class PersistenceIdScan {
  /**
   * Persistence ids that are remembered so that they are not returned again, some hundred bytes
   * each.
   */
  private static final int MAX_REMEMBERED_IDS = 10_000;

  private final AmazonDynamoDB client;
  private final String table;

  PersistenceIdScan(AmazonDynamoDB client, String table) {
    this.client = client;
    this.table = table;
  }

  /**
   * The persistence ids with that prefix. Recent ids are remembered to drop repetitions, so an id
   * of a large table may come more than once.
   */
  Stream<String> ids(String prefix) {
    String start = "journal-P-" + prefix;
    Set<String> lately = recentIds();
    return Stream.iterate(
            scan(start, null),
            Objects::nonNull,
            page ->
                page.getLastEvaluatedKey() == null || page.getLastEvaluatedKey().isEmpty()
                    ? null
                    : scan(start, page.getLastEvaluatedKey()))
        .flatMap(page -> page.getItems().stream())
        .map(item -> Objects.requireNonNull(item.get("par")).getS())
        // journal-P-<name>-<its hundreds of events>
        .map(key -> key.substring("journal-P-".length(), key.lastIndexOf('-')))
        .filter(lately::add);
  }

  /** The last ids that were returned. It is bounded, because a table may hold more than memory. */
  private static Set<String> recentIds() {
    return Collections.newSetFromMap(BoundedMap.byAge(MAX_REMEMBERED_IDS));
  }

  private ScanResult scan(String start, @Nullable Map<String, AttributeValue> after) {
    return client.scan(
        new ScanRequest(table)
            .withProjectionExpression("par")
            .withFilterExpression("begins_with(par, :start)")
            .withExpressionAttributeValues(Map.of(":start", new AttributeValue(start)))
            .withExclusiveStartKey(after));
  }
}
