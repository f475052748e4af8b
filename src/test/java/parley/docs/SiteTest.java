package parley.docs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import parley.model.ErrorCode;

/** All pages are linked, load nothing from other servers, and leave nothing out. */
class SiteTest {
  private static final Path RESOURCES = Path.of("src/main/resources");
  private static final Path DOCS = RESOURCES.resolve("docs");
  private static final Pattern LINK = Pattern.compile("(?:href|src)=\"([^\"]*)\"");
  private static final Pattern ID = Pattern.compile(" id=\"([^\"]*)\"");
  private static final Pattern HEADING = Pattern.compile("<h([1-6])[ >]");

  private static Map<String, String> pages = Map.of();

  @BeforeAll
  static void render() throws IOException {
    pages = Site.render(sources());
  }

  private static Map<String, String> sources() throws IOException {
    Map<String, String> sources = new HashMap<>();
    try (Stream<Path> files = Files.walk(DOCS)) {
      for (Path file : files.filter(f -> f.toString().matches(".*\\.(md|json)")).toList()) {
        sources.put(DOCS.relativize(file).toString().replace('\\', '/'), Files.readString(file));
      }
    }
    return sources;
  }

  @Test
  void everyMarkdownFileAndTheReferenceAreAPage() throws IOException {
    Set<String> expected =
        new HashSet<>(
            Set.of("reference/http", "reference/admin", "reference/socket", "reference/types"));
    for (String file : sources().keySet()) {
      if (file.endsWith(".md")) {
        expected.add(file.equals("index.md") ? "" : file.substring(0, file.length() - 3));
      }
    }
    assertThat(pages.keySet()).isEqualTo(expected);
    assertThat(expected).contains("", "limits", "guide/errors");
  }

  @Test
  void everyLinkLeadsToAPageAFileAndAPlaceInIt() {
    int links = 0;
    for (Map.Entry<String, String> page : pages.entrySet()) {
      for (String link : all(LINK, page.getValue())) {
        assertThat(leads(page.getKey(), link)).as(page.getKey() + " links to " + link).isTrue();
        links++;
      }
    }
    assertThat(links).isGreaterThan(500);
  }

  private static boolean leads(String from, String link) {
    int hash = link.indexOf('#');
    String path = hash < 0 ? link : link.substring(0, hash);
    String name =
        path.isEmpty() ? from : path.substring(Math.min(path.length(), "/docs/".length()));
    if (path.isEmpty() || path.equals("/docs") || pages.containsKey(name)) {
      String html = pages.get(name);
      return html != null && (hash < 0 || all(ID, html).contains(link.substring(hash + 1)));
    }
    // Every other address is a file of this server: an address elsewhere does not begin with a
    // slash.
    String file = path.equals("/") ? "/web/index.html" : path;
    return hash < 0
        && path.startsWith("/")
        && (Files.isRegularFile(RESOURCES.resolve(file.substring(1)))
            || Files.isRegularFile(RESOURCES.resolve("web" + file)));
  }

  @Test
  void everyPageIsInTheNavigationOnce() {
    for (String html : pages.values()) {
      String nav = between(html, "<nav class=\"doc-nav\"", "</nav>");
      List<String> links = all(LINK, nav);
      assertThat(links).doesNotHaveDuplicates().hasSize(pages.size() - 1);
      pages.keySet().stream()
          .filter(name -> !name.isEmpty())
          .forEach(name -> assertThat(links).contains("/docs/" + name));
    }
  }

  @Test
  void aPageSaysInTheNavigationThatItIsThisOne() {
    pages.forEach(
        (name, html) ->
            assertThat(html.split("aria-current=\"page\"", -1).length - 1)
                .as(name)
                .isEqualTo(name.isEmpty() ? 0 : 1));
  }

  @Test
  void aPageNeedsNoScriptNoInlineStyleAndNoOtherHost() {
    pages.forEach(
        (name, html) ->
            assertThat(html)
                .as(name)
                .doesNotContain("<script", "<style", "style=", "<iframe", "@import")
                .doesNotContainPattern("<[^>]*\\son[a-z]+=")
                .doesNotContainPattern("(?:href|src)=\"(?:https?:)?//"));
  }

  @Test
  void headingsAreInOrderAndIdsAreUnique() {
    pages.forEach(
        (name, html) -> {
          String main = between(html, "<main", "</main>");
          List<String> levels = all(HEADING, main);
          assertThat(levels).as(name).startsWith("1");
          assertThat(levels.stream().filter("1"::equals)).as(name).hasSize(1);
          for (int i = 1; i < levels.size(); i++) {
            int step = Integer.parseInt(levels.get(i)) - Integer.parseInt(levels.get(i - 1));
            assertThat(step).as(name + ", heading " + i).isLessThanOrEqualTo(1);
          }
          assertThat(all(ID, html)).as(name).doesNotHaveDuplicates();
          assertThat(html).contains("<main class=\"doc-main\" id=\"main\"", "href=\"#main\"");
        });
  }

  @Test
  void everyCallAndFrameAndTypeIsInTheReference() throws IOException {
    JsonNode openapi = new ObjectMapper().readTree(sources().get("openapi.json"));
    JsonNode asyncapi = new ObjectMapper().readTree(sources().get("asyncapi.json"));
    List<String> calls = new ArrayList<>();
    openapi
        .path("paths")
        .forEach(path -> path.forEach(call -> calls.add(call.path("operationId").asText())));
    assertThat(calls).hasSizeGreaterThan(20);
    assertThat(all(ID, page("reference/http"))).containsAll(calls);
    List<String> frames = new ArrayList<>();
    for (Map.Entry<String, JsonNode> message : asyncapi.at("/components/messages").properties()) {
      String side = message.getKey().startsWith("Client") ? "client-" : "server-";
      frames.add(side + message.getValue().path("name").asText());
    }
    assertThat(frames).hasSizeGreaterThan(20);
    assertThat(all(ID, page("reference/socket"))).containsAll(frames);
    assertThat(all(ID, page("reference/types"))).contains("entry", "inboxrow", "errorcode", "id");
  }

  /** A field, its bounds, an answer, an error and both halves of an example. */
  @Test
  void aCallOfTheReferenceSaysAllThatTheDocumentSays() {
    String call = between(page("reference/http"), "id=\"history\"", "</section>");
    assertThat(call)
        .contains("Get a page of a conversation", "<code>limit</code>", "1 to 100")
        .contains("<code>50</code> where it is not given")
        .contains("/docs/reference/types#historypage")
        .contains("/docs/guide/errors#not_found")
        .contains("GET /v1/conversations/d_annben/messages?limit=50&amp;before=4")
        .contains("HTTP/1.1 200", "has_more");
    String open = between(page("reference/http"), "id=\"login\"", "</section>");
    assertThat(open).contains("Needs no token.").doesNotContain("Bearer eyJ");
  }

  @Test
  void aFrameOfTheReferenceSaysAllThatTheDocumentSays() {
    String send = between(page("reference/socket"), "id=\"client-send\"", "</section>");
    assertThat(send)
        .contains("href=\"#server-sent\"", "href=\"#server-error\"")
        .contains("Exactly one of <code>conversation_id</code> and <code>to</code> is there.")
        .contains("<code>reply_to</code> <small>optional</small>")
        .contains("<code>client_msg_id</code></td>");
    String sent = between(page("reference/socket"), "id=\"server-sent\"", "</section>");
    assertThat(sent).contains("<code>duplicate</code>", "The answer to a retry.");
    String ack = between(page("reference/socket"), "id=\"client-ack\"", "</section>");
    assertThat(ack).contains("Answers: none.");
  }

  @Test
  void everyErrorIsExplained() {
    for (ErrorCode code : ErrorCode.values()) {
      String advice = between(page("guide/errors"), "id=\"" + code.wireName() + "\"", "<h");
      assertThat(advice).as(code.wireName()).contains("<p>Status " + code.status());
    }
  }

  @Test
  void htmlInATextIsShownNotRun() {
    Article article = Markdown.article("x.md", "# A\n\n<b onclick=\"x()\">b</b>\n\n`<i>`");
    assertThat(article.html())
        .contains("&lt;b onclick=", "<code>&lt;i&gt;</code>")
        .doesNotContain("<b");
    assertThat(Code.block("json", "{\"<b>\": \"&\"}")).contains("&lt;b&gt;").contains("&amp;");
  }

  @Test
  void linksOfAFileAreGoodOnItsPage() {
    assertThat(Links.resolve("guide/a.md", "b.md#c")).isEqualTo("/docs/guide/b#c");
    assertThat(Links.resolve("guide/a.md", "../limits.md")).isEqualTo("/docs/limits");
    assertThat(Links.resolve("limits.md", "index.md")).isEqualTo("/docs");
    assertThat(Links.resolve("limits.md", "openapi.json")).isEqualTo("/docs/openapi.json");
    assertThat(Links.resolve("limits.md", "#x")).isEqualTo("#x");
    assertThat(Links.resolve("limits.md", "/")).isEqualTo("/");
  }

  @Test
  void aPageThatTheStartPageDoesNotNameIsInTheNavigationAllTheSame() throws IOException {
    Map<String, String> sources = sources();
    sources.put("extra.md", "# Something else\n\nText.");
    assertThat(between(Site.render(sources).getOrDefault("extra", ""), "doc-nav", "</nav>"))
        .contains("href=\"/docs/extra\" aria-current=\"page\">Something else</a>");
  }

  @Test
  void missingFilesAreNamed() {
    assertThatThrownBy(() -> Site.render(Map.of("index.md", "# x")))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("openapi.json");
  }

  private static String page(String name) {
    String html = pages.get(name);
    assertThat(html).as(name).isNotNull();
    return html == null ? "" : html;
  }

  private static String between(String text, String from, String to) {
    int start = text.indexOf(from);
    assertThat(start).as(from).isNotNegative();
    int end = text.indexOf(to, start + from.length());
    assertThat(end).as(from + " … " + to).isNotNegative();
    return text.substring(start, end);
  }

  private static List<String> all(Pattern pattern, String text) {
    List<String> found = new ArrayList<>();
    Matcher matcher = pattern.matcher(text);
    while (matcher.find()) {
      found.add(matcher.group(1));
    }
    return found;
  }
}
