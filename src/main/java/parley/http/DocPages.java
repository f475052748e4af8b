package parley.http;

import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Supplier;
import org.apache.pekko.http.javadsl.model.ContentTypes;
import org.jspecify.annotations.Nullable;
import parley.docs.Site;

/**
 * The rendered pages under {@code /docs}. The first request for one renders them all, once, on
 * another thread than those that answer requests. So the start of the server does not wait for
 * them.
 */
final class DocPages {
  private final Supplier<Map<String, String>> renderer;
  private @Nullable CompletableFuture<Map<String, StaticFiles.File>> pages;

  DocPages(StaticFiles sources) {
    this(() -> Site.render(sources.texts()));
  }

  /**
   * Renders nothing yet.
   *
   * @param renderer returns the HTML of each page by its name; may block
   */
  DocPages(Supplier<Map<String, String>> renderer) {
    this.renderer = renderer;
  }

  /**
   * All pages by name; the start page has the empty name. Every caller gets the same stage, until
   * one fails: the next caller has the pages rendered again.
   */
  synchronized CompletionStage<Map<String, StaticFiles.File>> all() {
    if (pages == null || pages.isCompletedExceptionally()) {
      pages = CompletableFuture.supplyAsync(this::render);
    }
    return pages;
  }

  private Map<String, StaticFiles.File> render() {
    Map<String, StaticFiles.File> files = new HashMap<>();
    renderer
        .get()
        .forEach(
            (name, html) ->
                files.put(
                    name,
                    StaticFiles.file(
                        ContentTypes.TEXT_HTML_UTF8, html.getBytes(StandardCharsets.UTF_8))));
    return Map.copyOf(files);
  }
}
