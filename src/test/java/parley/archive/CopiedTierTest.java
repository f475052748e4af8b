package parley.archive;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.apache.pekko.actor.typed.DispatcherSelector;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import parley.model.ConversationId;
import parley.telemetry.Telemetry;

/** A backup that takes long holds writes back. That is no failure of the store. */
class CopiedTierTest {
  private static final ConversationId ID = new ConversationId("g_01J9Z");

  @TempDir Path folder;

  @Test
  void aLongCopyOpensNoBreaker() throws Exception {
    ArchiveHarness harness =
        new ArchiveHarness("parley.archive { write-timeout = 100ms, breaker.failures = 1 }");
    try (Telemetry telemetry = new Telemetry()) {
      ColdTier tier =
          ColdTiers.over(
              new FileObjects(
                  folder,
                  harness
                      .kit
                      .system()
                      .dispatchers()
                      .lookup(DispatcherSelector.fromConfig(SegmentTier.DISPATCHER))),
              harness.kit.system(),
              telemetry);
      CompletableFuture<String> copying = new CompletableFuture<>();
      CompletionStage<String> copied = tier.whileUnchanged(() -> copying);
      for (int i = 0; i < 3; i++) {
        assertThatThrownBy(
                () -> ArchiveHarness.result(tier.write(ID, new EntrySamples(1).entries(1, 3))))
            .isInstanceOf(ColdUnavailable.class)
            .hasMessage("the cold tier is being copied");
      }
      copying.complete("made");
      assertThat(copied.toCompletableFuture()).isCompletedWithValue("made");
      assertThat(ArchiveHarness.result(tier.write(ID, new EntrySamples(1).entries(1, 3))).to())
          .isEqualTo(3);
    } finally {
      harness.close();
    }
  }
}
