package parley.store;

import static org.assertj.core.api.Assertions.assertThat;

import com.amazonaws.services.dynamodbv2.model.AttributeValue;
import com.amazonaws.services.dynamodbv2.model.BatchGetItemRequest;
import com.amazonaws.services.dynamodbv2.model.BatchGetItemResult;
import com.amazonaws.services.dynamodbv2.model.KeysAndAttributes;
import com.amazonaws.services.dynamodbv2.model.QueryRequest;
import com.amazonaws.services.dynamodbv2.model.QueryResult;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * The highest number is found whatever marks were lost, whatever events were removed, and whatever
 * an interrupted removal has left.
 */
class HighestNumberTest {
  private static final int RUNS = 300;
  private static final int STEPS = 12;

  /** The rows of one entity. */
  private static final class Rows implements HighestNumber.Reads {
    final TreeSet<Long> events = new TreeSet<>();
    final Map<String, Long> marks = new HashMap<>();
    final Random random;

    Rows(Random random) {
      this.random = random;
    }

    @Override
    public CompletionStage<BatchGetItemResult> get(BatchGetItemRequest request) {
      List<Map<String, AttributeValue>> rows = new ArrayList<>();
      List<Map<String, AttributeValue>> left = new ArrayList<>();
      for (Map<String, AttributeValue> key :
          Objects.requireNonNull(request.getRequestItems().get("t")).getKeys()) {
        Long mark = marks.get(Objects.requireNonNull(key.get("par")).getS());
        if (random.nextInt(10) == 0) {
          left.add(key);
        } else if (mark != null) {
          Map<String, AttributeValue> row = new HashMap<>(key);
          row.put("seq", new AttributeValue().withN(mark.toString()));
          rows.add(row);
        }
      }
      BatchGetItemResult result = new BatchGetItemResult().withResponses(Map.of("t", rows));
      return CompletableFuture.completedFuture(
          left.isEmpty()
              ? result
              : result.withUnprocessedKeys(Map.of("t", new KeysAndAttributes().withKeys(left))));
    }

    @Override
    public CompletionStage<QueryResult> query(QueryRequest request) {
      String par =
          Objects.requireNonNull(request.getExpressionAttributeValues().get(":par")).getS();
      long from = Long.parseLong(par.substring(par.lastIndexOf('-') + 1)) * 100;
      Long newest = events.floor(from + 99);
      return CompletableFuture.completedFuture(
          new QueryResult()
              .withItems(
                  newest == null || newest < from
                      ? List.of()
                      : List.of(
                          Map.of(
                              "num", new AttributeValue().withN(String.valueOf(newest - from))))));
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 10})
  void theHighestNumberIsFoundInTheTable(int shards) {
    long seed = Long.getLong("parley.seed", System.nanoTime());
    System.out.println("parley.seed=" + seed);
    for (int run = 0; run < RUNS; run++) {
      Random random = new Random(seed + run);
      Rows rows = new Rows(random);
      HighestNumber search = new HighestNumber(rows, "t", "j");
      long last = 0;
      long low = 0;
      for (int step = 0; step < STEPS; step++) {
        if (random.nextInt(3) > 0) {
          for (int more = random.nextInt(250); more > 0; more--) {
            last++;
            rows.events.add(last);
            if (last % 100 == 0 && random.nextInt(3) > 0) {
              rows.marks.put("j-SH-e-" + last / 100 % shards, last);
            }
          }
        } else if (last > 0) {
          long to = random.nextInt(4) == 0 ? last : random.nextLong(last) + 1;
          if (to + 1 > low) {
            rows.marks.put("j-SL-e-" + (to + 1) / 100 % shards, to + 1);
            // A process that dies in between leaves some events.
            rows.events.removeIf(n -> n <= to && random.nextInt(50) > 0);
            low = to + 1;
          }
        }
        assertThat(search.find("e", shards).toCompletableFuture().join())
            .as("seed %d, run %d, step %d", seed, run, step)
            .isEqualTo(last);
      }
    }
  }
}
