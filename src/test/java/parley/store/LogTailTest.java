package parley.store;

import static org.assertj.core.api.Assertions.assertThat;

import com.amazonaws.services.dynamodbv2.model.AttributeValue;
import com.amazonaws.services.dynamodbv2.model.BatchGetItemRequest;
import com.amazonaws.services.dynamodbv2.model.BatchGetItemResult;
import com.amazonaws.services.dynamodbv2.model.QueryRequest;
import com.amazonaws.services.dynamodbv2.model.QueryResult;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.junit.jupiter.api.Test;

/** Which events a recovery finds, and in how many queries, for any rows. */
class LogTailTest {
  private static final int RUNS = 500;

  /** The events of one entity, in pages of a bounded size. */
  private static final class Rows implements HighestNumber.Reads {
    final TreeMap<Long, Map<String, AttributeValue>> events = new TreeMap<>();
    int pageSize = Integer.MAX_VALUE;
    int queries;

    void write(long from, long to, int bytes) {
      for (long n = from; n <= to; n++) {
        Map<String, AttributeValue> row = new HashMap<>();
        row.put("num", new AttributeValue().withN(String.valueOf(n % 100)));
        row.put("seq", new AttributeValue().withN(String.valueOf(n)));
        row.put("event", new AttributeValue().withB(ByteBuffer.wrap(new byte[bytes])));
        events.put(n, row);
      }
    }

    @Override
    public CompletionStage<BatchGetItemResult> get(BatchGetItemRequest request) {
      throw new AssertionError("no marks are read");
    }

    @Override
    public CompletionStage<QueryResult> query(QueryRequest request) {
      queries++;
      Map<String, AttributeValue> values = request.getExpressionAttributeValues();
      String par = Objects.requireNonNull(values.get(":par")).getS();
      long hundred = Long.parseLong(par.substring(par.lastIndexOf('-') + 1)) * 100;
      AttributeValue from = values.get(":from");
      AttributeValue to = values.get(":to");
      List<Map<String, AttributeValue>> all =
          new ArrayList<>(
              events
                  .subMap(
                      hundred + (from == null ? 0 : Long.parseLong(from.getN())),
                      hundred + (to == null ? 100 : Long.parseLong(to.getN()) + 1))
                  .values());
      if (Boolean.FALSE.equals(request.isScanIndexForward())) {
        return CompletableFuture.completedFuture(
            new QueryResult().withItems(all.isEmpty() ? List.of() : List.of(all.getLast())));
      }
      QueryResult result = new QueryResult();
      if (all.size() > pageSize) {
        all = all.subList(0, pageSize);
        result.withLastEvaluatedKey(Map.of("num", all.getLast().get("num")));
      }
      return CompletableFuture.completedFuture(result.withItems(all));
    }
  }

  private static Optional<LogTail> read(Rows rows, long first) {
    return new LogTail.Reader(rows, "t", "j").read("e", first).toCompletableFuture().join();
  }

  @Test
  void fewEventsAreOneQuery() {
    Rows rows = new Rows();
    rows.write(1, 42, 10);
    LogTail tail = read(rows, 1).orElseThrow();
    assertThat(tail.highest()).isEqualTo(42);
    assertThat(tail.holds(1, 42)).isTrue();
    assertThat(tail.holds(1, 41)).isFalse();
    assertThat(tail.holds(2, 42)).isFalse();
    assertThat(rows.queries).isEqualTo(1);
  }

  @Test
  void nothingAfterTheSnapshotSaysNothing() {
    Rows rows = new Rows();
    rows.write(1, 42, 10);
    assertThat(read(rows, 43)).isEmpty();
    assertThat(read(new Rows(), 1)).isEmpty();
  }

  @Test
  void anEventOfALargerCommandSaysNothing() {
    Rows rows = new Rows();
    rows.write(1, 42, 10);
    Objects.requireNonNull(rows.events.get(40L)).put("cnt", new AttributeValue().withN("30"));
    assertThat(read(rows, 1)).isEmpty();
  }

  @Test
  void moreThanATailKeepsIsCountedAndNotKept() {
    Rows many = new Rows();
    many.write(1, 5_250, 10);
    LogTail tail = read(many, 1).orElseThrow();
    assertThat(tail.highest()).isEqualTo(5_250);
    assertThat(tail.rows()).isEmpty();
    assertThat(tail.holds(1, 5_250)).isFalse();

    Rows large = new Rows();
    large.write(1, 450, 20_000);
    assertThat(read(large, 1).orElseThrow().highest()).isEqualTo(450);
    assertThat(read(large, 1).orElseThrow().rows()).isEmpty();
  }

  @Test
  void wholeLogsAreFoundAndGapsAreNoticed() {
    long seed = Long.getLong("parley.seed", System.nanoTime());
    System.out.println("parley.seed=" + seed);
    for (int run = 0; run < RUNS; run++) {
      Random random = new Random(seed + run);
      Rows rows = new Rows();
      rows.pageSize = 1 + random.nextInt(150);
      long last = 1L + random.nextInt(450);
      rows.write(1, last, 10);
      long first = 1 + random.nextLong(last);
      // Before the snapshot any event may be missing.
      rows.events.headMap(first).keySet().removeIf(n -> random.nextBoolean());
      String what = "seed %d, run %d, %d to %d".formatted(seed, run, first, last);
      LogTail tail = read(rows, first).orElseThrow();
      assertThat(tail.highest()).as(what).isEqualTo(last);
      assertThat(tail.holds(first, last)).as(what).isTrue();
      assertThat(tail.rows().stream().map(EventPages::number).toList())
          .as(what)
          .isEqualTo(List.copyOf(rows.events.tailMap(first).keySet()));
      if (last > first) {
        long gap = first + random.nextLong(last - first);
        rows.events.remove(gap);
        if (gap % 100 != 99) {
          assertThat(read(rows, first)).as("%s without %d", what, gap).isEmpty();
        }
      }
    }
  }
}
