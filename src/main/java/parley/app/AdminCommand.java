package parley.app;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import java.io.IOException;
import java.io.PrintStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import parley.admin.AdminToken;
import parley.app.AdminArguments.WrongArgumentsException;
import parley.settings.ExitCode;

/**
 * The command {@code admin …}: asks the management port of a running node, and prints the answer as
 * tables, or as JSON. Needs no settings. {@code admin token} asks nobody.
 */
final class AdminCommand {
  /** The first argument of the program. */
  static final String COMMAND = "admin";

  /** The exit code if the management port does not know the caller, or the caller may only read. */
  static final int NOT_ALLOWED = 3;

  /** The variable that may hold the token instead of a file. */
  static final String TOKEN_VARIABLE = "PARLEY_ADMIN_TOKEN";

  private static final Duration CONNECT_TIMEOUT = Duration.ofSeconds(5);

  /** Longer than the server takes, so that its own problem is shown. */
  private static final Duration ANSWER_TIMEOUT = Duration.ofSeconds(25);

  /** Visible ASCII, which is all that a header may hold. */
  private static final Pattern TOKEN = Pattern.compile("[!-~]{1,256}");

  private static final String USAGE =
      """
      arguments: admin message CONVERSATION SEQ [--after USER]   where a message is
                 admin conversation CONVERSATION                 a conversation as a whole
                 admin user USER                                 a user, its devices and sessions
                 admin ban USER --reason WHY [--minutes N]       for N minutes, or until it is lifted
                 admin unban USER
                 admin end-session USER SESSION|all              ends sessions and their logins
                 admin audit [--after NR] [--limit N]            what operators have changed
                 admin settings                                  what can be changed at run time
                 admin set NAME VALUE [--minutes N], admin unset NAME
                 admin dead-letters [--user USER] [--limit N] [--cursor C]
                 admin delete-dead-letters ID | all | --user USER
                 admin replay                                    progress of a replay of dead letters
                 admin start-replay [--user USER] [--batch N]
                 admin keys
                 admin rotate-keys [--lead-seconds N]
                 admin marks NAME, admin mend-marks NAME         marks of an entity in the journal
                 admin talkers [--limit N]                       who writes most on this node
                 admin drain [--follow], admin start-drain [--follow], admin end-drain   clients leave this node
                 admin verification, admin start-verification [--per-second N], admin end-verification
                 admin enrolment, admin start-enrolment [--per-second N], admin end-enrolment
                 admin backup, admin last-backup                 of the data folder, while the server runs
                 admin token NAME read|write                     makes a token for the file of tokens
      options:   --url URL (default %s), --json
                 --token-file FILE (or the token in %s)
      exit code: 0 done, 1 not found, refused or no answer, 2 wrong arguments, 3 not allowed"""
          .formatted(AdminArguments.DEFAULT_URL, TOKEN_VARIABLE);

  private static final ObjectMapper JSON =
      new ObjectMapper().enable(SerializationFeature.INDENT_OUTPUT);

  private final Map<String, String> environment;
  private final PrintStream out;
  private final PrintStream err;
  private final Consumer<Duration> pause;

  private AdminCommand(
      Map<String, String> environment, PrintStream out, PrintStream err, Consumer<Duration> pause) {
    this.environment = environment;
    this.out = out;
    this.err = err;
    this.pause = pause;
  }

  /**
   * Runs the command; blocks.
   *
   * @param arguments the program's arguments
   * @param environment the environment of the process
   * @return the exit code: 0 if all is done, 1 if there is no such thing, the call was refused or
   *     nobody answers, 2 for wrong arguments, 3 if the caller is not known or may only read
   */
  static int run(
      List<String> arguments, Map<String, String> environment, PrintStream out, PrintStream err) {
    return run(arguments, environment, out, err, time -> LockSupport.parkNanos(time.toNanos()));
  }

  /**
   * As {@link #run(List, Map, PrintStream, PrintStream)}.
   *
   * @param pause waits for the given time
   */
  static int run(
      List<String> arguments,
      Map<String, String> environment,
      PrintStream out,
      PrintStream err,
      Consumer<Duration> pause) {
    return new AdminCommand(environment, out, err, pause)
        .run(arguments.subList(1, arguments.size()));
  }

  private int run(List<String> given) {
    AdminArguments arguments;
    AdminQuestion question;
    URI url;
    String token;
    try {
      arguments = AdminArguments.parse(given, AdminQuestion.OPTIONS);
      if (arguments.word(0).equals("token")) {
        return makeToken(arguments);
      }
      url = arguments.url();
      token = token(arguments);
      question = AdminQuestion.of(arguments);
    } catch (WrongArgumentsException e) {
      err.println(COMMAND + ": " + e.getMessage());
      err.println(USAGE);
      return ExitCode.WRONG_SETTING;
    }
    return ask(question, url, token, arguments.json());
  }

  private int ask(AdminQuestion question, URI url, @Nullable String token, boolean json) {
    try (HttpClient client = HttpClient.newBuilder().connectTimeout(CONNECT_TIMEOUT).build()) {
      HttpResponse<String> answer = send(client, question, url, token);
      if (!question.follow()) {
        return print(question, answer, json);
      }
      DrainFollower follower = new DrainFollower(json, out, err);
      while (answer.statusCode() < 300 && follower.goesOn(answer.body())) {
        pause.accept(DrainFollower.INTERVAL);
        answer = send(client, DrainFollower.QUESTION, url, token);
      }
      return answer.statusCode() < 300 ? follower.exitCode() : print(question, answer, json);
    } catch (IOException e) {
      String why = e.getMessage() == null ? e.getClass().getSimpleName() : e.getMessage();
      err.println(COMMAND + ": no answer from " + url + question.path() + ": " + why);
      return ExitCode.FAILED;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return ExitCode.FAILED;
    }
  }

  private static HttpResponse<String> send(
      HttpClient client, AdminQuestion question, URI url, @Nullable String token)
      throws IOException, InterruptedException {
    HttpRequest.Builder request =
        HttpRequest.newBuilder(URI.create(url + question.path()))
            .timeout(ANSWER_TIMEOUT)
            .method(
                question.method(),
                question.body() == null
                    ? HttpRequest.BodyPublishers.noBody()
                    : HttpRequest.BodyPublishers.ofString(question.body()));
    if (question.body() != null) {
      request.header("Content-Type", "application/json");
    }
    if (token != null) {
      request.header("Authorization", "Bearer " + token);
    }
    return client.send(request.build(), HttpResponse.BodyHandlers.ofString());
  }

  private int print(AdminQuestion question, HttpResponse<String> answer, boolean json)
      throws IOException {
    int status = answer.statusCode();
    if (status >= 300) {
      err.println(COMMAND + ": " + status + ": " + detail(answer.body()));
      return status == 401 || status == 403 ? NOT_ALLOWED : ExitCode.FAILED;
    }
    if (answer.body().isEmpty()) {
      out.println(json ? "{}" : "done");
    } else {
      JsonNode body = JSON.readTree(answer.body());
      if (json) {
        out.println(JSON.writeValueAsString(body));
      } else {
        question.table().apply(body).forEach(out::println);
      }
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

  // ---- tokens

  /** Prints a new token, which is kept nowhere, and the line for the file of tokens. */
  private int makeToken(AdminArguments arguments) throws WrongArgumentsException {
    String name = arguments.word(1);
    String right = arguments.word(2);
    if (arguments.count() != 3 || !(right.equals("read") || right.equals("write"))) {
      throw new WrongArgumentsException("token: NAME read|write");
    }
    if (!AdminToken.isName(name)) {
      throw new WrongArgumentsException("token: NAME: 1 to 64 letters, digits and . _ @ -");
    }
    arguments.checkAllUsed();
    AdminToken.Made made =
        AdminToken.make(
            name, right.equals("read") ? AdminToken.Right.READ : AdminToken.Right.WRITE);
    if (arguments.json()) {
      out.println(
          JSON.createObjectNode()
              .put("token", made.token())
              .put("line", made.line().toLine())
              .toPrettyString());
    } else {
      out.println("token, shown only now: " + made.token());
      out.println("line for PARLEY_ADMIN_TOKENS_FILE:");
      out.println(made.line().toLine());
    }
    out.flush();
    return 0;
  }

  /** The token of the caller, or null. Messages show nothing of it. */
  private @Nullable String token(AdminArguments arguments) throws WrongArgumentsException {
    String file = arguments.option("--token-file");
    String token = environment.get(TOKEN_VARIABLE);
    if (file != null) {
      try {
        token = Files.readString(Path.of(file)).strip();
      } catch (IOException | InvalidPathException e) {
        throw new WrongArgumentsException("--token-file: cannot be read: " + file);
      }
    }
    if (token == null || token.isEmpty()) {
      return null;
    }
    if (!TOKEN.matcher(token).matches()) {
      throw new WrongArgumentsException(
          (file == null ? TOKEN_VARIABLE : "--token-file") + ": holds no token");
    }
    return token;
  }
}
