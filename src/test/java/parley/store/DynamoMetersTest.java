package parley.store;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import parley.client.ClientIds;
import parley.journal.JournalMeters;
import parley.telemetry.Telemetry;

/** What requests to DynamoDB cost and how they end. */
@Timeout(120)
final class DynamoMetersTest {
  @Test
  void requestsAndTheirCapacityUnitsAreCounted() throws Exception {
    try (NotebookHarness notebooks = new NotebookHarness("meters");
        Telemetry telemetry = new Telemetry()) {
      assertThat(units(telemetry, "put_item")).isZero();
      var notebook = notebooks.start("notebook-" + ClientIds.next());
      // The hundredth event and its mark go as one transaction.
      notebooks.fill(notebook, 1, 100);
      assertThat(units(telemetry, "put_item")).isGreaterThanOrEqualTo(99);
      // Amazon bills 4. The stand-in rounds the rows of a transaction up together.
      assertThat(units(telemetry, "batch_write_item")).isGreaterThanOrEqualTo(2);
      assertThat(requests(telemetry, "put_item", "ok")).isGreaterThanOrEqualTo(99);
      assertThat(requests(telemetry, "put_item", "failed")).isZero();
      assertThat(events(telemetry)).isGreaterThanOrEqualTo(100);
    }
  }

  private static double units(Telemetry telemetry, String operation) {
    return telemetry
        .registry()
        .get(DynamoMeters.UNITS)
        .tag("operation", operation)
        .counter()
        .count();
  }

  private static double requests(Telemetry telemetry, String operation, String outcome) {
    return telemetry
        .registry()
        .get(DynamoMeters.REQUESTS)
        .tag("operation", operation)
        .tag("outcome", outcome)
        .counter()
        .count();
  }

  private static double events(Telemetry telemetry) {
    return telemetry
        .registry()
        .get(JournalMeters.EVENT_BYTES)
        .tag("entity", "other")
        .summary()
        .count();
  }
}
