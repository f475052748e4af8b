package parley.docs;

import java.util.List;

/**
 * The content of a page, between the navigation and the end.
 *
 * @param title as text
 * @param html the whole content, including the title
 * @param headings in order, without the title
 */
record Article(String title, String html, List<Heading> headings) {
  Article {
    headings = List.copyOf(headings);
  }

  /**
   * A heading that can be linked to.
   *
   * @param level 2 or more
   * @param id as in the address, after {@code #}
   * @param text as text
   */
  record Heading(int level, String id, String text) {}
}
