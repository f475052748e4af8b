package parley.bench.bill;

/**
 * The prices for all figures in dollars: on-demand tables of DynamoDB, table class Standard, region
 * us-east-1, in US dollars. Free tiers are not deducted.
 *
 * <p>Source: <a href="https://aws.amazon.com/dynamodb/pricing/on-demand/">Amazon's price list</a>,
 * valid since {@link #VALID_SINCE}, when Amazon halved the two prices.
 */
public final class PriceList {
  /** The first day on which these prices are valid. */
  public static final String VALID_SINCE = "2024-11-01";

  /** The region and kind of table for which these prices are valid. */
  public static final String VALID_FOR = "us-east-1 on-demand standard";

  private static final double WRITE_UNIT = 0.625 / 1e6;
  private static final double READ_UNIT = 0.125 / 1e6;

  private PriceList() {}

  /** Returns the price in dollars. */
  public static double dollars(double writeUnits, double readUnits) {
    return writeUnits * WRITE_UNIT + readUnits * READ_UNIT;
  }
}
