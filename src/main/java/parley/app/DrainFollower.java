package parley.app;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.PrintStream;
import java.time.Duration;
import parley.settings.ExitCode;

/**
 * The option {@code --follow} of the commands about a drain: prints each answer until the drain is
 * over. It ends by itself, because the drain of a node does: after {@code PARLEY_UNREADY_SECONDS}
 * and {@code PARLEY_DRAIN_SECONDS} at the latest.
 */
final class DrainFollower {
  /** The call of the management port. */
  static final String PATH = "/admin/drain";

  /** What is asked after the first answer. */
  static final AdminQuestion QUESTION = new AdminQuestion("GET", PATH, null, AdminTables::fields);

  /** The time between two answers. */
  static final Duration INTERVAL = Duration.ofSeconds(2);

  private static final ObjectMapper JSON = new ObjectMapper();

  private final boolean json;
  private final PrintStream out;
  private final PrintStream err;
  private String state = "";

  /**
   * Follows one drain.
   *
   * @param json whether to print answers as they are, one a line
   */
  DrainFollower(boolean json, PrintStream out, PrintStream err) {
    this.json = json;
    this.out = out;
    this.err = err;
  }

  /**
   * Prints an answer.
   *
   * @return whether the drain goes on
   */
  boolean goesOn(String answer) throws JsonProcessingException {
    JsonNode body = JSON.readTree(answer);
    state = body.path("state").asText();
    out.println(json ? body.toString() : line(body));
    out.flush();
    return state.equals("announced") || state.equals("leaving");
  }

  private static String line(JsonNode body) {
    return "%-9s  %d of %d sockets left, %d s, %d shards"
        .formatted(
            body.path("state").asText(),
            body.path("sockets_left").asLong(),
            body.path("sockets_before").asLong(),
            body.path("seconds_left").asLong(),
            body.path("shards").asLong());
  }

  /** 0 if all clients have left; 1 with a line that says why if they have not. */
  int exitCode() {
    if (state.equals("drained")) {
      return 0;
    }
    err.println(
        AdminCommand.COMMAND + ": not drained: the node is " + state + ", and no drain goes on");
    return ExitCode.FAILED;
  }
}
