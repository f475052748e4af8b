package parley.app;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import parley.app.AdminArguments.WrongArgumentsException;

/**
 * What {@link AdminCommand} asks the management port.
 *
 * @param method of HTTP
 * @param path with its query
 * @param body JSON, or null for none
 * @param table the answer as lines for people
 * @param follow whether to ask again until what has begun is over, see {@link DrainFollower}
 */
record AdminQuestion(
    String method,
    String path,
    @Nullable String body,
    Function<JsonNode, List<String>> table,
    boolean follow) {
  /** The options of all commands that have a value. */
  static final Set<String> OPTIONS =
      Set.of(
          "--url",
          "--token-file",
          "--after",
          "--limit",
          "--reason",
          "--minutes",
          "--user",
          "--cursor",
          "--batch",
          "--lead-seconds",
          "--per-second");

  private static final ObjectMapper JSON = new ObjectMapper();

  /** One question with one answer. */
  AdminQuestion(
      String method, String path, @Nullable String body, Function<JsonNode, List<String>> table) {
    this(method, path, body, table, false);
  }

  /** Reads the arguments of a command. */
  static AdminQuestion of(AdminArguments arguments) throws WrongArgumentsException {
    String kind = arguments.word(0);
    AdminQuestion question =
        switch (kind) {
          case "message" -> message(arguments);
          case "conversation" ->
              get(arguments, 2, "/admin/conversations/%s", AdminTables::conversation);
          case "user" -> get(arguments, 2, "/admin/users/%s", AdminTables::user);
          case "ban" -> ban(arguments);
          case "unban" -> delete(arguments, "/admin/users/%s/ban".formatted(arguments.id(1)), 2);
          case "end-session" -> endSession(arguments);
          case "audit" ->
              listing(arguments, "/admin/audit", AdminTables::audit, "--after", "--limit");
          case "settings" -> listing(arguments, "/admin/settings", AdminTables::settings);
          case "set" -> set(arguments);
          case "unset" -> delete(arguments, setting(arguments), 2);
          case "keys" -> listing(arguments, "/admin/keys", AdminTables::keys);
          case "rotate-keys" ->
              change(
                  arguments, "POST", "/admin/keys/rotation", AdminTables::keys, "--lead-seconds");
          case "marks", "mend-marks" -> marks(arguments);
          case "enrolment", "start-enrolment", "end-enrolment" ->
              job(arguments, "/admin/archive/enrolment", "--per-second");
          case "talkers" -> listing(arguments, "/admin/talkers", AdminTables::talkers, "--limit");
          case "drain", "start-drain", "end-drain" -> drain(arguments);
          case "verification", "start-verification", "end-verification" ->
              job(arguments, "/admin/verify", "--per-second");
          case "backup" -> change(arguments, "POST", "/admin/backup", AdminTables::fields);
          case "last-backup" -> listing(arguments, "/admin/backup", AdminTables::fields);
          case "dead-letters", "delete-dead-letters", "replay", "start-replay" ->
              deadLetters(arguments);
          default -> throw new WrongArgumentsException("which command?");
        };
    arguments.checkAllUsed();
    return question;
  }

  private static void checkCount(AdminArguments arguments, int count)
      throws WrongArgumentsException {
    if (arguments.count() != count) {
      throw new WrongArgumentsException(
          arguments.word(0) + ": " + (count - 1) + " arguments, not " + (arguments.count() - 1));
    }
  }

  private static AdminQuestion get(
      AdminArguments arguments, int count, String template, Function<JsonNode, List<String>> table)
      throws WrongArgumentsException {
    checkCount(arguments, count);
    return new AdminQuestion("GET", template.formatted(arguments.id(1)), null, table);
  }

  private static AdminQuestion message(AdminArguments arguments) throws WrongArgumentsException {
    checkCount(arguments, 3);
    long seq = AdminArguments.number("SEQ", arguments.word(2), 1);
    String after = arguments.option("--after");
    String query = after == null ? "" : "?after=" + AdminArguments.id(after);
    return new AdminQuestion(
        "GET",
        "/admin/conversations/" + arguments.id(1) + "/entries/" + seq + query,
        null,
        AdminTables::message);
  }

  private static AdminQuestion delete(AdminArguments arguments, String path, int count)
      throws WrongArgumentsException {
    checkCount(arguments, count);
    return new AdminQuestion("DELETE", path, null, body -> List.of(body.toString()));
  }

  private static AdminQuestion ban(AdminArguments arguments) throws WrongArgumentsException {
    checkCount(arguments, 2);
    String reason = arguments.option("--reason");
    if (reason == null || reason.isBlank()) {
      throw new WrongArgumentsException("ban: --reason: why");
    }
    ObjectNode body = JSON.createObjectNode().put("reason", reason);
    Long minutes = arguments.number("--minutes", 1);
    if (minutes != null) {
      body.put("minutes", minutes);
    }
    return new AdminQuestion(
        "POST",
        "/admin/users/" + arguments.id(1) + "/ban",
        body.toString(),
        answer -> List.of(answer.toString()));
  }

  private static String setting(AdminArguments arguments) throws WrongArgumentsException {
    String name = arguments.word(1);
    if (name.isEmpty()) {
      throw new WrongArgumentsException(arguments.word(0) + ": NAME of a setting");
    }
    return "/admin/settings/" + URLEncoder.encode(name, StandardCharsets.UTF_8).replace("+", "%20");
  }

  private static AdminQuestion set(AdminArguments arguments) throws WrongArgumentsException {
    checkCount(arguments, 3);
    ObjectNode body = JSON.createObjectNode().put("value", arguments.word(2));
    Long minutes = arguments.number("--minutes", 1);
    if (minutes != null) {
      body.put("minutes", minutes);
    }
    return new AdminQuestion(
        "PUT", setting(arguments), body.toString(), answer -> List.of(answer.toString()));
  }

  private static AdminQuestion endSession(AdminArguments arguments) throws WrongArgumentsException {
    String path = "/admin/users/" + arguments.id(1) + "/sessions";
    String session = arguments.word(2);
    if (session.equals("all")) {
      return delete(arguments, path, 3);
    }
    return delete(arguments, path + "/" + arguments.id(2), 3);
  }

  private static AdminQuestion marks(AdminArguments arguments) throws WrongArgumentsException {
    checkCount(arguments, 2);
    String entity = URLEncoder.encode(arguments.word(1), StandardCharsets.UTF_8);
    return new AdminQuestion(
        arguments.word(0).equals("marks") ? "GET" : "POST",
        "/admin/marks?entity=" + entity,
        null,
        AdminTables::fields);
  }

  /** A job with its progress; {@code start-} begins it with these options, {@code end-} ends it. */
  private static AdminQuestion job(AdminArguments arguments, String path, String... options)
      throws WrongArgumentsException {
    String word = arguments.word(0);
    if (word.startsWith("start-")) {
      return change(arguments, "POST", path, AdminTables::fields, options);
    }
    return change(arguments, word.startsWith("end-") ? "DELETE" : "GET", path, AdminTables::fields);
  }

  /** The end of a drain is at once, so there is nothing to follow. */
  private static AdminQuestion drain(AdminArguments arguments) throws WrongArgumentsException {
    boolean follow = !arguments.word(0).equals("end-drain") && arguments.follow();
    AdminQuestion once = job(arguments, DrainFollower.PATH);
    return follow ? new AdminQuestion(once.method, once.path, once.body, once.table, true) : once;
  }

  private static AdminQuestion deadLetters(AdminArguments arguments)
      throws WrongArgumentsException {
    String path = "/admin/push/dead-letters";
    return switch (arguments.word(0)) {
      case "dead-letters" ->
          listing(arguments, path, AdminTables::letters, "--user", "--limit", "--cursor");
      case "replay" -> listing(arguments, path + "/replay", AdminTables::replay);
      case "start-replay" ->
          change(arguments, "POST", path + "/replay", AdminTables::replay, "--user", "--batch");
      default -> {
        String which = arguments.word(1);
        if (which.equals("all")) {
          checkCount(arguments, 2);
          yield new AdminQuestion("DELETE", path + "?all=true", null, AdminTables::fields);
        }
        if (which.isEmpty()) {
          AdminQuestion ofUser = change(arguments, "DELETE", path, AdminTables::fields, "--user");
          if (ofUser.path().equals(path)) {
            throw new WrongArgumentsException("delete-dead-letters: ID, all, or --user USER");
          }
          yield ofUser;
        }
        yield delete(arguments, path + "/" + arguments.id(1), 2);
      }
    };
  }

  private static AdminQuestion listing(
      AdminArguments arguments,
      String path,
      Function<JsonNode, List<String>> table,
      String... options)
      throws WrongArgumentsException {
    return change(arguments, "GET", path, table, options);
  }

  /** A call without arguments whose options are the parameters of its query. */
  private static AdminQuestion change(
      AdminArguments arguments,
      String method,
      String path,
      Function<JsonNode, List<String>> table,
      String... options)
      throws WrongArgumentsException {
    checkCount(arguments, 1);
    List<String> query = new ArrayList<>();
    for (String option : options) {
      @Nullable String value =
          switch (option) {
            case "--user", "--cursor" -> {
              String text = arguments.option(option);
              yield text == null ? null : AdminArguments.id(text);
            }
            default -> {
              Long number = arguments.number(option, option.equals("--after") ? 0 : 1);
              yield number == null ? null : String.valueOf(number);
            }
          };
      if (value != null) {
        query.add(option.substring(2).replace('-', '_') + "=" + value);
      }
    }
    return new AdminQuestion(
        method, query.isEmpty() ? path : path + "?" + String.join("&", query), null, table);
  }
}
