package parley.docs;

import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Renders blocks of code as HTML and colours JSON in them. */
final class Code {
  /** Tokens of JSON: a string (a field name if a colon follows), a number, or a literal. */
  private static final Pattern JSON =
      Pattern.compile(
          "(\"(?:\\\\.|[^\"\\\\])*\")(\\s*:)?|(?<![\\w.])(-?\\d+(?:\\.\\d+)?)|\\b(true|false|null)\\b");

  private Code() {}

  /**
   * Renders a block of code.
   *
   * @param language as after the fence in Markdown; {@code json} and {@code http} get colours
   */
  static String block(String language, String text) {
    String body =
        switch (language) {
          case "json" -> json(text);
          case "http" -> http(text);
          default -> Html.text(text);
        };
    return "<pre tabindex=\"0\"><code>" + body + "</code></pre>";
  }

  /** Renders an HTTP message: a first line and headers, then an empty line and JSON. */
  private static String http(String text) {
    int end = text.indexOf("\n\n");
    String head = end < 0 ? text : text.substring(0, end);
    int line = head.indexOf('\n');
    String first = line < 0 ? head : head.substring(0, line);
    return "<b>"
        + Html.text(first)
        + "</b>"
        + Html.text(line < 0 ? "" : head.substring(line))
        + (end < 0 ? "" : json(text.substring(end)));
  }

  private static String json(String text) {
    StringBuilder out = new StringBuilder();
    Matcher matcher = JSON.matcher(text);
    int from = 0;
    while (matcher.find()) {
      out.append(Html.text(text.substring(from, matcher.start())));
      String colon = matcher.group(2);
      if (matcher.group(1) != null) {
        span(out, colon == null ? "c-string" : "c-name", matcher.group(1));
        out.append(colon == null ? "" : colon);
      } else {
        span(out, "c-value", matcher.group());
      }
      from = matcher.end();
    }
    return out.append(Html.text(text.substring(from))).toString();
  }

  private static void span(StringBuilder out, String kind, String text) {
    out.append("<span class=\"").append(kind).append("\">").append(Html.text(text));
    out.append("</span>");
  }
}
