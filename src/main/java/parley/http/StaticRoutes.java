package parley.http;

import static org.apache.pekko.http.javadsl.server.Directives.complete;
import static org.apache.pekko.http.javadsl.server.Directives.concat;
import static org.apache.pekko.http.javadsl.server.Directives.extractRequest;
import static org.apache.pekko.http.javadsl.server.Directives.get;
import static org.apache.pekko.http.javadsl.server.Directives.onSuccess;
import static org.apache.pekko.http.javadsl.server.Directives.path;
import static org.apache.pekko.http.javadsl.server.Directives.reject;
import static org.apache.pekko.http.javadsl.server.PathMatchers.segment;

import java.util.function.Supplier;
import org.apache.pekko.http.javadsl.model.HttpEntities;
import org.apache.pekko.http.javadsl.model.HttpHeader;
import org.apache.pekko.http.javadsl.model.HttpRequest;
import org.apache.pekko.http.javadsl.model.HttpResponse;
import org.apache.pekko.http.javadsl.model.StatusCodes;
import org.apache.pekko.http.javadsl.model.headers.RawHeader;
import org.apache.pekko.http.javadsl.server.Route;
import org.jspecify.annotations.Nullable;

/**
 * Routes that anybody may read: the web client at {@code /}, the documents under {@code /docs}, and
 * the public keys.
 *
 * <p>A browser asks for a file each time, and mostly the answer is that nothing has changed. So
 * after an upgrade of the server no page runs with half of the old client.
 */
final class StaticRoutes {
  private static final HttpHeader REVALIDATE = RawHeader.create("Cache-Control", "no-cache");
  private static final HttpHeader KEYS_CACHE_CONTROL =
      RawHeader.create("Cache-Control", "public, max-age=300");

  private final StaticFiles web;
  private final StaticFiles docs;
  private final DocPages pages;
  private final Supplier<String> jwks;

  StaticRoutes(StaticFiles web, StaticFiles docs, Supplier<String> jwks) {
    this.web = web;
    this.docs = docs;
    this.pages = new DocPages(docs);
    this.jwks = jwks;
  }

  Route route() {
    return concat(
        path(
            segment(".well-known").slash("jwks.json"),
            () ->
                get(
                    () ->
                        complete(HttpAnswers.json(200, jwks.get()).addHeader(KEYS_CACHE_CONTROL)))),
        extractRequest(this::file));
  }

  private Route file(HttpRequest request) {
    String path = request.getUri().path();
    StaticFiles.@Nullable File file = fileAt(path);
    if (file == null && isPage(path)) {
      return get(() -> onSuccess(pages.all(), all -> answerFile(request, all.get(page(path)))));
    }
    return answerFile(request, file);
  }

  private static Route answerFile(HttpRequest request, StaticFiles.@Nullable File file) {
    return file == null
        ? reject()
        : get(() -> complete(SecurityHeaders.withPageHeaders(answer(request, file))));
  }

  private StaticFiles.@Nullable File fileAt(String path) {
    if (path.startsWith("/docs/")) {
      return docs.get(path.substring("/docs/".length()));
    }
    return path.equals("/") ? web.get("index.html") : web.get(path.substring(1));
  }

  /** Whether the path may mean a page of the documentation. A path with a dot is a file. */
  private static boolean isPage(String path) {
    return path.equals("/docs") || (path.startsWith("/docs/") && path.indexOf('.') < 0);
  }

  private static String page(String path) {
    return path.substring(Math.min(path.length(), "/docs/".length()));
  }

  private static HttpResponse answer(HttpRequest request, StaticFiles.File file) {
    HttpResponse response =
        HttpResponse.create()
            .addHeader(REVALIDATE)
            .addHeader(RawHeader.create("ETag", file.etag()));
    return request.getHeader("If-None-Match").filter(h -> matches(h.value(), file)).isPresent()
        ? response.withStatus(StatusCodes.NOT_MODIFIED)
        : response.withEntity(HttpEntities.create(file.type(), file.bytes()));
  }

  /** A weak comparison, as RFC 9110 requires for this header. */
  private static boolean matches(String header, StaticFiles.File file) {
    if (header.strip().equals("*")) {
      return true;
    }
    for (String tag : header.split(",", -1)) {
      String bare = tag.strip();
      if ((bare.startsWith("W/") ? bare.substring(2) : bare).equals(file.etag())) {
        return true;
      }
    }
    return false;
  }
}
