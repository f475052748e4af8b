package parley.docs;

import java.util.ArrayList;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.commonmark.Extension;
import org.commonmark.ext.gfm.tables.TablesExtension;
import org.commonmark.ext.heading.anchor.IdGenerator;
import org.commonmark.node.AbstractVisitor;
import org.commonmark.node.Code;
import org.commonmark.node.FencedCodeBlock;
import org.commonmark.node.Heading;
import org.commonmark.node.Link;
import org.commonmark.node.Node;
import org.commonmark.node.SoftLineBreak;
import org.commonmark.node.Text;
import org.commonmark.parser.Parser;
import org.commonmark.renderer.NodeRenderer;
import org.commonmark.renderer.html.HtmlNodeRendererContext;
import org.commonmark.renderer.html.HtmlRenderer;
import org.commonmark.renderer.html.HtmlWriter;

/**
 * Renders Markdown with tables as HTML. HTML inside the Markdown is shown as text, so all markup is
 * the renderer's own. Headings have the same ids as on a code forge, so that they can be linked to.
 */
final class Markdown {
  private static final List<Extension> EXTENSIONS = List.of(TablesExtension.create());
  private static final Parser PARSER = Parser.builder().extensions(EXTENSIONS).build();

  private Markdown() {}

  /** Parses a text. */
  static Node parse(String text) {
    return PARSER.parse(text);
  }

  /** Renders a file as an article; its first heading is the title. */
  static Article article(String file, String text) {
    Node tree = parse(text);
    resolveLinks(file, tree);
    IdentityHashMap<Node, String> ids = new IdentityHashMap<>();
    List<Article.Heading> headings = new ArrayList<>();
    List<String> titles = new ArrayList<>();
    IdGenerator generator = IdGenerator.builder().build();
    tree.accept(
        new AbstractVisitor() {
          @Override
          public void visit(Heading heading) {
            String title = textOf(heading);
            String id = generator.generateId(title);
            ids.put(heading, id);
            if (heading.getLevel() == 1) {
              titles.add(title);
            } else {
              headings.add(new Article.Heading(heading.getLevel(), id, title));
            }
          }
        });
    String title = titles.isEmpty() ? file : titles.getFirst();
    return new Article(title, html(tree, ids), headings);
  }

  /** Renders a description of one of the documents as paragraphs. */
  static String paragraphs(String text) {
    Node tree = parse(text);
    resolveLinks("index.md", tree);
    return html(tree, Map.of());
  }

  /** Renders a description for a line or a cell. */
  static String line(String text) {
    String html = paragraphs(text).strip();
    boolean one = html.startsWith("<p>") && html.indexOf("<p>", 1) < 0 && html.endsWith("</p>");
    return one ? html.substring("<p>".length(), html.length() - "</p>".length()) : html;
  }

  /** The visible text of a node, without its markup. */
  static String textOf(Node node) {
    StringBuilder text = new StringBuilder();
    node.accept(
        new AbstractVisitor() {
          @Override
          public void visit(Text part) {
            text.append(part.getLiteral());
          }

          @Override
          public void visit(Code part) {
            text.append(part.getLiteral());
          }

          @Override
          public void visit(SoftLineBreak part) {
            text.append(' ');
          }
        });
    return text.toString();
  }

  private static void resolveLinks(String file, Node tree) {
    tree.accept(
        new AbstractVisitor() {
          @Override
          public void visit(Link link) {
            link.setDestination(Links.resolve(file, link.getDestination()));
            visitChildren(link);
          }
        });
  }

  private static String html(Node tree, Map<Node, String> ids) {
    String html =
        HtmlRenderer.builder()
            .extensions(EXTENSIONS)
            .escapeHtml(true)
            .nodeRendererFactory(CodeBlocks::new)
            .attributeProviderFactory(
                context ->
                    (node, tag, attributes) -> {
                      String id = ids.get(node);
                      if (id != null) {
                        attributes.put("id", id);
                      }
                      if (tag.equals("th")) {
                        attributes.put("scope", "col");
                      }
                    })
            .build()
            .render(tree);
    // HTML in the text is escaped, so these tags are the renderer's own.
    return html.replace(
            "<table>",
            "<div class=\"doc-table\" role=\"region\" tabindex=\"0\" aria-label=\"Table\"><table>")
        .replace("</table>", "</table></div>");
  }

  /**
   * Renders fenced blocks with colours. A second word after the fence names the sender of the
   * frame: {@code client} or {@code server}.
   */
  private record CodeBlocks(HtmlNodeRendererContext context) implements NodeRenderer {
    @Override
    public Set<Class<? extends Node>> getNodeTypes() {
      return Set.of(FencedCodeBlock.class);
    }

    @Override
    public void render(Node node) {
      FencedCodeBlock block = (FencedCodeBlock) node;
      String[] info = (block.getInfo() == null ? "" : block.getInfo()).split(" ", 2);
      String text = block.getLiteral() == null ? "" : block.getLiteral();
      HtmlWriter out = context.getWriter();
      out.line();
      if (info.length == 2) {
        out.raw(
            "<p class=\"doc-from\">"
                + (info[1].equals("client") ? "App to server" : "Server to app")
                + "</p>");
      }
      out.raw(parley.docs.Code.block(info[0], text));
      out.line();
    }
  }
}
