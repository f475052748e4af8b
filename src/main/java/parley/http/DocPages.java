package parley.http;

import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.apache.pekko.http.javadsl.model.ContentTypes;
import org.jspecify.annotations.Nullable;
import parley.docs.Site;

/**
 * The rendered pages under {@code /docs}. The first request for one renders them all, once, on
 * another thread than those that answer requests. So the start of the server does not wait for
 * them.
 */
final class DocPages {
  private final StaticFiles sources;
  private @Nullable CompletionStage<Map<String, StaticFiles.File>> pages;

  DocPages(StaticFiles sources) {
    this.sources = sources;
  }

  /** All pages by name; the start page has the empty name. Every caller gets the same stage. */
  synchronized CompletionStage<Map<String, StaticFiles.File>> all() {
    if (pages == null) {
      pages = CompletableFuture.supplyAsync(this::render);
    }
    return pages;
  }

  private Map<String, StaticFiles.File> render() {
    Map<String, StaticFiles.File> files = new HashMap<>();
    Site.render(sources.texts())
        .forEach(
            (name, html) ->
                files.put(
                    name,
                    StaticFiles.file(
                        ContentTypes.TEXT_HTML_UTF8, html.getBytes(StandardCharsets.UTF_8))));
    return Map.copyOf(files);
  }
}
