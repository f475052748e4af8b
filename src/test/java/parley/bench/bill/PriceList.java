package parley.bench.bill;

/**
 * What DynamoDB costs: the prices that every figure in dollars is computed with. They are those of
 * tables that are billed by request (on demand), table class Standard, region us-east-1, in US
 * dollars. Free allowances are not deducted.
 *
 * <p>Source: <a href="https://aws.amazon.com/dynamodb/pricing/on-demand/">Amazon's price list</a>,
 * valid since {@link #VALID_SINCE}, when Amazon halved the two prices of units.
 */
public final class PriceList {
  /** The day from which these prices are valid. */
  public static final String VALID_SINCE = "2024-11-01";

  /** The region and kind of table that they are valid for. */
  public static final String VALID_FOR = "us-east-1 on-demand standard";

  private static final double WRITE_UNIT = 0.625 / 1e6;
  private static final double READ_UNIT = 0.125 / 1e6;

  private PriceList() {}

  /** The price of so many units, in dollars. */
  public static double dollars(double writeUnits, double readUnits) {
    return writeUnits * WRITE_UNIT + readUnits * READ_UNIT;
  }
}
