package parley.web;

import static org.assertj.core.api.Assertions.assertThat;

import com.microsoft.playwright.Browser;
import com.microsoft.playwright.Page;
import com.microsoft.playwright.Playwright;
import com.microsoft.playwright.Route;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.URI;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** The web client's pure modules, in the browser they run in, without a server. */
class WebLogicIT {
  @Test
  void pureModulesDoWhatTheySay() {
    try (Playwright playwright = Browsers.playwright();
        Browser browser = Browsers.chromium(playwright)) {
      Page page = browser.newPage();
      page.route("**/*", WebLogicIT::serve);
      page.navigate("http://parley.test/cases.html");
      Object result = page.evaluate("async () => (await import('/cases.js')).run()");
      assertThat(result).isInstanceOf(Map.class);
      Map<?, ?> answer = (Map<?, ?>) result;
      assertThat(answer.get("failures")).isEqualTo(List.of());
      assertThat(answer.get("run")).isEqualTo(12);
    }
  }

  private static void serve(Route route) {
    String path = URI.create(route.request().url()).getPath();
    if (path.endsWith(".html")) {
      route.fulfill(
          new Route.FulfillOptions().setContentType("text/html").setBody("<!doctype html>"));
      return;
    }
    String resource = path.equals("/cases.js") ? "/web-logic/cases.js" : "/web" + path;
    try (@Nullable InputStream in = WebLogicIT.class.getResourceAsStream(resource)) {
      if (in == null) {
        route.fulfill(new Route.FulfillOptions().setStatus(404));
      } else {
        route.fulfill(
            new Route.FulfillOptions()
                .setContentType("text/javascript")
                .setBodyBytes(in.readAllBytes()));
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
