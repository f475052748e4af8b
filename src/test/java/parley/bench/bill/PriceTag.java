package parley.bench.bill;

import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import parley.bench.bill.Bill.Amount;

/**
 * A bill for a number of things of one kind, such as messages.
 *
 * @param workload what was done
 * @param bill what it cost
 * @param each the name of one thing
 * @param count how many there were
 */
public record PriceTag(String workload, Bill bill, String each, double count) {
  /** Lines of the table that cost less than this, in dollars a million, are shown as one. */
  private static final double SMALL = 0.005;

  private static final String ROW = "  %-22s %-14s %-34s %9s %9s %9s%n";

  public double writeUnits() {
    return bill.total().writeUnits() / all();
  }

  public double readUnits() {
    return bill.total().readUnits() / all();
  }

  /** What a million of them cost. */
  public double dollarsPerMillion() {
    return perMillion(bill.total());
  }

  private double all() {
    return count <= 0 ? 1 : count;
  }

  private double perMillion(Amount amount) {
    return amount.dollars() / all() * 1e6;
  }

  /** The line for scripts: words of the form {@code name=value} after {@code COST}. */
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

  /** What it was spent on, the most expensive first, for one of them. */
  public String table() {
    StringBuilder text = new StringBuilder();
    text.append(
        String.format(Locale.ROOT, ROW, "entity", "row", "cause", "write", "read", "$/million"));
    Amount rest = Amount.NONE;
    for (Map.Entry<BillLine, Amount> entry : bill.byPrice()) {
      Amount amount = entry.getValue();
      if (perMillion(amount) < SMALL) {
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
        number(amount.writeUnits() / all()),
        number(amount.readUnits() / all()),
        number(perMillion(amount)));
  }

  private static String number(double value) {
    return String.format(Locale.ROOT, "%.3f", value);
  }

  /** For JSON; all lines, in units and dollars of the whole run. */
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
