package parley.journal;

import static org.assertj.core.api.Assertions.assertThat;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import java.nio.file.Path;
import org.junit.jupiter.api.io.TempDir;

class EmbeddedJournalRulesTest extends JournalRules {
  @TempDir static Path folder;

  /** Open from {@link #open} to {@link #close}. */
  @SuppressWarnings("NullAway.Init")
  private JournalFile file;

  /** The configuration by which all plugins find the file. */
  static Config config(Path folder) {
    return ConfigFactory.parseString(
        """
        parley-journal.folder = "%1$s"
        parley-embedded-snapshots.folder = "%1$s"
        parley-embedded-events.folder = "%1$s"
        """
            .formatted(folder));
  }

  @Override
  protected Config open() throws Exception {
    file = JournalFile.open(folder);
    return config(folder);
  }

  @Override
  protected void close() {
    // Only the test's own entities.
    assertThat(file.persistenceIds(""))
        .isNotEmpty()
        .isSorted()
        .doesNotHaveDuplicates()
        .allMatch(id -> id.startsWith("rules-"));
    file.close();
  }
}
