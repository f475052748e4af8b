package parley.app;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * The script {@code k8s/aws/restore.sh} with a stand-in for AWS's command: which calls it makes,
 * and which it refuses to make. No stand-in of DynamoDB or S3 can restore, so nothing is restored.
 */
@Timeout(60)
class RestoreScriptTest {
  private static final String AT = "2026-01-31T10:15:00Z";

  /** Answers what the script reads, and notes what it changes. */
  private static final String AWS =
      """
      #!/usr/bin/env bash
      case "$1 $2" in
        'dynamodb describe-continuous-backups')
          if [ "$4" = "$MISSING" ]; then echo '{"ContinuousBackupsDescription": {}}'; exit; fi
          echo '{"ContinuousBackupsDescription": {"PointInTimeRecoveryDescription": {
            "EarliestRestorableDateTime": "'"$EARLIEST"'",
            "LatestRestorableDateTime": "2026-02-01T00:00:00.123000+00:00"}}}' ;;
        'dynamodb list-tables') echo '{"TableNames": ["parley-journal", "'"$THERE"'"]}' ;;
        's3api list-object-versions') cat "$VERSIONS" ;;
        *) echo "$*" >> "$CALLS"; [ "$1 $2" != "$FAIL" ] ;;
      esac
      """;

  private static final String VERSIONS =
      """
      {"Versions": [
        {"Key": "conversations/a/kept", "VersionId": "1", "IsLatest": true,
         "LastModified": "2026-01-01T00:00:00+00:00"},
        {"Key": "conversations/a/removed", "VersionId": "2", "IsLatest": false,
         "LastModified": "2026-01-02T00:00:00+00:00"},
        {"Key": "conversations/a/replaced", "VersionId": "3", "IsLatest": false,
         "LastModified": "2026-01-03T00:00:00+00:00"},
        {"Key": "conversations/a/replaced", "VersionId": "4", "IsLatest": true,
         "LastModified": "2026-01-31T10:15:01+00:00"},
        {"Key": "conversations/a/later", "VersionId": "5", "IsLatest": true,
         "LastModified": "2026-01-31T10:16:00.500000+00:00"},
        {"Key": "conversations/a/gone before", "VersionId": "6", "IsLatest": false,
         "LastModified": "2026-01-05T00:00:00+00:00"}],
       "DeleteMarkers": [
        {"Key": "conversations/a/removed", "VersionId": "7", "IsLatest": true,
         "LastModified": "2026-01-31T12:00:00+00:00"},
        {"Key": "conversations/a/gone before", "VersionId": "8", "IsLatest": true,
         "LastModified": "2026-01-06T00:00:00+00:00"}]}
      """;

  @TempDir Path folder;
  private final List<String> environment = new ArrayList<>();
  private int exit;
  private String output = "";

  @BeforeEach
  void standIn() throws IOException {
    Path aws = Files.writeString(folder.resolve("aws"), AWS);
    assertThat(aws.toFile().setExecutable(true)).isTrue();
    Files.writeString(folder.resolve("versions.json"), VERSIONS);
    environment.add("EARLIEST=2026-01-30T00:00:00+00:00");
  }

  /** Runs the script, and returns the calls that change something. */
  private List<String> run(String... arguments) throws IOException, InterruptedException {
    List<String> command = new ArrayList<>(List.of("bash", "k8s/aws/restore.sh"));
    command.addAll(List.of(arguments));
    ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
    Path calls = folder.resolve("calls");
    Files.deleteIfExists(calls);
    builder.environment().merge("PATH", folder.toString(), (path, ours) -> ours + ":" + path);
    builder.environment().put("CALLS", calls.toString());
    builder.environment().put("VERSIONS", folder.resolve("versions.json").toString());
    for (String one : environment) {
      int equals = one.indexOf('=');
      builder.environment().put(one.substring(0, equals), one.substring(equals + 1));
    }
    Process process = builder.start();
    output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(process.waitFor(30, TimeUnit.SECONDS)).isTrue();
    exit = process.exitValue();
    return Files.exists(calls) ? Files.readAllLines(calls) : List.of();
  }

  private List<String> restore(String... more) throws IOException, InterruptedException {
    List<String> arguments =
        new ArrayList<>(List.of("--at", AT, "--from", "parley-", "--to", "parley-r1-"));
    arguments.addAll(List.of(more));
    return run(arguments.toArray(String[]::new));
  }

  @Test
  void itRestoresAllTablesToOneInstantAndBeginsANewEpoch() throws Exception {
    List<String> calls = restore("--apply");
    assertThat(exit).as(output).isZero();
    for (String table : List.of("journal", "snapshots", "secrets", "nodes")) {
      assertThat(calls)
          .contains(
              "dynamodb restore-table-to-point-in-time --source-table-name parley-"
                  + table
                  + " --target-table-name parley-r1-"
                  + table
                  + " --restore-date-time "
                  + AT,
              "dynamodb wait table-exists --table-name parley-r1-" + table,
              "dynamodb update-table --table-name parley-r1-"
                  + table
                  + " --deletion-protection-enabled");
    }
    assertThat(calls.getLast())
        .isEqualTo(
            "dynamodb delete-item --table-name parley-r1-secrets --key {\"name\": {\"S\":"
                + " \"epoch\"}}");
    assertThat(calls).noneMatch(call -> call.startsWith("s3api"));
  }

  @Test
  void withoutApplyItChangesNothing() throws Exception {
    assertThat(restore("--bucket", "cold")).isEmpty();
    assertThat(exit).as(output).isZero();
    assertThat(output)
        .contains("nothing was changed", "parley-r1-journal", "conversations/a/later");
  }

  @Test
  void theBucketGoesBackToTheSameInstant() throws Exception {
    List<String> calls = restore("--bucket", "cold", "--apply");
    assertThat(exit).as(output).isZero();
    assertThat(calls.stream().filter(call -> call.startsWith("s3api")))
        .containsExactlyInAnyOrder(
            "s3api copy-object --bucket cold --key conversations/a/removed --copy-source"
                + " cold/conversations/a/removed?versionId=2",
            "s3api copy-object --bucket cold --key conversations/a/replaced --copy-source"
                + " cold/conversations/a/replaced?versionId=3",
            "s3api delete-object --bucket cold --key conversations/a/later");
  }

  @Test
  void aTableThatCannotGoBackSoFarStopsItBeforeAnythingIsRestored() throws Exception {
    environment.add("EARLIEST=2026-01-31T10:15:01+00:00");
    assertThat(restore("--apply")).isEmpty();
    assertThat(exit).isEqualTo(1);
    assertThat(output).contains("--at: parley-journal can be restored from 2026-01-31T10:15:01Z");
    environment.add("EARLIEST=2026-01-30T00:00:00+00:00");
    environment.add("MISSING=parley-secrets");
    assertThat(restore("--apply")).isEmpty();
    assertThat(exit).isEqualTo(1);
    assertThat(output).contains("parley-secrets: has no point-in-time recovery");
  }

  @Test
  void anInterruptedRestoreGoesOn() throws Exception {
    environment.add("FAIL=dynamodb wait");
    List<String> first = restore("--apply");
    assertThat(exit).isNotZero();
    assertThat(first).noneMatch(call -> call.startsWith("dynamodb delete-item"));
    environment.add("FAIL=");
    environment.add("THERE=parley-r1-snapshots");
    List<String> second = restore("--apply");
    assertThat(exit).as(output).isZero();
    assertThat(second)
        .noneMatch(call -> call.contains("--target-table-name parley-r1-snapshots"))
        .anyMatch(call -> call.contains("--target-table-name parley-r1-journal"));
  }

  @Test
  void wrongArgumentsAreNamed() throws Exception {
    assertThat(run("--at", "yesterday", "--from", "a-", "--to", "b-")).isEmpty();
    assertThat(exit).isEqualTo(2);
    assertThat(output).contains("--at: must be a time in UTC");
    assertThat(run("--at", AT, "--from", "a-", "--to", "a-")).isEmpty();
    assertThat(output).contains("--to: must differ from --from");
    assertThat(run("--at", AT)).isEmpty();
    assertThat(output).contains("restore.sh --at");
    assertThat(run("--at")).isEmpty();
    assertThat(exit).isEqualTo(2);
  }
}
