package parley.store;

import com.amazonaws.services.dynamodbv2.AmazonDynamoDB;
import com.amazonaws.services.dynamodbv2.model.AttributeValue;
import com.amazonaws.services.dynamodbv2.model.ConditionalCheckFailedException;
import com.amazonaws.services.dynamodbv2.model.PutItemRequest;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletionStage;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import parley.store.HighestNumber.Marks;

/**
 * Finds and mends entities whose marks say less than their events: what a version before left where
 * it was killed between a hundredth event and its mark. This version reads past it; one before
 * would refuse every write to such an entity once its older events were removed, and the search for
 * the end is longer than it need be.
 *
 * <p>Mending writes the mark that should be there, on the condition that none says more by then. It
 * may run beside servers, and again.
 */
final class JournalMarks {
  private static final Logger LOG = LoggerFactory.getLogger(JournalMarks.class);

  private final AmazonDynamoDB client;
  private final String table;
  private final int shards;
  private final HighestNumber search;

  JournalMarks(AmazonDynamoDB client, String table, int shards) {
    this.client = client;
    this.table = table;
    this.shards = shards;
    this.search = new HighestNumber(DynamoReads.of(client), table, DynamoStore.JOURNAL_NAME);
  }

  /**
   * What is wrong with the marks of one entity.
   *
   * @param marks as they are
   * @param wanted as they have to be
   * @param highest the number of its last event
   */
  private record Damage(Marks marks, Marks wanted, long highest) {
    String text() {
      return "marks are missing: events go to "
          + highest
          + ", the high mark says "
          + marks.high()
          + " and should say "
          + wanted.high()
          + (marks.low() == wanted.low()
              ? ""
              : ", the low mark says " + marks.low() + " and should say " + wanted.low());
    }
  }

  /** What is wrong, without content; empty where nothing is. */
  CompletionStage<Optional<String>> problem(String persistenceId) {
    return find(persistenceId).thenApply(found -> found.map(Damage::text));
  }

  /** Mends it, if need be; answers what was wrong. */
  CompletionStage<Optional<String>> mend(String persistenceId) {
    return find(persistenceId)
        .thenApplyAsync(
            found -> {
              found.ifPresent(damage -> mend(persistenceId, damage));
              return found.map(Damage::text);
            },
            Thread::startVirtualThread);
  }

  private CompletionStage<Optional<Damage>> find(String persistenceId) {
    return search
        .marks(persistenceId, JournalFormat.MOST_SHARDS)
        .thenCompose(
            all ->
                search
                    .of(persistenceId, all)
                    .thenCombine(
                        search.marks(persistenceId, shards),
                        (highest, marks) -> compare(all, marks, highest)));
  }

  /**
   * The mark of the last event's hundred is wanted where that event is still there; where all were
   * removed the low mark says how far they went. A mark in a row that is not read counts too.
   */
  private static Optional<Damage> compare(Marks all, Marks marks, long highest) {
    long begun = highest >= all.low() ? highest / HighestNumber.HUNDRED * HighestNumber.HUNDRED : 0;
    Marks wanted = new Marks(Math.max(begun, all.high()), all.low());
    return marks.high() < wanted.high() || marks.low() < wanted.low()
        ? Optional.of(new Damage(marks, wanted, highest))
        : Optional.empty();
  }

  private void mend(String persistenceId, Damage damage) {
    Marks wanted = damage.wanted();
    if (damage.marks().low() < wanted.low()) {
      put(search.lowKey(persistenceId, shard(wanted.low())), wanted.low());
    }
    if (damage.marks().high() < wanted.high()) {
      put(search.highKey(persistenceId, shard(wanted.high())), wanted.high());
    }
    LOG.info("mended {}: {}", persistenceId, damage.text());
  }

  private long shard(long number) {
    return number / HighestNumber.HUNDRED % shards;
  }

  /** The guard adds the condition that no mark is lowered. */
  private void put(Map<String, AttributeValue> key, long number) {
    Map<String, AttributeValue> row = new HashMap<>(key);
    row.put("seq", new AttributeValue().withN(String.valueOf(number)));
    try {
      client.putItem(new PutItemRequest(table, row));
    } catch (ConditionalCheckFailedException e) {
      LOG.debug("somebody has written a higher mark meanwhile");
    }
  }
}
