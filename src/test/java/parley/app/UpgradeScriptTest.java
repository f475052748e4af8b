package parley.app;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * The script {@code k8s/upgrade.sh} with stand-ins for {@code kubectl} and {@code curl}. The
 * stand-in keeps a StatefulSet and its pods in files, and replaces a deleted pod as the controller
 * does: by the wanted revision from the partition on, else by the one before.
 */
@Timeout(120)
class UpgradeScriptTest {
  private static final String KUBECTL =
      """
      #!/usr/bin/env bash
      [ "$1 $2" = '-n parley' ] || exit 9
      shift 2
      cd "$STATE" || exit 9
      [ ! -e silent ] || exit 1
      revision() { if [ "$1" -ge "$(cat partition)" ]; then cat wanted; else cat current; fi; }
      case "$1 $2" in
        'get statefulset')
          jq -n --arg wanted "$(cat wanted)" --argjson count "$(cat count)" --argjson partition "$(cat partition)" '
            {metadata: {generation: 1}, status: {observedGeneration: 1, updateRevision: $wanted},
             spec: {replicas: $count, updateStrategy: {rollingUpdate: {partition: $partition}},
               template: {spec: {containers: [{name: "parley", image: $wanted}]}}}}' ;;
        'get pods')
          for pod in pods/*; do
            jq -n --arg name "${pod#pods/}" --arg revision "$(cat "$pod")" --arg broken "$(cat broken)" '
              {metadata: {name: $name, labels: {"controller-revision-hash": $revision}},
               spec: {containers: [{image: $revision}]},
               status: {conditions: [{type: "Ready", status: (if $revision == $broken then "False" else "True" end)}]}}'
          done | jq -s '{items: .}' ;;
        'patch statefulset')
          jq -r '.spec.updateStrategy.rollingUpdate.partition' <<<"${*: -1}" > partition
          image=$(jq -r '.spec.template.spec.containers[0].image // empty' <<<"${*: -1}")
          if [ -n "$image" ]; then cp wanted current; echo "$image" > wanted; fi
          echo "partition $(cat partition)${image:+ image $image}" >> calls ;;
        'rollout undo') cp current wanted; echo undo >> calls ;;
        'delete pod')
          shift 2
          for pod in "$@"; do
            case "$pod" in
              parley-*)
                printf '%s ' "$pod" >> calls
                revision "${pod#parley-}" > "pods/$pod" ;;
            esac
          done
          echo >> calls
          if [ -e firing-after ]; then cp firing-after firing; fi ;;
        port-forward*) echo 'Forwarding from 127.0.0.1:40123 -> 8558'; exec sleep 60 ;;
        *) echo "$*" >> unknown; exit 9 ;;
      esac
      """;

  private static final String CURL =
      """
      #!/usr/bin/env bash
      cd "$STATE" || exit 9
      case "$*" in
        *:40123/cluster/members)
          jq -n --argjson up "$(cat members)" --argjson gone "$(cat unreachable)" '
            {members: [range($up) | {status: "Up"}], unreachable: [range($gone) | {node: "n\\(.)"}]}' ;;
        *http://prometheus/api/v1/query*)
          [ ! -e no-prometheus ] || exit 7
          jq -n --arg firing "$(cat firing)" '{status: "success", data: {result:
            [$firing | select(. != "") | {metric: {alertname: .}}]}}' ;;
        *) echo "curl $*" >> unknown; exit 9 ;;
      esac
      """;

  @TempDir Path folder;
  private int exit;
  private String output = "";

  @BeforeEach
  void standIns() throws IOException {
    for (String[] program : new String[][] {{"kubectl", KUBECTL}, {"curl", CURL}}) {
      Path file = Files.writeString(folder.resolve(program[0]), program[1]);
      assertThat(file.toFile().setExecutable(true)).isTrue();
    }
    Files.createDirectory(folder.resolve("pods"));
    nodes(5);
    put("partition", "0");
    put("current", "v1");
    put("wanted", "v1");
    put("broken", "none");
    put("unreachable", "0");
    put("firing", "");
  }

  private void nodes(int count) throws IOException {
    for (int node = 0; node < count; node++) {
      put("pods/parley-" + node, "v1");
    }
    put("count", String.valueOf(count));
    put("members", String.valueOf(count));
  }

  private void put(String name, String content) throws IOException {
    Files.writeString(folder.resolve(name), content + "\n");
  }

  private List<String> versions() throws IOException {
    List<String> versions = new ArrayList<>();
    try (Stream<Path> pods = Files.list(folder.resolve("pods"))) {
      for (Path pod : pods.sorted().toList()) {
        versions.add(Files.readString(pod).strip());
      }
    }
    return versions;
  }

  /** Runs the script, and returns the calls that change something. */
  private List<String> run(String... arguments) throws IOException, InterruptedException {
    List<String> command = new ArrayList<>(List.of("bash", "k8s/upgrade.sh"));
    command.addAll(List.of(arguments));
    ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
    Path calls = folder.resolve("calls");
    Files.deleteIfExists(calls);
    builder.environment().merge("PATH", folder.toString(), (path, ours) -> ours + ":" + path);
    builder.environment().put("STATE", folder.toString());
    builder.environment().put("UPGRADE_INTERVAL_SECONDS", "0.05");
    Process process = builder.start();
    output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
    exit = process.exitValue();
    assertThat(folder.resolve("unknown")).doesNotExist();
    return Files.exists(calls)
        ? Files.readAllLines(calls).stream().map(String::strip).toList()
        : List.of();
  }

  private List<String> upgrade(String... more) throws IOException, InterruptedException {
    List<String> arguments = new ArrayList<>(List.of("--watch", "0", "--timeout", "1"));
    arguments.addAll(List.of(more));
    return run(arguments.toArray(String[]::new));
  }

  @Test
  void itReplacesAllInStepsAndNeverHalf() throws Exception {
    List<String> calls = upgrade("--image", "v2", "--step", "4");
    assertThat(exit).as(output).isZero();
    assertThat(calls)
        .containsExactly(
            "partition 100000 image v2",
            "partition 3",
            "parley-4 parley-3",
            "partition 1",
            "parley-2 parley-1",
            "partition 0",
            "parley-0",
            "partition 0");
    assertThat(versions()).containsOnly("v2");
    assertThat(output).contains("all 5 nodes run v2");
  }

  @Test
  void theUsualStepIsAQuarterWhateverTheNumber() throws Exception {
    nodes(12);
    List<String> calls = upgrade("--image", "v2");
    assertThat(exit).as(output).isZero();
    assertThat(calls.stream().filter(call -> call.startsWith("parley-")))
        .containsExactly(
            "parley-11 parley-10 parley-9",
            "parley-8 parley-7 parley-6",
            "parley-5 parley-4 parley-3",
            "parley-2 parley-1 parley-0");
  }

  @Test
  void oneOfThreeAtATime() throws Exception {
    try (Stream<Path> pods = Files.list(folder.resolve("pods"))) {
      for (Path pod : pods.toList()) {
        Files.delete(pod);
      }
    }
    nodes(3);
    assertThat(upgrade("--image", "v2", "--step", "2").stream().filter(c -> c.startsWith("par")))
        .contains("parley-2", "parley-1", "parley-0");
    assertThat(exit).as(output).isZero();
  }

  @Test
  void aCanaryIsOneNodeAndTheNextRunGoesOn() throws Exception {
    assertThat(upgrade("--image", "v2", "--canary"))
        .containsExactly("partition 100000 image v2", "partition 4", "parley-4");
    assertThat(exit).as(output).isZero();
    assertThat(output).contains("the canary is parley-4");
    assertThat(versions()).containsExactly("v1", "v1", "v1", "v1", "v2");

    assertThat(upgrade("--image", "v2")).doesNotContain("parley-4").endsWith("partition 0");
    assertThat(exit).as(output).isZero();
    assertThat(versions()).containsOnly("v2");
  }

  @Test
  void aVersionThatDoesNotStartStopsItAndTheWayBackIsOpen() throws Exception {
    put("broken", "v2");
    List<String> calls = upgrade("--image", "v2", "--step", "2");
    assertThat(exit).isEqualTo(1);
    assertThat(calls).endsWith("partition 3", "parley-4 parley-3");
    assertThat(output).contains("STOPPED", "3 of 5 pods are ready", "--rollback");
    assertThat(versions()).containsExactly("v1", "v1", "v1", "v2", "v2");

    // Both at once: neither serves, and neither gets well before the other is replaced.
    assertThat(upgrade("--rollback"))
        .containsExactly(
            "partition 100000", "undo", "partition 3", "parley-4 parley-3", "partition 0");
    assertThat(exit).as(output).isZero();
    assertThat(versions()).containsOnly("v1");
  }

  @Test
  void aThirdVersionReplacesTheBrokenNodesFirst() throws Exception {
    put("broken", "v2");
    upgrade("--image", "v2", "--step", "2");
    assertThat(upgrade("--image", "v3", "--step", "1"))
        .startsWith("partition 100000 image v3", "partition 3", "parley-4 parley-3", "partition 2");
    assertThat(exit).as(output).isZero();
    assertThat(versions()).containsOnly("v3");
  }

  @Test
  void anAlertStopsIt() throws Exception {
    put("firing-after", "ParleySendsSlow");
    List<String> calls = upgrade("--image", "v2", "--alerts", "http://prometheus");
    assertThat(exit).isEqualTo(1);
    assertThat(output).contains("STOPPED: parley-4: firing: ParleySendsSlow");
    assertThat(calls).endsWith("parley-4");

    assertThat(upgrade("--alerts", "http://prometheus")).isEmpty();
    assertThat(exit).as("it fires still").isEqualTo(1);
    // What fires is why somebody goes back.
    assertThat(upgrade("--rollback", "--alerts", "http://prometheus")).contains("undo", "parley-4");
    assertThat(exit).as(output).isZero();
  }

  @Test
  void withoutPrometheusNobodyKnowsSoItStops() throws Exception {
    put("no-prometheus", "");
    assertThat(upgrade("--image", "v2", "--alerts", "http://prometheus")).isEmpty();
    assertThat(exit).isEqualTo(1);
    assertThat(output).contains("Prometheus does not answer");
  }

  @Test
  void aMemberThatIsMissedStopsItBeforeAnythingIsReplaced() throws Exception {
    put("members", "4");
    assertThat(upgrade("--image", "v2")).isEmpty();
    assertThat(exit).isEqualTo(1);
    assertThat(output).contains("sees 4 of 5 nodes");
    put("members", "5");
    put("unreachable", "1");
    assertThat(upgrade("--image", "v2")).isEmpty();
    assertThat(output).contains("unreachable: [\"n0\"]");
  }

  @Test
  void aSilentKubernetesIsNoReasonToGoOn() throws Exception {
    upgrade("--image", "v2", "--canary");
    put("silent", "");
    assertThat(upgrade()).isEmpty();
    assertThat(exit).isEqualTo(1);
    assertThat(Files.readString(folder.resolve("partition"))).isEqualTo("4\n");
  }

  @Test
  void changesOfTheOverlayWait() throws Exception {
    assertThat(upgrade("--hold")).containsExactly("partition 100000");
    put("wanted", "v1-more");
    assertThat(upgrade("--step", "2"))
        .contains("parley-4 parley-3", "parley-0")
        .endsWith("partition 0");
    assertThat(exit).as(output).isZero();
    assertThat(versions()).containsOnly("v1-more");
    assertThat(upgrade("--status")).isEmpty();
    assertThat(output).contains("parley-0  v1-more  v1-more  ready");
  }

  @Test
  void wrongArgumentsAreNamed() throws Exception {
    assertThat(upgrade("--step", "two")).isEmpty();
    assertThat(exit).isEqualTo(2);
    assertThat(output).contains("--step: must be a whole number");
    assertThat(upgrade("--step", "0")).isEmpty();
    assertThat(output).contains("--step: must be at least 1");
    assertThat(upgrade("--rollback", "--canary")).isEmpty();
    assertThat(exit).isEqualTo(2);
    assertThat(upgrade("--image")).isEmpty();
    assertThat(exit).isEqualTo(2);
    assertThat(output).contains("upgrade.sh --image REGISTRY/parley:2");
  }
}
