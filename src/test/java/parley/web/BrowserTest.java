package parley.web;

import com.microsoft.playwright.Browser;
import com.microsoft.playwright.Playwright;
import com.microsoft.playwright.assertions.PlaywrightAssertions;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;

/**
 * One server and one Chromium for the tests of a class, and people with a browser of their own.
 *
 * <p>The server is the program itself, as a process on free ports with a data folder of its own;
 * {@code -Dparley.web.base=http://…} names one that runs already.
 */
@SuppressWarnings("NullAway.Init") // JUnit calls start() first
abstract class BrowserTest {
  private static final Pattern LISTENING = Pattern.compile("listening on (http://\\S+)");
  private static final long START_SECONDS = 60;
  private static final double PATIENCE_MILLIS = 20_000;

  private static Playwright playwright;
  private static Browser browser;
  private static @Nullable Process server;
  private static String base;
  private static int people;

  private final List<BrowserUser> here = new ArrayList<>();

  @BeforeAll
  static void start() {
    base = startServer();
    playwright = Browsers.playwright();
    browser = Browsers.chromium(playwright);
    PlaywrightAssertions.setDefaultAssertionTimeout(PATIENCE_MILLIS);
  }

  @AfterAll
  static void stop() throws InterruptedException {
    browser.close();
    playwright.close();
    Process running = server;
    server = null;
    if (running == null) {
      return;
    }
    running.destroy();
    if (!running.waitFor(30, TimeUnit.SECONDS)) {
      running.destroyForcibly();
    }
  }

  @AfterEach
  void leave() {
    here.forEach(BrowserUser::close);
    here.clear();
  }

  /** Somebody new, in a browser of their own, who has just made an account. */
  final BrowserUser person(String name) {
    return person(name, new Browser.NewContextOptions().setViewportSize(1200, 780));
  }

  final BrowserUser person(String name, Browser.NewContextOptions options) {
    String username =
        name.toLowerCase(Locale.ROOT).replaceAll("[^a-z]", "") + System.nanoTime() % 1_000_000_000L;
    BrowserUser browserUser =
        new BrowserUser(browser.newContext(options), base, username + people++);
    here.add(browserUser);
    browserUser.register(name);
    return browserUser;
  }

  /** Starts the server and gives its address. */
  static String startServer() {
    String running = System.getProperty("parley.web.base");
    if (running != null) {
      return running;
    }
    try {
      Path target = Files.createDirectories(Path.of("target"));
      Path data = Files.createTempDirectory(target, "web-data-");
      ProcessBuilder builder =
          new ProcessBuilder(
              Path.of(System.getProperty("java.home"), "bin", "java").toString(),
              "-Xmx512m",
              "-XX:+UseSerialGC",
              "--enable-native-access=ALL-UNNAMED",
              "-cp",
              System.getProperty("java.class.path"),
              "parley.app.Main");
      builder
          .environment()
          .putAll(
              Map.of(
                  "PARLEY_PORT",
                  "0",
                  "PARLEY_MANAGEMENT_PORT",
                  "0",
                  "PARLEY_DATA_DIR",
                  data.toString(),
                  "PARLEY_RATE_MESSAGES_PER_MINUTE",
                  "0",
                  "PARLEY_RATE_CONVERSATION_PER_SECOND",
                  "0",
                  "PARLEY_RATE_REQUESTS_PER_SECOND",
                  "0",
                  "PARLEY_REGISTRATIONS_PER_DAY",
                  "0",
                  "PARLEY_DRAIN_SECONDS",
                  "1"));
      Process started = builder.redirectErrorStream(true).start();
      server = started;
      return address(started);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Reads the server's lines as long as it runs; the first address it names is the clients'. */
  private static String address(Process process) {
    CompletableFuture<String> address = new CompletableFuture<>();
    List<String> lines = new ArrayList<>();
    Thread reader =
        new Thread(
            () -> {
              try (BufferedReader out =
                  new BufferedReader(
                      new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8))) {
                for (String line = out.readLine(); line != null; line = out.readLine()) {
                  if (!address.isDone()) {
                    lines.add(line);
                  }
                  Matcher matcher = LISTENING.matcher(line);
                  if (matcher.find()) {
                    address.complete(matcher.group(1));
                  }
                }
                address.completeExceptionally(
                    new IllegalStateException("the server ended:\n" + String.join("\n", lines)));
              } catch (IOException e) {
                address.completeExceptionally(e);
              }
            },
            "server-output");
    reader.setDaemon(true);
    reader.start();
    try {
      return address.get(START_SECONDS, TimeUnit.SECONDS);
    } catch (ExecutionException | TimeoutException e) {
      process.destroyForcibly();
      throw new IllegalStateException("the server does not listen", e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(e);
    }
  }
}
