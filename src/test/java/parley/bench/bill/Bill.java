package parley.bench.bill;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Capacity units by entity, row and cause.
 *
 * @param lines the amount of each line
 */
public record Bill(Map<BillLine, Amount> lines) {
  /** The bill of a store that was not used or does not count. */
  public static final Bill EMPTY = new Bill(Map.of());

  private static final ObjectMapper JSON = new ObjectMapper();

  /**
   * The units of one line.
   *
   * @param count written items, or requests that read
   * @param writeUnits write units
   * @param readUnits read units
   */
  public record Amount(long count, double writeUnits, double readUnits) {
    static final Amount NONE = new Amount(0, 0, 0);

    Amount plus(Amount other) {
      return new Amount(
          count + other.count, writeUnits + other.writeUnits, readUnits + other.readUnits);
    }

    Amount minus(Amount other) {
      return new Amount(
          count - other.count, writeUnits - other.writeUnits, readUnits - other.readUnits);
    }

    public double dollars() {
      return PriceList.dollars(writeUnits, readUnits);
    }
  }

  /** One line as JSON. */
  private record Row(
      String entity,
      String row,
      String cause,
      long count,
      double writeUnits,
      double readUnits,
      double dollars) {
    static Row of(BillLine line, Amount amount) {
      return new Row(
          line.entity(),
          line.row(),
          line.cause(),
          amount.count(),
          amount.writeUnits(),
          amount.readUnits(),
          amount.dollars());
    }
  }

  /** Returns the difference between this bill and an earlier one. */
  public Bill since(Bill before) {
    Map<BillLine, Amount> more = new LinkedHashMap<>();
    lines.forEach(
        (line, now) -> {
          Amount amount = now.minus(before.lines.getOrDefault(line, Amount.NONE));
          if (amount.count > 0) {
            more.put(line, amount);
          }
        });
    return new Bill(more);
  }

  public Amount total() {
    return lines.values().stream().reduce(Amount.NONE, Amount::plus);
  }

  /** All lines, the most expensive first. */
  public List<Map.Entry<BillLine, Amount>> byPrice() {
    List<Map.Entry<BillLine, Amount>> all = new ArrayList<>(lines.entrySet());
    all.sort(
        Comparator.<Map.Entry<BillLine, Amount>>comparingDouble(entry -> entry.getValue().dollars())
            .reversed()
            .thenComparing(entry -> entry.getKey().toString()));
    return all;
  }

  /** All lines for JSON, the most expensive first. */
  public List<Object> rows() {
    return new ArrayList<>(
        byPrice().stream().map(entry -> Row.of(entry.getKey(), entry.getValue())).toList());
  }

  /** The bill as one line of JSON. */
  public String json() {
    try {
      return JSON.writeValueAsString(rows());
    } catch (JsonProcessingException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Parses the output of {@link #json}. */
  public static Bill parse(String json) {
    try {
      Map<BillLine, Amount> lines = new LinkedHashMap<>();
      for (Row row : JSON.readValue(json, new TypeReference<List<Row>>() {})) {
        lines.put(
            new BillLine(row.entity, row.row, row.cause),
            new Amount(row.count, row.writeUnits, row.readUnits));
      }
      return new Bill(lines);
    } catch (JsonProcessingException e) {
      throw new UncheckedIOException(e);
    }
  }
}
