package parley.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

class DataFolderTest {
  @TempDir Path temporary;

  @Test
  void isMadeAndHeldByOne() throws Exception {
    Path path = temporary.resolve("a/b");
    try (DataFolder first = DataFolder.open(path)) {
      assertThat(first.path()).isDirectory();
      assertThatThrownBy(() -> DataFolder.open(path))
          .isInstanceOf(StoreRefusedException.class)
          .hasMessageStartingWith("PARLEY_DATA_DIR: ")
          .hasMessageContaining(path.toString())
          .hasMessageContaining("in use");
    }
    DataFolder.open(path).close();
  }

  @Test
  @DisabledOnOs(OS.WINDOWS)
  void isForItsOwnerOnly() throws Exception {
    Path made = temporary.resolve("a/b");
    DataFolder.open(made).close();
    assertThat(Files.getPosixFilePermissions(made))
        .isEqualTo(PosixFilePermissions.fromString("rwx------"));

    // One that is there stays as its owner made it.
    Set<PosixFilePermission> open = PosixFilePermissions.fromString("rwxr-xr-x");
    Files.setPosixFilePermissions(made, open);
    DataFolder.open(made).close();
    assertThat(Files.getPosixFilePermissions(made)).isEqualTo(open);
  }

  @Test
  void aFileInItsPlaceIsRefused() throws Exception {
    Path file = Files.writeString(temporary.resolve("data"), "");
    assertThatThrownBy(() -> DataFolder.open(file))
        .isInstanceOf(StoreRefusedException.class)
        .hasMessageStartingWith("PARLEY_DATA_DIR: cannot write to " + file);
  }

  @Test
  void aJournalThatIsNoneIsRefusedInOneLine() throws Exception {
    Files.writeString(temporary.resolve("journal.mv.db"), "not a database".repeat(1000));
    try (EmbeddedStore store = EmbeddedStore.open(temporary)) {
      assertThatThrownBy(store::openJournal)
          .isInstanceOf(StoreRefusedException.class)
          .hasMessageStartingWith("PARLEY_DATA_DIR: cannot open the journal")
          .satisfies(e -> assertThat(e.getMessage()).doesNotContain("\n"));
    }
  }
}
