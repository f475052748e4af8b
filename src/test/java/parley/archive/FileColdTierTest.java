package parley.archive;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.time.Instant;
import java.util.stream.Stream;
import org.apache.pekko.actor.typed.DispatcherSelector;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;

class FileColdTierTest extends ColdTierContract {
  @Override
  ObjectStore objects() {
    return over(files());
  }

  private ObjectStore over(Path root) {
    return new FileObjects(
        root,
        archiveHarness
            .kit
            .system()
            .dispatchers()
            .lookup(DispatcherSelector.fromConfig(SegmentTier.DISPATCHER)));
  }

  @Override
  Path files() {
    return folder.resolve("data").resolve("cold");
  }

  @Test
  void aFolderThatCannotBeWrittenIsNamed() throws IOException {
    Path file = Files.writeString(folder.resolve("file"), "in the way");
    assertThatThrownBy(() -> ArchiveHarness.result(over(file.resolve("cold")).check()))
        .isInstanceOf(ColdRefused.class)
        .hasMessageStartingWith("PARLEY_DATA_DIR: cannot write to " + file);
    assertThatThrownBy(
            () -> ArchiveHarness.result(over(file).put("a/b", new byte[3], "text/plain")))
        .hasRootCauseInstanceOf(IOException.class);
  }

  @Test
  @DisabledOnOs(OS.WINDOWS)
  void onlyTheOwnerCanReadFolders() throws IOException {
    ArchiveHarness.result(objects().put("conversations/x/1", new byte[] {1}, "text/plain"));
    try (Stream<Path> all = Files.walk(files())) {
      for (Path one : all.filter(Files::isDirectory).toList()) {
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(one)))
            .as(one.toString())
            .isEqualTo("rwx------");
      }
    }
  }

  @Test
  void filesLeftUnfinishedByACrashAreIgnored() throws IOException {
    ObjectStore store = objects();
    ArchiveHarness.result(store.put("conversations/x/1", new byte[] {1}, "text/plain"));
    Files.write(files().resolve("conversations/x/.unfinished-1"), new byte[] {2});
    assertThat(archiveHarness.all(store.list("conversations/x/")))
        .containsExactly("conversations/x/1");
    Path old = Files.write(files().resolve("conversations/x/.unfinished-2"), new byte[] {2});
    Files.setLastModifiedTime(old, FileTime.from(Instant.now().minus(Duration.ofHours(2))));
    ArchiveHarness.result(store.put("conversations/x/2", new byte[] {1}, "text/plain"));
    assertThat(old).doesNotExist();
    // Another process may still be writing the file.
    assertThat(files().resolve("conversations/x/.unfinished-1")).exists();
  }

  /** A limit of file sizes stands in for a full disk: every user can set it. */
  @Test
  void whereAFileCannotGrowNothingIsHalfThere() throws Exception {
    String key = "conversations/x/1";
    assertThat(limited(key, 1_000)).isEqualTo("put");
    assertThat(limited(key, 3_000_000)).startsWith("ColdUnavailable ");
    assertThat(limited("conversations/y/1", 3_000_000)).startsWith("ColdUnavailable ");
    try (Stream<Path> all = Files.walk(files())) {
      assertThat(all.filter(Files::isRegularFile))
          .containsExactly(files().resolve("conversations/x/1"));
    }
    assertThat(Files.size(files().resolve(key))).isEqualTo(1_000);
  }

  private String limited(String key, int bytes) throws Exception {
    // Blocks of 512 or 1,024 bytes, depending on the shell: less than two megabytes.
    String java = ProcessHandle.current().info().command().orElseThrow();
    Process process =
        new ProcessBuilder(
                "sh",
                "-c",
                "ulimit -f 1500 && exec \"$@\"",
                "sh",
                java,
                "-XX:-UsePerfData",
                "-Xshare:auto",
                "-cp",
                System.getProperty("java.class.path"),
                FullDisk.class.getName(),
                files().toString(),
                key,
                String.valueOf(bytes))
            .redirectErrorStream(true)
            .start();
    try (InputStream out = process.getInputStream()) {
      return new String(out.readAllBytes(), StandardCharsets.UTF_8).strip();
    } finally {
      process.destroy();
    }
  }
}
