package parley.web;

import com.microsoft.playwright.Browser;
import com.microsoft.playwright.BrowserType;
import com.microsoft.playwright.Playwright;
import com.microsoft.playwright.impl.driver.Driver;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/** Starts Chromium: {@code PARLEY_CHROMIUM}, or the one of the system. Downloads nothing. */
final class Browsers {
  private static final List<String> ARGUMENTS =
      List.of(
          "--no-sandbox",
          "--disable-gpu",
          "--disable-quic",
          "--no-first-run",
          "--disable-background-networking",
          "--disable-component-update",
          "--disable-sync");

  private static final Map<String, String> NO_DOWNLOAD =
      Map.of("PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD", "1");

  private Browsers() {}

  static Playwright playwright() {
    return Playwright.create(new Playwright.CreateOptions().setEnv(NO_DOWNLOAD));
  }

  /** The folder of the {@code node} program that Playwright brings. */
  static Path nodeFolder() {
    return Driver.ensureDriverInstalled(NO_DOWNLOAD, false).driverDir();
  }

  static Browser chromium(Playwright playwright) {
    String path = Objects.requireNonNullElse(System.getenv("PARLEY_CHROMIUM"), "/usr/bin/chromium");
    return playwright
        .chromium()
        .launch(
            new BrowserType.LaunchOptions()
                .setExecutablePath(Path.of(path))
                .setHeadless(true)
                .setArgs(ARGUMENTS));
  }
}
