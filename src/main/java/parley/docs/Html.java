package parley.docs;

import java.util.ArrayList;
import java.util.List;

/** Writes the HTML of a page and keeps a list of its headings. */
final class Html {
  private final StringBuilder out = new StringBuilder();
  private final List<Article.Heading> headings = new ArrayList<>();

  /** Escapes a text for an element or a quoted attribute. */
  static String text(String text) {
    return text.replace("&", "&amp;")
        .replace("<", "&lt;")
        .replace(">", "&gt;")
        .replace("\"", "&quot;");
  }

  /** A name in a code element. */
  static String code(String text) {
    return "<code>" + text(text) + "</code>";
  }

  /** Appends HTML unchanged. */
  Html raw(String html) {
    out.append(html).append('\n');
    return this;
  }

  /**
   * Appends a heading that can be linked to and adds it to the list of headings.
   *
   * @param html what is shown, if that is more than the text
   */
  Html heading(int level, String id, String text, String html) {
    headings.add(new Article.Heading(level, id, text));
    return raw("<h" + level + " id=\"" + text(id) + "\">" + html + "</h" + level + ">");
  }

  /** Appends a heading that shows only its text. */
  Html heading(int level, String id, String text) {
    return heading(level, id, text, text(text));
  }

  /**
   * Appends a table that scrolls sideways, also by keyboard.
   *
   * @param label name of the table for screen readers
   * @param heads as text
   * @param rows of cells in HTML; without rows nothing is appended
   */
  Html table(String label, List<String> heads, List<List<String>> rows) {
    if (rows.isEmpty()) {
      return this;
    }
    StringBuilder table = new StringBuilder("<table>\n<thead><tr>");
    heads.forEach(head -> table.append("<th scope=\"col\">").append(text(head)).append("</th>"));
    table.append("</tr></thead>\n<tbody>\n");
    for (List<String> row : rows) {
      table.append("<tr>");
      row.forEach(cell -> table.append("<td>").append(cell).append("</td>"));
      table.append("</tr>\n");
    }
    return raw(scrollBox(label, table.append("</tbody>\n</table>").toString()));
  }

  /** Wraps a table in a box that scrolls if the screen is narrower. */
  static String scrollBox(String label, String table) {
    return "<div class=\"doc-table\" role=\"region\" tabindex=\"0\" aria-label=\""
        + text(label)
        + "\">"
        + table
        + "</div>";
  }

  Article article(String title) {
    return new Article(title, out.toString(), headings);
  }
}
