package parley.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import parley.journal.JournalFile;

class DataFolderTest {
  @TempDir Path temporary;

  @Test
  void theFolderIsCreatedAndLockedByOneProcess() throws Exception {
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
  void onlyTheOwnerCanReadTheFolder() throws Exception {
    Path made = temporary.resolve("a/b");
    DataFolder.open(made).close();
    assertThat(Files.getPosixFilePermissions(made))
        .isEqualTo(PosixFilePermissions.fromString("rwx------"));

    // An existing folder keeps its rights.
    Set<PosixFilePermission> open = PosixFilePermissions.fromString("rwxr-xr-x");
    Files.setPosixFilePermissions(made, open);
    DataFolder.open(made).close();
    assertThat(Files.getPosixFilePermissions(made)).isEqualTo(open);
  }

  /** An older version, an archive or a copy left the rights too wide. */
  @Test
  @DisabledOnOs(OS.WINDOWS)
  void foldersOfTheProgramBecomePrivateAgain() throws Exception {
    Set<PosixFilePermission> open = PosixFilePermissions.fromString("rwxrwxr-x");
    for (String name : List.of("journal", "native", "cold", "photos")) {
      Files.setPosixFilePermissions(Files.createDirectory(temporary.resolve(name)), open);
    }
    Path key = Files.writeString(temporary.resolve("auth-signing-key.json"), "{}");
    Path notes = Files.writeString(temporary.resolve("notes.txt"), "");
    Files.setPosixFilePermissions(key, open);
    Files.setPosixFilePermissions(notes, open);
    Files.setPosixFilePermissions(temporary, open);
    try (EmbeddedStore store = EmbeddedStore.open(temporary)) {
      store.openJournal();
    }
    assertThat(rights("journal")).isEqualTo("rwx------");
    assertThat(rights("native")).isEqualTo("rwx------");
    assertThat(rights("cold")).isEqualTo("rwx------");
    assertThat(rights("auth-signing-key.json")).isEqualTo("rw-------");
    // Other files keep their rights, and so does a folder that another user created.
    assertThat(rights("photos")).isEqualTo("rwxrwxr-x");
    assertThat(rights("notes.txt")).isEqualTo("rwxrwxr-x");
    assertThat(rights("")).isEqualTo("rwxrwxr-x");
  }

  private String rights(String name) throws Exception {
    return PosixFilePermissions.toString(Files.getPosixFilePermissions(temporary.resolve(name)));
  }

  @Test
  void aFileInPlaceOfTheFolderIsRefused() throws Exception {
    Path file = Files.writeString(temporary.resolve("data"), "");
    assertThatThrownBy(() -> DataFolder.open(file))
        .isInstanceOf(StoreRefusedException.class)
        .hasMessageStartingWith("PARLEY_DATA_DIR: cannot write to " + file);
  }

  @Test
  void aJournalThatIsNoneIsRefusedInOneLine() throws Exception {
    Path journal = Files.createDirectory(temporary.resolve("journal"));
    Files.writeString(journal.resolve("CURRENT"), "not a database".repeat(1000));
    refused("PARLEY_DATA_DIR: cannot open the journal");
  }

  @Test
  void theJournalOfAVersionThatKeptItInSqlIsRefusedInOneLine() throws Exception {
    Path old = Files.writeString(temporary.resolve("journal.mv.db"), "");
    refused("PARLEY_DATA_DIR: journal.mv.db in " + temporary + " was written by a version");
    assertThat(temporary.resolve("journal")).doesNotExist();

    // A journal whose content was copied may stay, but only beside the copy.
    Files.move(old, temporary.resolve("journal.mv.db.taken-over"));
    refused("PARLEY_DATA_DIR: journal.mv.db.taken-over in " + temporary + " was written by");
    assertThat(temporary.resolve("journal")).doesNotExist();
    JournalFile.open(temporary.resolve("journal")).close();
    try (EmbeddedStore store = EmbeddedStore.open(temporary)) {
      store.openJournal();
    }
  }

  private void refused(String why) throws Exception {
    try (EmbeddedStore store = EmbeddedStore.open(temporary)) {
      assertThatThrownBy(store::openJournal)
          .isInstanceOf(StoreRefusedException.class)
          .hasMessageStartingWith(why)
          .satisfies(e -> assertThat(e.getMessage()).doesNotContain("\n"));
    }
  }
}
