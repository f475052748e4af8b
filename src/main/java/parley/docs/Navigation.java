package parley.docs;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.commonmark.node.AbstractVisitor;
import org.commonmark.node.Heading;
import org.commonmark.node.Link;
import org.commonmark.node.ListItem;
import org.commonmark.node.Node;
import org.jspecify.annotations.Nullable;

/**
 * The pages and their order, read from the start page: each heading of the second level is a
 * section, and the first link of each item of its lists is a page. A page that the start page does
 * not link to comes at the end of the last section.
 */
final class Navigation {
  private final Map<String, List<Entry>> sections;

  private Navigation(Map<String, List<Entry>> sections) {
    this.sections = sections;
  }

  /**
   * A page.
   *
   * @param name as {@link Links#page} takes it
   * @param title as on the start page
   */
  record Entry(String name, String title) {}

  /**
   * Reads the start page.
   *
   * @param titles titles of all pages by name; links to anything else are ignored
   */
  static Navigation of(String index, Map<String, String> titles) {
    LinkedHashMap<String, List<Entry>> sections = new LinkedHashMap<>();
    Map<String, String> left = new LinkedHashMap<>(titles);
    left.remove("");
    List<String> section = new ArrayList<>(List.of("Pages"));
    Markdown.parse(index)
        .accept(
            new AbstractVisitor() {
              @Override
              public void visit(Heading heading) {
                if (heading.getLevel() == 2) {
                  section.set(0, Markdown.textOf(heading));
                }
              }

              @Override
              public void visit(ListItem item) {
                Link link = firstLink(item);
                if (link == null) {
                  return;
                }
                String address = Links.resolve("index.md", link.getDestination());
                String name = address.substring(Math.min(address.length(), "/docs/".length()));
                if (left.remove(name) != null) {
                  sections
                      .computeIfAbsent(section.getFirst(), s -> new ArrayList<>())
                      .add(new Entry(name, Markdown.textOf(link)));
                }
              }
            });
    List<Entry> last =
        sections.isEmpty()
            ? sections.computeIfAbsent("Pages", s -> new ArrayList<>())
            : sections.lastEntry().getValue();
    left.forEach((name, title) -> last.add(new Entry(name, title)));
    return new Navigation(sections);
  }

  /** Sections with their pages. */
  Map<String, List<Entry>> sections() {
    return sections;
  }

  /** All pages except the start page, in order. */
  List<Entry> entries() {
    return sections.values().stream().flatMap(List::stream).toList();
  }

  private static @Nullable Link firstLink(Node node) {
    List<Link> links = new ArrayList<>();
    node.accept(
        new AbstractVisitor() {
          @Override
          public void visit(Link link) {
            links.add(link);
          }
        });
    return links.isEmpty() ? null : links.getFirst();
  }
}
