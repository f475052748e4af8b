package parley.admin;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.Comparator;
import java.util.List;

/** What a change does, as texts for its record in the audit log. Each is one line. */
final class ChangeText {
  private static final ObjectMapper JSON = new ObjectMapper();

  private ChangeText() {}

  /**
   * What is changed: the parameters of the path, and the query. The query is decoded, so that the
   * log finds the names of accounts in it, and leaves them out, however they were encoded.
   */
  static String target(AdminCalls.Call call, String rawQuery) {
    String query = rawQuery.isEmpty() ? "" : "?" + decoded(rawQuery);
    return (String.join(" ", call.parameters()) + " " + query).replaceAll("[^ -~]", "?").strip();
  }

  private static String decoded(String query) {
    try {
      return URLDecoder.decode(query, StandardCharsets.UTF_8);
    } catch (IllegalArgumentException e) {
      return query; // The route will refuse it.
    }
  }

  /**
   * What a body says: of a JSON object its fields as {@code name=value}, the shortest first, so
   * that a long reason pushes out nothing else where the text is cut; any other body as it is.
   */
  static String detail(String body) {
    String text = body.strip();
    try {
      JsonNode json = JSON.readTree(text);
      if (json != null && json.isObject()) {
        List<String> fields =
            json.properties().stream()
                .map(field -> field.getKey() + "=" + value(field.getValue()))
                .sorted(Comparator.comparingInt(String::length))
                .toList();
        text = String.join(" ", fields);
      }
    } catch (JsonProcessingException e) {
      // Not JSON, such as a form.
    }
    return text.codePoints()
        .map(c -> isPlain(c) ? c : '?')
        .collect(StringBuilder::new, StringBuilder::appendCodePoint, StringBuilder::append)
        .toString();
  }

  private static String value(JsonNode value) {
    return value.isValueNode() ? value.asText() : value.toString();
  }

  private static boolean isPlain(int c) {
    int type = Character.getType(c);
    return !Character.isISOControl(c)
        && type != Character.SURROGATE
        && type != Character.FORMAT
        && type != Character.LINE_SEPARATOR
        && type != Character.PARAGRAPH_SEPARATOR;
  }
}
