package parley.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.amazonaws.services.dynamodbv2.AmazonDynamoDBAsyncClient;
import com.amazonaws.services.dynamodbv2.AmazonDynamoDBAsyncClientBuilder;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executors;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import parley.client.ClientIds;
import parley.journal.BreakerMirror;
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
      assertThat(connections(telemetry, "max")).isEqualTo(64);
      assertThat(connections(telemetry, "in_use")).isBetween(0.0, 64.0);
      assertThat(connections(telemetry, "waiting")).isZero();
      assertThat(breakerOpen(telemetry)).isZero();
    }
  }

  /** A request holds a connection from its beginning to its result, and one too many waits. */
  @Test
  void connectionsInUseAreCounted() throws Exception {
    ThreadPoolExecutor threads = (ThreadPoolExecutor) Executors.newFixedThreadPool(2);
    CompletableFuture<Void> answer = new CompletableFuture<>();
    AmazonDynamoDBAsyncClient client =
        (AmazonDynamoDBAsyncClient)
            AmazonDynamoDBAsyncClientBuilder.standard()
                .withRegion("eu-central-1")
                .withExecutorFactory(() -> threads)
                .build();
    try (Telemetry telemetry = new Telemetry()) {
      ConnectionPools.SNAPSHOTS.show(client);
      for (int i = 0; i < 3; i++) {
        // What the client does with a request.
        var unused = threads.submit(() -> answer.get(60, TimeUnit.SECONDS));
      }
      await()
          .untilAsserted(() -> assertThat(snapshotConnections(telemetry, "in_use")).isEqualTo(2));
      assertThat(snapshotConnections(telemetry, "max")).isEqualTo(2);
      assertThat(snapshotConnections(telemetry, "waiting")).isEqualTo(1);
      answer.complete(null);
      await().untilAsserted(() -> assertThat(snapshotConnections(telemetry, "in_use")).isZero());
    } finally {
      client.shutdown();
    }
  }

  private static double connections(Telemetry telemetry, String state) {
    return connections(telemetry, "dynamodb_journal", state);
  }

  private static double snapshotConnections(Telemetry telemetry, String state) {
    return connections(telemetry, "dynamodb_snapshots", state);
  }

  private static double connections(Telemetry telemetry, String pool, String state) {
    return telemetry
        .registry()
        .get(ConnectionPools.CONNECTIONS)
        .tags("pool", pool, "state", state)
        .gauge()
        .value();
  }

  private static double breakerOpen(Telemetry telemetry) {
    return telemetry.registry().get(BreakerMirror.OPEN).tag("store", "journal").gauge().value();
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
