package parley.bench.report;

import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/**
 * Requests to a DynamoDB store by kind ({@code PutItem}), with the units billed for them by the
 * rules of {@link parley.bench.bill.CapacityUnits}.
 *
 * @param byKind sorted by name
 */
public record StoreRequests(Map<String, Tally> byKind) {
  /** For a store that was not used or does not count. */
  public static final StoreRequests NONE = new StoreRequests(Map.of());

  private static final Set<String> READS =
      Set.of("GetItem", "BatchGetItem", "TransactGetItems", "Query", "Scan");

  /**
   * The requests of one kind.
   *
   * @param requests the number of requests
   * @param units the capacity units billed for them
   */
  public record Tally(long requests, double units) {}

  /** Parses the output of {@link #toString}. */
  public static StoreRequests parse(String text) {
    Map<String, Tally> all = new TreeMap<>();
    for (String word : text.trim().split(" ", -1)) {
      if (!word.isEmpty()) {
        String[] parts = word.split("[=/]", -1);
        all.put(parts[0], new Tally(Long.parseLong(parts[1]), Double.parseDouble(parts[2])));
      }
    }
    return new StoreRequests(all);
  }

  /** Returns the difference between these counts and earlier ones. */
  public StoreRequests since(StoreRequests before) {
    Map<String, Tally> more = new TreeMap<>();
    byKind.forEach(
        (kind, now) -> {
          Tally then = before.byKind.getOrDefault(kind, new Tally(0, 0));
          if (now.requests > then.requests) {
            more.put(kind, new Tally(now.requests - then.requests, now.units - then.units));
          }
        });
    return new StoreRequests(more);
  }

  long requests() {
    return byKind.values().stream().mapToLong(Tally::requests).sum();
  }

  public double readUnits() {
    return units(true);
  }

  public double writeUnits() {
    return units(false);
  }

  private double units(boolean reads) {
    return byKind.entrySet().stream()
        .filter(kind -> READS.contains(kind.getKey()) == reads)
        .mapToDouble(kind -> kind.getValue().units)
        .sum();
  }

  /** One line, for example {@code PutItem=12/15.0 Query=3/1.5}. */
  @Override
  public String toString() {
    StringBuilder text = new StringBuilder();
    byKind.forEach(
        (kind, tally) ->
            text.append(text.isEmpty() ? "" : " ")
                .append(kind)
                .append('=')
                .append(tally.requests)
                .append('/')
                .append(tally.units));
    return text.toString();
  }
}
