package parley.http;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.http.HttpResponse;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Public keys, documents and the web client. */
final class StaticRoutesTest {
  private static HttpHarness httpHarness;

  @BeforeAll
  static void start() {
    httpHarness = new HttpHarness();
  }

  @AfterAll
  static void stop() {
    httpHarness.close();
  }

  @ParameterizedTest
  @CsvSource({
    "/docs, text/html; charset=UTF-8",
    "/docs/, text/html; charset=UTF-8",
    "/docs/limits, text/html; charset=UTF-8",
    "/docs/guide/curl, text/html; charset=UTF-8",
    "/docs/reference/http, text/html; charset=UTF-8",
    "/docs/limits.md, text/plain; charset=UTF-8",
    "/docs/guide/curl.md, text/plain; charset=UTF-8",
    "/docs/docs.css, text/css; charset=UTF-8",
    "/docs/openapi.json, application/json",
    "/docs/asyncapi.json, application/json",
    "/, text/html; charset=UTF-8",
    "/index.html, text/html; charset=UTF-8",
    "/style.css, text/css; charset=UTF-8",
    "/icon.svg, image/svg+xml",
    "/core/ulid.js, text/javascript; charset=UTF-8",
  })
  void filesAreServedWithSecurityHeaders(String path, String type) {
    HttpResponse<String> response = httpHarness.call("GET", path, null);
    assertThat(response.statusCode()).isEqualTo(200);
    assertThat(response.body()).isNotEmpty();
    assertThat(response.headers().firstValue("Content-Type")).hasValue(type);
    assertThat(response.headers().firstValue("Cache-Control")).hasValue("no-cache");
    assertThat(response.headers().firstValue("X-Content-Type-Options")).hasValue("nosniff");
    assertThat(response.headers().firstValue("Referrer-Policy")).hasValue("no-referrer");
    assertThat(response.headers().firstValue("Cross-Origin-Opener-Policy")).hasValue("same-origin");
    assertThat(response.headers().firstValue("Permissions-Policy")).isPresent();
    assertThat(response.headers().allValues("Content-Security-Policy"))
        .containsExactly(
            "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' https: data:;"
                + " connect-src 'self'; form-action 'self'; base-uri 'none';"
                + " frame-ancestors 'none'; manifest-src 'self'");
    assertThat(response.headers().firstValue("Server")).isEmpty();
  }

  @Test
  void aPageMayBeAllowedToTalkToOthers() {
    assertThat(SecurityHeaders.pagePolicy(List.of("https://media.example")))
        .contains("; connect-src 'self' https://media.example; ");
  }

  /** Follows all links from the start page, as a browser does. */
  @Test
  void everyPageOfTheDocumentationIsServed() {
    Matcher links =
        Pattern.compile("href=\"(/[^\"#]*)\"")
            .matcher(httpHarness.call("GET", "/docs", null).body());
    Set<String> paths = new TreeSet<>();
    while (links.find()) {
      paths.add(links.group(1));
    }
    assertThat(paths).hasSizeGreaterThan(15).contains("/docs/limits", "/docs/reference/socket");
    for (String path : paths) {
      assertThat(httpHarness.call("GET", path, null).statusCode()).as(path).isEqualTo(200);
    }
    assertThat(httpHarness.call("POST", "/docs/limits", "{}").statusCode()).isEqualTo(405);
  }

  @ParameterizedTest
  @ValueSource(strings = {"/docs/openapi.json", "/docs/limits"})
  void unchangedFilesAreNotSentAgain(String path) {
    String etag = httpHarness.call("GET", path, null).headers().firstValue("ETag").orElseThrow();
    assertThat(etag).matches("\"[0-9a-f]{32}\"");
    for (String header : new String[] {etag, "W/" + etag, "\"x\", " + etag, "*"}) {
      HttpResponse<String> again = httpHarness.call("GET", path, null, "If-None-Match", header);
      assertThat(again.statusCode()).as(header).isEqualTo(304);
      assertThat(again.body()).isEmpty();
      assertThat(again.headers().firstValue("ETag")).hasValue(etag);
    }
    assertThat(httpHarness.call("GET", path, null, "If-None-Match", "\"x\"").statusCode())
        .isEqualTo(200);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "/../application.conf",
        "/docs/../application.conf",
        "/docs/%2e%2e/application.conf",
        "/docs/..%2fapplication.conf",
        "/docs/..%5capplication.conf",
        "/%2e%2e/%2e%2e/etc/passwd",
        "//etc/passwd",
        "/docs//openapi.json",
        "/docs/openapi.json/",
        "/docs/openapi.json%00.html",
        "/application.conf",
        "/parley/http/Routes.class",
        "/docs/nothing.json",
        "/docs/nothing",
        "/docs/guide",
        "/docs/limits/",
        "/docs/index.html",
        "/favicon.nothing"
      })
  void unknownPathsAreNotFound(String path) {
    String answer = httpHarness.raw("GET " + path + " HTTP/1.1|Host: x|Connection: close||");
    assertThat(answer).startsWith("HTTP/1.1 404 ").contains("application/problem+json");
  }

  @Test
  void theKeySetIsServed() {
    HttpResponse<String> response = httpHarness.call("GET", "/.well-known/jwks.json", null);
    assertThat(response.statusCode()).isEqualTo(200);
    assertThat(response.body()).isEqualTo(FakeIdentity.JWKS);
    assertThat(response.headers().firstValue("Cache-Control")).hasValue("public, max-age=300");
    assertThat(response.headers().firstValue("X-Content-Type-Options")).hasValue("nosniff");
  }
}
