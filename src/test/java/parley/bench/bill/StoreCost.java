package parley.bench.bill;

import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import parley.bench.bill.Bill.Amount;

/**
 * The cost of the store for a number of items of one kind, such as messages.
 *
 * @param workload the name of the workload
 * @param bill the units of the whole run
 * @param each the name of one item
 * @param count the number of items
 */
public record StoreCost(String workload, Bill bill, String each, double count) {
  /** The table combines all lines that cost less than this, in dollars per million items. */
  private static final double MIN_SHOWN_DOLLARS = 0.005;

  private static final String ROW = "  %-22s %-14s %-34s %9s %9s %9s%n";

  public double writeUnits() {
    return bill.total().writeUnits() / divisor();
  }

  public double readUnits() {
    return bill.total().readUnits() / divisor();
  }

  /** Returns the price of a million items. */
  public double dollarsPerMillion() {
    return perMillion(bill.total());
  }

  private double divisor() {
    return count <= 0 ? 1 : count;
  }

  private double perMillion(Amount amount) {
    return amount.dollars() / divisor() * 1e6;
  }

  /** One line for scripts: {@code COST} and words of the form {@code name=value}. */
  public String line() {
    return String.format(
        Locale.ROOT,
        "COST workload=%s each=%s count=%.1f write_units=%.4f read_units=%.4f"
            + " dollars_per_million=%.4f prices=%s",
        workload,
        each,
        count,
        writeUnits(),
        readUnits(),
        dollarsPerMillion(),
        PriceList.VALID_SINCE);
  }

  /** A table of the cost per item, the most expensive line first. */
  public String table() {
    StringBuilder text = new StringBuilder();
    text.append(
        String.format(Locale.ROOT, ROW, "entity", "row", "cause", "write", "read", "$/million"));
    Amount rest = Amount.NONE;
    for (Map.Entry<BillLine, Amount> entry : bill.byPrice()) {
      Amount amount = entry.getValue();
      if (perMillion(amount) < MIN_SHOWN_DOLLARS) {
        rest = rest.plus(amount);
      } else {
        BillLine line = entry.getKey();
        text.append(row(line.entity(), line.row(), line.cause(), amount));
      }
    }
    if (rest.count() > 0) {
      text.append(row("rest", "", "", rest));
    }
    return text.append(row("total", "", "", bill.total())).toString();
  }

  private String row(String entity, String row, String cause, Amount amount) {
    return String.format(
        Locale.ROOT,
        ROW,
        entity,
        row,
        cause,
        number(amount.writeUnits() / divisor()),
        number(amount.readUnits() / divisor()),
        number(perMillion(amount)));
  }

  private static String number(double value) {
    return String.format(Locale.ROOT, "%.3f", value);
  }

  /** All lines for JSON, with the units and dollars of the whole run. */
  public Map<String, Object> json() {
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("workload", workload);
    json.put("each", each);
    json.put("count", count);
    json.put("writeUnits", writeUnits());
    json.put("readUnits", readUnits());
    json.put("dollarsPerMillion", dollarsPerMillion());
    json.put("pricesValidSince", PriceList.VALID_SINCE);
    json.put("pricesValidFor", PriceList.VALID_FOR);
    json.put("lines", bill.rows());
    return json;
  }
}
