package parley.docs;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.TreeMap;

/** Renders all pages of the documentation. */
public final class Site {
  private static final ObjectMapper MAPPER = new ObjectMapper();

  private Site() {}

  /**
   * Renders every page: one for each Markdown file, and the reference from the documents. Takes
   * some tenths of a second before the JIT has compiled anything.
   *
   * @param files texts by name, such as {@code guide/sending.md}; {@code index.md}, {@code
   *     openapi.json}, {@code admin.json} and {@code asyncapi.json} must be among them
   * @return whole HTML pages by name, such as {@code guide/sending}; the start page has the empty
   *     name
   * @throws IllegalArgumentException if one of these is missing, or is not JSON
   */
  public static Map<String, String> render(Map<String, String> files) {
    JsonNode openapi = json(files, "openapi.json");
    JsonNode asyncapi = json(files, "asyncapi.json");
    JsonNode admin = json(files, "admin.json");
    Map<String, Article> articles = new LinkedHashMap<>();
    new TreeMap<>(files)
        .forEach(
            (file, text) -> {
              if (file.endsWith(".md")) {
                articles.put(Links.nameOf(file), Markdown.article(file, text));
              }
            });
    articles.put(
        "reference/http", new HttpReference(openapi, "HTTP calls", "an access token").article());
    articles.put(
        "reference/admin",
        new HttpReference(admin, "Calls for operators", "a token of an operator").article());
    articles.put("reference/socket", new SocketReference(asyncapi).article());
    articles.put("reference/types", new TypesReference(openapi, asyncapi).article());
    Map<String, String> titles = new LinkedHashMap<>();
    articles.forEach((name, article) -> titles.put(name, article.title()));
    Layout layout = new Layout(Navigation.of(text(files, "index.md"), titles));
    Map<String, String> pages = new LinkedHashMap<>();
    articles.forEach((name, article) -> pages.put(name, layout.page(name, article)));
    return pages;
  }

  private static JsonNode json(Map<String, String> files, String name) {
    try {
      return MAPPER.readTree(text(files, name));
    } catch (JsonProcessingException e) {
      throw new IllegalArgumentException(name + " is not JSON", e);
    }
  }

  private static String text(Map<String, String> files, String name) {
    String text = files.get(name);
    if (text == null) {
      throw new IllegalArgumentException("there is no " + name);
    }
    return text;
  }
}
