package parley.app;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import java.io.IOException;
import java.io.PrintStream;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import parley.model.IdRules;
import parley.settings.ExitCode;

/**
 * The command {@code admin message|conversation|user …}: asks the management port of a running node
 * and prints the answer as tables, or as JSON. Needs no settings.
 *
 * <pre>
 *   admin message CONVERSATION SEQ [--after USER]    where a message is
 *   admin conversation CONVERSATION                  a conversation as a whole
 *   admin user USER                                  a user as a whole
 *
 *   --url URL    the management port; {@value #DEFAULT_URL} if it is not given
 *   --json       the answer itself
 * </pre>
 */
final class AdminCommand {
  /** The first argument of the program. */
  static final String COMMAND = "admin";

  private static final String DEFAULT_URL = "http://127.0.0.1:8558";
  private static final Duration CONNECT_TIMEOUT = Duration.ofSeconds(5);

  /** Longer than the server takes, so that its own problem is shown. */
  private static final Duration ANSWER_TIMEOUT = Duration.ofSeconds(25);

  private static final String USAGE =
      """
      arguments: admin message CONVERSATION SEQ [--after USER]
                 admin conversation CONVERSATION
                 admin user USER
      options:   --url URL (default %s), --json
      exit code: 0 shown, 1 not found or no answer, 2 wrong arguments"""
          .formatted(DEFAULT_URL);

  private static final ObjectMapper JSON =
      new ObjectMapper().enable(SerializationFeature.INDENT_OUTPUT);

  private final PrintStream out;
  private final PrintStream err;

  /** The arguments are wrong. */
  private static final class WrongArgumentsException extends Exception {
    private static final long serialVersionUID = 1;

    WrongArgumentsException(String message) {
      super(message);
    }
  }

  /** What is asked of which server. */
  private record Question(String kind, URI uri, boolean json) {}

  private AdminCommand(PrintStream out, PrintStream err) {
    this.out = out;
    this.err = err;
  }

  /**
   * Runs the command; blocks.
   *
   * @param arguments the program's arguments
   * @return the exit code: 0 if the answer was printed, 1 if there is no such thing or no answer, 2
   *     for wrong arguments
   */
  static int run(List<String> arguments, PrintStream out, PrintStream err) {
    return new AdminCommand(out, err).run(arguments);
  }

  private int run(List<String> arguments) {
    Question question;
    try {
      question = question(arguments.subList(1, arguments.size()));
    } catch (WrongArgumentsException e) {
      err.println(COMMAND + ": " + e.getMessage());
      err.println(USAGE);
      return ExitCode.WRONG_SETTING;
    }
    try (HttpClient client = HttpClient.newBuilder().connectTimeout(CONNECT_TIMEOUT).build()) {
      HttpResponse<String> answer =
          client.send(
              HttpRequest.newBuilder(question.uri()).timeout(ANSWER_TIMEOUT).build(),
              HttpResponse.BodyHandlers.ofString());
      return print(question, answer);
    } catch (IOException e) {
      String why = e.getMessage() == null ? e.getClass().getSimpleName() : e.getMessage();
      err.println(COMMAND + ": no answer from " + question.uri() + ": " + why);
      return ExitCode.FAILED;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return ExitCode.FAILED;
    }
  }

  private int print(Question question, HttpResponse<String> answer) throws IOException {
    if (answer.statusCode() != 200) {
      err.println(COMMAND + ": " + answer.statusCode() + ": " + detail(answer.body()));
      return ExitCode.FAILED;
    }
    JsonNode body = JSON.readTree(answer.body());
    if (question.json()) {
      out.println(JSON.writeValueAsString(body));
    } else {
      List<String> lines =
          switch (question.kind()) {
            case "message" -> AdminTables.message(body);
            case "conversation" -> AdminTables.conversation(body);
            default -> AdminTables.user(body);
          };
      lines.forEach(out::println);
    }
    out.flush();
    return 0;
  }

  /** What a problem says; a body that is no problem is shown as it is. */
  private static String detail(String body) {
    try {
      String detail = JSON.readTree(body).path("detail").asText();
      return detail.isEmpty() ? body : detail;
    } catch (JsonProcessingException e) {
      return body;
    }
  }

  // ---- arguments

  private static Question question(List<String> arguments) throws WrongArgumentsException {
    List<String> words = new ArrayList<>();
    String url = DEFAULT_URL;
    String after = null;
    boolean json = false;
    for (int i = 0; i < arguments.size(); i++) {
      String argument = arguments.get(i);
      switch (argument) {
        case "--json" -> json = true;
        case "--url" -> url = valueOf(argument, arguments, ++i);
        case "--after" -> after = valueOf(argument, arguments, ++i);
        default -> {
          if (argument.startsWith("--")) {
            throw new WrongArgumentsException(argument + ": no such option");
          }
          words.add(argument);
        }
      }
    }
    return new Question(
        words.isEmpty() ? "" : words.getFirst(), uri(url, path(words, after)), json);
  }

  private static String valueOf(String option, List<String> arguments, int at)
      throws WrongArgumentsException {
    if (at >= arguments.size()) {
      throw new WrongArgumentsException(option + ": needs a value");
    }
    return arguments.get(at);
  }

  private static String path(List<String> words, @Nullable String after)
      throws WrongArgumentsException {
    String kind = words.isEmpty() ? "" : words.getFirst();
    if (after != null && !kind.equals("message")) {
      throw new WrongArgumentsException("--after: only for a message");
    }
    if (kind.equals("message") && words.size() == 3) {
      return "/admin/conversations/"
          + id(words.get(1))
          + "/entries/"
          + seq(words.get(2))
          + (after == null ? "" : "?after=" + id(after));
    }
    if (kind.equals("conversation") && words.size() == 2) {
      return "/admin/conversations/" + id(words.get(1));
    }
    if (kind.equals("user") && words.size() == 2) {
      return "/admin/users/" + id(words.get(1));
    }
    throw new WrongArgumentsException("which message, conversation or user?");
  }

  private static String id(String text) throws WrongArgumentsException {
    if (!IdRules.isId(text)) {
      throw new WrongArgumentsException("not an id: " + text);
    }
    return URLEncoder.encode(text, StandardCharsets.US_ASCII);
  }

  private static long seq(String text) throws WrongArgumentsException {
    try {
      long seq = Long.parseLong(text);
      if (seq > 0) {
        return seq;
      }
    } catch (NumberFormatException e) {
      // Reported below.
    }
    throw new WrongArgumentsException("not a seq: " + text);
  }

  private static URI uri(String url, String path) throws WrongArgumentsException {
    try {
      URI uri = URI.create(url.endsWith("/") ? url.substring(0, url.length() - 1) : url);
      boolean http = "http".equals(uri.getScheme()) || "https".equals(uri.getScheme());
      if (http && uri.getHost() != null) {
        return URI.create(uri + path);
      }
    } catch (IllegalArgumentException e) {
      // Reported below.
    }
    throw new WrongArgumentsException("--url: not like " + DEFAULT_URL);
  }
}
