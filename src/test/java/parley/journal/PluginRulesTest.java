package parley.journal;

import static org.assertj.core.api.Assertions.assertThat;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.apache.pekko.persistence.CapabilityFlag;
import org.apache.pekko.persistence.japi.journal.JavaJournalSpec;
import org.apache.pekko.persistence.japi.snapshot.JavaSnapshotStoreSpec;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.scalatest.Args;
import org.scalatest.Reporter;
import org.scalatest.Suite;
import org.scalatest.events.TestCanceled;
import org.scalatest.events.TestFailed;
import org.scalatest.events.TestSucceeded;
import scala.Option;

/** What Pekko asks of each journal and snapshot store: its own rules, run on ours. */
@Timeout(180)
class PluginRulesTest {
  @TempDir Path folder;

  @Test
  void journal() throws Exception {
    try (JournalFile file = JournalFile.open(folder)) {
      assertThat(run(new Journal(config(folder)))).hasSizeGreaterThanOrEqualTo(10);
      // Its entities, and none that is not.
      assertThat(file.ids("")).isNotEmpty().isSorted().doesNotHaveDuplicates();
    }
  }

  @Test
  void snapshots() throws Exception {
    try (JournalFile file = JournalFile.open(folder)) {
      assertThat(run(new Snapshots(config(folder)))).hasSizeGreaterThanOrEqualTo(8);
      assertThat(file.ids("")).isEmpty();
    }
  }

  /** Runs all of its tests; answers the names of those that succeeded. */
  private static List<String> run(Suite rules) {
    List<String> good = new ArrayList<>();
    List<String> bad = new ArrayList<>();
    Reporter reporter =
        event -> {
          switch (event) {
            case TestSucceeded succeeded -> good.add(succeeded.testName());
            case TestFailed failed -> bad.add(failed.testName() + ": " + failed.message());
            case TestCanceled canceled -> bad.add(canceled.testName() + ": " + canceled.message());
            default -> {}
          }
        };
    Args args =
        new Args(
            reporter,
            Args.$lessinit$greater$default$2(),
            Args.$lessinit$greater$default$3(),
            Args.$lessinit$greater$default$4(),
            Args.$lessinit$greater$default$5(),
            Args.$lessinit$greater$default$6(),
            Args.$lessinit$greater$default$7(),
            Args.$lessinit$greater$default$8(),
            Args.$lessinit$greater$default$9(),
            Args.$lessinit$greater$default$10());
    boolean succeeded = rules.run(Option.empty(), args).succeeds();
    assertThat(bad).isEmpty();
    assertThat(succeeded).isTrue();
    return good;
  }

  private static Config config(Path folder) {
    return ConfigFactory.parseString(
            """
            pekko.actor.provider = local
            pekko.actor.allow-java-serialization = on
            pekko.actor.warn-about-java-serializer-usage = off
            parley-journal.folder = "%1$s"
            parley-embedded-snapshots.folder = "%1$s"
            parley-embedded-events.folder = "%1$s"
            pekko.coordinated-shutdown.run-by-actor-system-terminate = off
            """
                .formatted(folder))
        .withFallback(ConfigFactory.load());
  }

  private static final class Journal extends JavaJournalSpec {
    Journal(Config config) {
      super(config);
    }

    @Override
    public CapabilityFlag supportsRejectingNonSerializableObjects() {
      return CapabilityFlag.on();
    }

    @Override
    public CapabilityFlag supportsMetadata() {
      return CapabilityFlag.off();
    }
  }

  private static final class Snapshots extends JavaSnapshotStoreSpec {
    Snapshots(Config config) {
      super(config);
    }

    @Override
    public CapabilityFlag supportsMetadata() {
      return CapabilityFlag.off();
    }
  }
}
