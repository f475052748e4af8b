package parley.admin;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import parley.settings.SettingsException;

/**
 * The file of the tokens of operators. It is read every {@value #CHECK_SECONDS} s, so a removed
 * line ends its token within that time, and an added one needs no restart. Each read opens the file
 * anew by its name, because a Kubernetes Secret is mounted as a symbolic link that moves to the
 * next version.
 *
 * <p>A file that cannot be read, or has a wrong line, changes nothing: the tokens before stay, and
 * the log names the line. An empty file allows nobody.
 *
 * <p>Bounds: {@value #MAX_BYTES} bytes, {@value #MAX_TOKENS} tokens.
 */
public final class AdminTokenFile implements AutoCloseable {
  /** The setting that names the file. */
  static final String SETTING = "PARLEY_ADMIN_TOKENS_FILE";

  static final int CHECK_SECONDS = 2;
  static final int MAX_BYTES = 64 * 1024;
  static final int MAX_TOKENS = 200;

  private static final Logger LOG = LoggerFactory.getLogger(AdminTokenFile.class);

  private final Path file;
  private final ScheduledExecutorService scheduler =
      Executors.newSingleThreadScheduledExecutor(
          Thread.ofPlatform().daemon().name("admin-tokens").factory());
  private String text;
  private volatile List<AdminToken> tokens;
  private @Nullable String lastProblem;

  private AdminTokenFile(Path file, String text, List<AdminToken> tokens) {
    this.file = file;
    this.text = text;
    this.tokens = tokens;
  }

  /** The file cannot be used. The message is one line and shows nothing of the file. */
  static final class UnusableFileException extends Exception {
    private static final long serialVersionUID = 1;

    UnusableFileException(String message) {
      super(message);
    }
  }

  /**
   * Reads the file. Blocks.
   *
   * @throws SettingsException if it cannot be read, or a line is wrong
   */
  public static AdminTokenFile read(Path file) throws SettingsException {
    try {
      String text = textOf(file);
      return new AdminTokenFile(file, text, parse(text));
    } catch (UnusableFileException e) {
      throw new SettingsException(SETTING, String.valueOf(e.getMessage()));
    }
  }

  /** Starts to look for changes of the file, until {@link #close}. */
  public AdminTokenFile watch() {
    var unused =
        scheduler.scheduleWithFixedDelay(
            this::look, CHECK_SECONDS, CHECK_SECONDS, TimeUnit.SECONDS);
    return this;
  }

  /** The token with this text, or null. Takes the same time whichever token it is. */
  @Nullable AdminToken find(String token) {
    AdminToken.Hash hash = AdminToken.Hash.of(token);
    AdminToken found = null;
    for (AdminToken one : tokens) {
      found = one.hash().matches(hash) ? one : found;
    }
    return found;
  }

  /** Reads the file once, and takes over what has changed. */
  synchronized void look() {
    try {
      String now = textOf(file);
      if (!now.equals(text)) {
        tokens = parse(now);
        text = now;
        LOG.info("{}: {} tokens are valid now", SETTING, tokens.size());
      }
      lastProblem = null;
    } catch (UnusableFileException e) {
      String problem = String.valueOf(e.getMessage());
      if (!problem.equals(lastProblem)) {
        LOG.error("{}: {}; the tokens before stay valid", SETTING, problem);
        lastProblem = problem;
      }
    } catch (RuntimeException e) {
      // An exception would end the schedule.
      LOG.error("{}: the file could not be checked", SETTING, e);
    }
  }

  private static String textOf(Path file) throws UnusableFileException {
    try (InputStream in = Files.newInputStream(file)) {
      byte[] bytes = in.readNBytes(MAX_BYTES + 1);
      if (bytes.length > MAX_BYTES) {
        throw new UnusableFileException("has more than " + MAX_BYTES + " bytes");
      }
      return new String(bytes, StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UnusableFileException("cannot be read (" + e.getClass().getSimpleName() + ")");
    }
  }

  /** Reads the lines. Empty lines, and those that begin with {@code #}, are skipped. */
  static List<AdminToken> parse(String text) throws UnusableFileException {
    List<AdminToken> all = new ArrayList<>();
    Set<String> names = new HashSet<>();
    List<String> lines = text.lines().toList();
    for (int i = 0; i < lines.size(); i++) {
      String line = lines.get(i).strip();
      if (line.isEmpty() || line.startsWith("#")) {
        continue;
      }
      AdminToken token = AdminToken.parse(line);
      if (token == null) {
        // The line is not shown: it may hold the token itself.
        throw new UnusableFileException("line " + (i + 1) + " is not NAME HASH read|write");
      }
      if (!names.add(token.name())) {
        throw new UnusableFileException(
            "line " + (i + 1) + ": an earlier line has the name " + token.name());
      }
      if (all.stream().anyMatch(earlier -> earlier.hash().matches(token.hash()))) {
        // One token with two names: the audit log would name the wrong one.
        throw new UnusableFileException("line " + (i + 1) + ": an earlier line has the same hash");
      }
      all.add(token);
      if (all.size() > MAX_TOKENS) {
        throw new UnusableFileException("has more than " + MAX_TOKENS + " tokens");
      }
    }
    return List.copyOf(all);
  }

  @Override
  public void close() {
    scheduler.shutdownNow();
  }
}
