package parley.store;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import parley.journal.JournalFile;
import parley.journal.JournalProbe;

/**
 * Writers on a full disk: no file may grow beyond a few megabytes, which every user can arrange.
 * The writers go on, and the process ends as the program does.
 */
@Timeout(120)
@EnabledOnOs(OS.LINUX)
class FullDiskTest {
  private static final Pattern ACKNOWLEDGED = Pattern.compile("(w[0-9]+) ([0-9]+)");

  @TempDir Path folder;

  @Test
  void nothingAcknowledgedIsLostTheProcessSaysSoAndTheNextOneGoesOn() throws Exception {
    Map<String, Long> first = new HashMap<>();
    List<String> log = run(first);
    assertThat(first).hasSize(KilledWriters.ENTITIES);
    assertThat(log).anyMatch(line -> line.contains("The journal cannot be written (3 of 3)"));
    assertThat(log).last().asString().matches("ended: .*/journal/.* File too large");

    // There is room again: all events are there, and more are written.
    Map<String, Long> stored = new HashMap<>();
    try (JournalFile file = JournalFile.open(folder.resolve("journal"))) {
      file.persistenceIds("w").forEach(id -> stored.put(id, JournalProbe.highest(file, id)));
    }
    assertThat(stored).containsOnlyKeys(first.keySet());
    first.forEach((id, last) -> assertThat(stored.get(id)).as(id).isGreaterThanOrEqualTo(last));
  }

  private List<String> run(Map<String, Long> acknowledged) throws Exception {
    List<String> command = new ArrayList<>();
    command.add(ProcessHandle.current().info().command().orElseThrow());
    command.addAll(List.of("-Xmx256m", "-XX:-UsePerfData", "--enable-native-access=ALL-UNNAMED"));
    command.addAll(List.of("-cp", System.getProperty("java.class.path")));
    command.addAll(List.of(KilledWriters.class.getName(), folder.toString(), "watch"));
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    List<String> log = new ArrayList<>();
    try (BufferedReader out =
        new BufferedReader(
            new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8))) {
      for (String line = out.readLine(); line != null; line = out.readLine()) {
        Matcher matcher = ACKNOWLEDGED.matcher(line);
        if (matcher.matches()) {
          if (acknowledged.isEmpty()) {
            full(process);
          }
          acknowledged.merge(matcher.group(1), Long.valueOf(matcher.group(2)), Math::max);
        } else if (log.size() < 10_000) {
          log.add(line);
        }
      }
    }
    assertThat(process.waitFor()).isEqualTo(1);
    return log;
  }

  /** The limit does not apply from the start, because RocksDB unpacks a library that is larger. */
  private static void full(Process process) throws Exception {
    Process limit =
        new ProcessBuilder("prlimit", "--pid", "" + process.pid(), "--fsize=6000000")
            .inheritIO()
            .start();
    assertThat(limit.waitFor()).isZero();
  }
}
