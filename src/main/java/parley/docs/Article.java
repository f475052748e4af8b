package parley.docs;

import java.util.List;

/**
 * What stands between the navigation and the end of a page.
 *
 * @param title as text
 * @param html everything, the title included
 * @param headings in their order, without the title
 */
record Article(String title, String html, List<Heading> headings) {
  Article {
    headings = List.copyOf(headings);
  }

  /**
   * A place in the page that can be linked to.
   *
   * @param level 2 or more
   * @param id as in the address, after {@code #}
   * @param text as text
   */
  record Heading(int level, String id, String text) {}
}
