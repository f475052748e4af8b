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
 * Finds and repairs entities whose marks are behind their events. An earlier version left such
 * marks if it was killed between a hundredth event and its mark. This version reads past them, but
 * its search for the last event is longer than necessary. The earlier version would refuse every
 * write to such an entity after its older events were removed.
 *
 * <p>A repair writes the correct mark, on the condition that no higher mark is stored by then. It
 * may run beside servers, and may be repeated.
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
   * @param marks the stored marks
   * @param wanted the correct marks
   * @param highest the number of its last event
   */
  private record Damage(Marks marks, Marks wanted, long highest) {
    String description() {
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

  /** A description of what is wrong, without content; empty if nothing is. */
  CompletionStage<Optional<String>> problem(String persistenceId) {
    return findDamage(persistenceId).thenApply(found -> found.map(Damage::description));
  }

  /** Repairs the marks if necessary. Returns a description of what was wrong. */
  CompletionStage<Optional<String>> mend(String persistenceId) {
    return findDamage(persistenceId)
        .thenApplyAsync(
            found -> {
              found.ifPresent(damage -> mend(persistenceId, damage));
              return found.map(Damage::description);
            },
            Thread::startVirtualThread);
  }

  private CompletionStage<Optional<Damage>> findDamage(String persistenceId) {
    return search
        .marks(persistenceId, JournalFormat.MAX_MARK_SHARDS)
        .thenCompose(
            all ->
                search
                    .find(persistenceId, all)
                    .thenCombine(
                        search.marks(persistenceId, shards),
                        (highest, marks) -> compare(all, marks, highest)));
  }

  /**
   * Compares the stored marks with the correct ones. If the last event still exists, the high mark
   * has to name its hundred. If all events were removed, the low mark tells how far they went.
   * Marks in rows that the table's format does not read count for the correct ones too.
   */
  private static Optional<Damage> compare(Marks all, Marks marks, long highest) {
    long begun =
        highest >= all.low()
            ? highest / HighestNumber.PARTITION_SIZE * HighestNumber.PARTITION_SIZE
            : 0;
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
    LOG.info("Mended {}: {}", persistenceId, damage.description());
  }

  private long shard(long number) {
    return number / HighestNumber.PARTITION_SIZE % shards;
  }

  /** Writes a mark. {@link WriteGuard} adds the condition that no mark is lowered. */
  private void put(Map<String, AttributeValue> key, long number) {
    Map<String, AttributeValue> row = new HashMap<>(key);
    row.put("seq", new AttributeValue().withN(String.valueOf(number)));
    try {
      client.putItem(new PutItemRequest(table, row));
    } catch (ConditionalCheckFailedException e) {
      LOG.debug("Another writer has stored a higher mark meanwhile");
    }
  }
}
