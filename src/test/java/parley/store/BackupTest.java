package parley.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import parley.journal.JournalSync;

/** What a backup holds, and what becomes of it when a server or a command opens it. */
class BackupTest {
  @TempDir Path folder;
  private Path data;
  private Path parent;

  @BeforeEach
  void folders() throws IOException {
    data = folder.resolve("data");
    parent = Files.createDirectory(folder.resolve("backups"));
  }

  private EmbeddedStore opened(Path where) throws StoreRefusedException {
    EmbeddedStore store = EmbeddedStore.open(where);
    store.openJournal(JournalSync.OS);
    return store;
  }

  private static void write(Path file, String text) throws IOException {
    Files.createDirectories(file.getParent());
    Files.writeString(file, text);
  }

  @Test
  void itHoldsColdObjectsAndKeysAndNoUnfinishedFile() throws Exception {
    Path target = parent.resolve("parley-1");
    try (EmbeddedStore store = opened(data)) {
      write(data.resolve("cold/conversations/d_1/1.json"), "manifest");
      write(data.resolve("cold/conversations/d_1/.unfinished-x"), "half");
      write(data.resolve("auth-signing-key"), "secret");
      write(data.resolve("shards"), "4");
      Backup.Summary made = store.backup(target);
      assertThat(made.folder()).isEqualTo(target);
      assertThat(made.linked()).isPositive();
      assertThat(made.files()).isGreaterThan(4);
      // The server replaces an object by renaming: what is in the backup stays.
      Path other = data.resolve("cold/conversations/d_1/.unfinished-y");
      write(other, "changed");
      Files.move(
          other,
          data.resolve("cold/conversations/d_1/1.json"),
          java.nio.file.StandardCopyOption.REPLACE_EXISTING);
    }
    assertThat(target.resolve("cold/conversations/d_1/1.json")).hasContent("manifest");
    assertThat(target.resolve("auth-signing-key")).hasContent("secret");
    assertThat(target.resolve("shards")).hasContent("4");
    assertThat(target.resolve("cold/conversations/d_1/.unfinished-x")).doesNotExist();
    assertThat(target.resolve("lock")).doesNotExist();
    assertThat(names(parent)).containsExactly("parley-1");
  }

  @Test
  void aServerBeginsANewHistoryOnceAndACommandNone() throws Exception {
    Path target = parent.resolve("parley-1");
    String epoch;
    try (EmbeddedStore store = opened(data)) {
      epoch = store.epoch();
      store.backup(target);
    }
    try (EmbeddedStore store = opened(data)) {
      assertThat(store.epoch()).as("the server whose backup was made").isEqualTo(epoch);
    }
    try (EmbeddedStore command = EmbeddedStore.open(target)) {
      command.openJournalForCommand(JournalSync.OS);
      assertThat(command.epoch()).isEqualTo(epoch);
    }
    String restored;
    try (EmbeddedStore store = opened(target)) {
      restored = store.epoch();
      assertThat(restored).isNotEqualTo(epoch);
    }
    try (EmbeddedStore store = opened(target)) {
      assertThat(store.epoch()).isEqualTo(restored);
      store.backup(parent.resolve("parley-2"));
    }
    try (EmbeddedStore store = opened(parent.resolve("parley-2"))) {
      assertThat(store.epoch()).isNotIn(epoch, restored);
    }
  }

  @Test
  void aBackupThatFailsLeavesNothing() throws Exception {
    try (EmbeddedStore store = opened(data)) {
      assertThatThrownBy(() -> store.backup(folder.resolve("nowhere/parley-1")))
          .isInstanceOf(NoSuchFileException.class);
      Path taken = Files.createDirectory(parent.resolve("parley-1"));
      assertThatThrownBy(() -> store.backup(taken)).isInstanceOf(FileAlreadyExistsException.class);
      Path leftover = Files.createDirectory(parent.resolve(".unfinished-parley-2"));
      assertThatThrownBy(() -> store.backup(parent.resolve("parley-2")))
          .as("another process may be writing it")
          .isInstanceOf(FileAlreadyExistsException.class);
      assertThat(leftover).exists();
      write(leftover.resolve("journal/1.sst"), "half");
      Files.setLastModifiedTime(leftover, FileTime.from(Instant.now().minus(Duration.ofDays(2))));
      store.backup(parent.resolve("parley-2"));
      assertThat(names(parent)).containsExactlyInAnyOrder("parley-1", "parley-2");
    }
  }

  private static List<String> names(Path folder) throws IOException {
    try (Stream<Path> all = Files.list(folder)) {
      return all.map(path -> path.getFileName().toString()).toList();
    }
  }
}
