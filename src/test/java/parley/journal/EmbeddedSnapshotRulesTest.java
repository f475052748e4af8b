package parley.journal;

import static org.assertj.core.api.Assertions.assertThat;

import com.typesafe.config.Config;
import java.nio.file.Path;
import org.junit.jupiter.api.io.TempDir;

class EmbeddedSnapshotRulesTest extends SnapshotRules {
  @TempDir static Path folder;

  /** Open from {@link #open} to {@link #close}. */
  @SuppressWarnings("NullAway.Init")
  private JournalFile file;

  @Override
  protected Config open() throws Exception {
    file = JournalFile.open(folder);
    return EmbeddedJournalRulesTest.config(folder);
  }

  @Override
  protected void close() {
    assertThat(file.persistenceIds("")).isEmpty();
    file.close();
  }
}
