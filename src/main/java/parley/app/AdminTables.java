package parley.app;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/** The answers of the management port as lines for people. */
final class AdminTables {
  private static final String GAP = "  ";
  private static final String NOTHING = "-";

  private AdminTables() {}

  /** Where a message is: one line for each device of each member. */
  static List<String> message(JsonNode body) {
    List<String> lines = new ArrayList<>(fields(body));
    List<List<String>> rows = new ArrayList<>();
    rows.add(
        List.of(
            "member",
            "dispatch",
            "received",
            "delivered",
            "read",
            "device",
            "connected",
            "handed",
            "acked",
            "push"));
    for (JsonNode member : body.path("members")) {
      rows.addAll(member(member));
    }
    lines.add("");
    lines.addAll(table(rows));
    if (body.has("next_after")) {
      lines.add("");
      lines.add("more members: --after " + body.path("next_after").asText());
    }
    return lines;
  }

  private static List<List<String>> member(JsonNode member) {
    List<String> start =
        List.of(
            member.path("user_id").asText() + (member.has("left_seq") ? " (left)" : ""),
            member.path("dispatch").asText(),
            text(member, "received_seq"),
            text(member, "delivered_seq"),
            text(member, "read_seq"));
    List<List<String>> rows = new ArrayList<>();
    if (member.path("unavailable").asBoolean()) {
      rows.add(row(start, List.of("unavailable")));
    } else if (member.path("devices").isEmpty()) {
      rows.add(row(start, List.of("no device")));
    }
    for (JsonNode device : member.path("devices")) {
      rows.add(
          row(
              rows.isEmpty() ? start : List.of("", "", "", "", ""),
              List.of(
                  device.path("device_id").asText(),
                  text(device, "connected"),
                  text(device, "handed"),
                  text(device, "acknowledged"),
                  push(device.path("push")))));
    }
    return rows;
  }

  private static List<String> row(List<String> start, List<String> end) {
    List<String> row = new ArrayList<>(start);
    row.addAll(end);
    return row;
  }

  private static String push(JsonNode push) {
    StringBuilder text = new StringBuilder(push.path("state").asText());
    if (push.has("why")) {
      text.append(": ").append(push.path("why").asText());
    }
    if (push.has("due")) {
      text.append(", due ").append(push.path("due").asText());
    }
    if (push.path("tries").asInt() > 0) {
      text.append(", failed tries: ").append(push.path("tries").asInt());
    }
    if (push.has("reason")) {
      text.append(" (").append(push.path("reason").asText()).append(')');
    }
    if (push.has("at")) {
      text.append(", at ").append(push.path("at").asText());
    }
    return text.toString();
  }

  /** A conversation as a whole. */
  static List<String> conversation(JsonNode body) {
    return fields(body);
  }

  /** A user as a whole: one line for each device. */
  static List<String> user(JsonNode body) {
    List<String> lines = new ArrayList<>(fields(body));
    JsonNode ban = body.path("ban");
    if (ban.isObject()) {
      String until = ban.has("until") ? ban.path("until").asText() : "it is lifted";
      lines.add("");
      lines.add(
          "banned since "
              + ban.path("since").asText()
              + " until "
              + until
              + ": "
              + ban.path("reason").asText());
    }
    List<List<String>> rows = new ArrayList<>();
    rows.add(
        List.of(
            "device",
            "client",
            "connected",
            "last seen",
            "push token",
            "pushable",
            "lagging",
            "session",
            "node"));
    for (JsonNode device : body.path("devices")) {
      rows.add(
          List.of(
              text(device, "device_id"),
              text(device, "client"),
              text(device, "connected"),
              text(device, "last_seen"),
              text(device, "push_platform"),
              text(device, "pushable"),
              text(device, "lagging"),
              text(device.path("session"), "session_id"),
              text(device.path("session"), "node")));
    }
    lines.add("");
    lines.addAll(table(rows));
    return lines;
  }

  /** The signing keys, a line each. */
  static List<String> keys(JsonNode body) {
    return lines(body.path("keys"), "kid", "use", "published", "signs_from", "good_until");
  }

  /** The settings that can be changed, a line each. */
  static List<String> settings(JsonNode body) {
    List<String> lines =
        new ArrayList<>(
            lines(
                body.path("settings"),
                "name",
                "value",
                "default",
                "unit",
                "who",
                "since",
                "until",
                "about"));
    lines.add("");
    lines.add(
        "as this node knows them; confirmed by the store "
            + body.path("age_seconds").asText()
            + " s ago");
    if (body.path("unknown").asInt() > 0) {
      lines.add("set, but not known to this version: " + body.path("unknown").asText());
    }
    return lines;
  }

  /** Dead letters, a line each. */
  static List<String> letters(JsonNode body) {
    List<String> lines =
        new ArrayList<>(
            lines(
                body.path("letters"),
                "id",
                "user_id",
                "device_id",
                "platform",
                "conversation_id",
                "seq",
                "reason",
                "tries",
                "time"));
    if (body.has("next_cursor")) {
      lines.add("");
      lines.add("more: --cursor " + body.path("next_cursor").asText());
    }
    return lines;
  }

  /** The progress of a replay of dead letters. */
  static List<String> replay(JsonNode body) {
    List<String> lines = new ArrayList<>(fields(body));
    body.path("outcomes")
        .properties()
        .forEach(outcome -> lines.add(outcome.getKey() + ": " + outcome.getValue().asText()));
    return lines;
  }

  private static List<String> lines(JsonNode objects, String... columns) {
    List<List<String>> rows = new ArrayList<>();
    rows.add(Stream.of(columns).map(name -> name.replace('_', ' ')).toList());
    objects.forEach(
        object -> rows.add(Stream.of(columns).map(name -> text(object, name)).toList()));
    return table(rows);
  }

  /** Who writes most: users, then conversations. */
  static List<String> talkers(JsonNode body) {
    List<String> lines = new ArrayList<>();
    lines.add("node     " + body.path("node").asText());
    lines.add("seconds  " + body.path("seconds").asText());
    lines.add("entries  " + body.path("entries").asText());
    for (String kind : List.of("user", "conversation")) {
      List<List<String>> rows = new ArrayList<>();
      rows.add(List.of(kind, "entries", "at most"));
      for (JsonNode one : body.path(kind + "s")) {
        rows.add(List.of(text(one, kind + "_id"), text(one, "entries"), text(one, "at_most")));
      }
      lines.add("");
      lines.addAll(table(rows));
    }
    return lines;
  }

  /** What operators have changed, a line each. */
  static List<String> audit(JsonNode body) {
    List<List<String>> rows = new ArrayList<>();
    rows.add(List.of("nr", "time", "who", "from", "action", "target", "result", "detail"));
    for (JsonNode record : body.path("records")) {
      rows.add(
          List.of(
              text(record, "nr"),
              text(record, "time"),
              text(record, "who"),
              text(record, "from"),
              text(record, "action"),
              text(record, "target"),
              record.path("result").asText()
                  + (record.has("status") ? " " + record.path("status").asText() : ""),
              text(record, "detail")));
    }
    List<String> lines = new ArrayList<>(table(rows));
    if (body.has("next_after")) {
      lines.add("");
      lines.add("newer ones: --after " + body.path("next_after").asText());
    }
    return lines;
  }

  /** The fields of an object, lists excepted. */
  static List<String> fields(JsonNode body) {
    List<List<String>> rows = new ArrayList<>();
    for (Map.Entry<String, JsonNode> field : body.properties()) {
      JsonNode value = field.getValue();
      if (field.getKey().equals("segment")) {
        rows.add(List.of(field.getKey(), text(value, "first") + " to " + text(value, "last")));
      } else if (!value.isContainerNode() && !field.getKey().equals("next_after")) {
        rows.add(List.of(field.getKey(), text(body, field.getKey())));
      }
    }
    return table(rows);
  }

  /** Yes and no are read faster than true and false. */
  private static String text(JsonNode object, String field) {
    JsonNode value = object.path(field);
    if (value.isBoolean()) {
      return value.asBoolean() ? "yes" : "no";
    }
    return value.isMissingNode() || value.asText().isEmpty() ? NOTHING : value.asText();
  }

  /** Rows with columns as wide as their widest cell. A row may have fewer cells than others. */
  static List<String> table(List<List<String>> rows) {
    List<Integer> widths = new ArrayList<>();
    for (List<String> row : rows) {
      for (int i = 0; i < row.size(); i++) {
        if (i == widths.size()) {
          widths.add(0);
        }
        widths.set(i, Math.max(widths.get(i), row.get(i).length()));
      }
    }
    return rows.stream().map(row -> line(row, widths)).toList();
  }

  private static String line(List<String> row, List<Integer> widths) {
    StringBuilder line = new StringBuilder();
    for (int i = 0; i < row.size(); i++) {
      String cell = row.get(i);
      line.append(cell).append(" ".repeat(widths.get(i) - cell.length())).append(GAP);
    }
    return line.toString().stripTrailing();
  }
}
