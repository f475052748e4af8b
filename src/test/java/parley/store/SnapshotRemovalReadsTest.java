package parley.store;

import static org.assertj.core.api.Assertions.assertThat;

import com.typesafe.config.ConfigFactory;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.apache.pekko.pattern.Patterns;
import org.apache.pekko.persistence.DeleteSnapshotsSuccess;
import org.apache.pekko.persistence.Persistence;
import org.apache.pekko.persistence.SaveSnapshotSuccess;
import org.apache.pekko.persistence.SnapshotMetadata;
import org.apache.pekko.persistence.SnapshotProtocol;
import org.apache.pekko.persistence.SnapshotSelectionCriteria;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import parley.client.FaultProxy.Pass;

/** What the removal of a snapshot asks of DynamoDB: a snapshot is large, and each read is paid. */
@Timeout(60)
class SnapshotRemovalReadsTest {
  @Test
  void aSnapshotIsDeletedByItsNumberWithoutARead() throws Exception {
    try (NotebookHarness notebooks = new NotebookHarness("removal-reads")) {
      for (long number : new long[] {5, 7, 9}) {
        assertThat(
                ask(
                    notebooks,
                    new SnapshotProtocol.SaveSnapshot(
                        new SnapshotMetadata("reads", number, number), "state")))
            .isInstanceOf(SaveSnapshotSuccess.class);
      }
      Queue<String> asked = new ConcurrentLinkedQueue<>();
      notebooks.proxy.rule(
          call -> {
            asked.add(call.operation());
            return new Pass();
          });
      assertThat(ask(notebooks, delete(7, 7))).isInstanceOf(DeleteSnapshotsSuccess.class);
      assertThat(List.copyOf(asked)).isEqualTo(List.of("DeleteItem"));
      assertThat(ask(notebooks, delete(1, 8))).isInstanceOf(DeleteSnapshotsSuccess.class);
      assertThat(List.copyOf(asked)).isEqualTo(List.of("DeleteItem", "Query", "DeleteItem"));
    }
  }

  private static SnapshotProtocol.DeleteSnapshots delete(long from, long to) {
    return new SnapshotProtocol.DeleteSnapshots(
        "reads", SnapshotSelectionCriteria.create(to, Long.MAX_VALUE, from, 0));
  }

  private static Object ask(NotebookHarness notebooks, Object message) {
    return Patterns.ask(
            Persistence.get(notebooks.kit.system()).snapshotStoreFor("", ConfigFactory.empty()),
            message,
            NotebookHarness.PATIENCE)
        .toCompletableFuture()
        .join();
  }
}
