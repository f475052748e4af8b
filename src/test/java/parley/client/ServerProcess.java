package parley.client;

import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * The program as an operator runs it: a process, observed through its output. It starts from the
 * classes under test, or from the jar that {@code PARLEY_TEST_JAR} (property or environment) names.
 * Rate limits are off unless the caller sets them.
 */
public final class ServerProcess implements AutoCloseable {
  /**
   * Options for a server that is killed before compiling pays off: half the processor time of a
   * start. An override for {@link #start(Path, Map)}.
   */
  public static final Map<String, String> SHORT_LIVED =
      Map.of("JAVA_TOOL_OPTIONS", "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC");

  private static final int KEPT_LINES = 500;

  /** The longest time of a start; more on a machine that does a lot beside. */
  private static final long START_SECONDS = Long.getLong("parley.it.start", 60);

  /** The number of lines kept while a hanging process prints its threads. */
  private static final int KEPT_LINES_OF_A_HANG = 5_000;

  /** The longest time for a kill, which waits for nothing. */
  private static final long KILL_SECONDS = 90;

  /** The sum of the timeouts of a stop's steps, without the two whose length is a setting. */
  private static final long FIXED_STEPS_SECONDS = 89;

  /** A margin for a busy machine. */
  private static final long END_SLACK_SECONDS = 20;

  private static final Pattern LISTENING = Pattern.compile("listening on (http://[^\\s]+:\\d+)");

  private static volatile Supplier<Map<String, String>> store = Map::of;

  private final Path data;
  private final Map<String, String> environment = new HashMap<>();
  private final List<String> prefix;
  private final List<String> jvm;
  private final Deque<String> lines = new ArrayDeque<>();
  private volatile int keptLines = KEPT_LINES;
  private volatile @Nullable Path jar;
  private @Nullable Path log;
  private @Nullable Process process;
  private @Nullable URI uri;
  private CompletableFuture<URI> management = new CompletableFuture<>();

  private ServerProcess(
      Path data, Map<String, String> overrides, List<String> prefix, List<String> jvm) {
    this.data = data;
    this.prefix = prefix;
    this.jvm = jvm;
    environment.put("PARLEY_PORT", String.valueOf(Ports.free()));
    environment.put("PARLEY_MANAGEMENT_PORT", String.valueOf(Ports.free()));
    environment.put("PARLEY_DATA_DIR", data.toString());
    environment.put("PARLEY_RATE_MESSAGES_PER_MINUTE", "0");
    environment.put("PARLEY_RATE_CONVERSATION_PER_SECOND", "0");
    environment.put("PARLEY_RATE_REQUESTS_PER_SECOND", "0");
    environment.put("PARLEY_GROUPS_PER_DAY", "0");
    environment.put("PARLEY_REGISTRATIONS_PER_DAY", "0");
    environment.putAll(store.get());
    environment.putAll(overrides);
  }

  /**
   * Sets where servers that start from now on keep their events. Each server gets settings of its
   * own, which stay the same when it restarts. For tests that run on both stores.
   */
  public static void store(Supplier<Map<String, String>> settings) {
    store = settings;
  }

  /** Starts the program and waits until it listens. */
  public static ServerProcess start(Path data, Map<String, String> overrides) {
    ServerProcess server = prepare(data, overrides, List.of(), List.of());
    server.launch();
    return server;
  }

  /**
   * A program that does not run yet: {@link #launch} starts it.
   *
   * @param prefix a command that becomes the program, such as {@code ip netns exec NAME}
   * @param jvm more options of the JVM
   */
  public static ServerProcess prepare(
      Path data, Map<String, String> overrides, List<String> prefix, List<String> jvm) {
    return new ServerProcess(data, overrides, prefix, jvm);
  }

  public static ServerProcess start(Path data) {
    return start(data, Map.of());
  }

  /** Also writes everything that the program prints into a file, over all its starts. */
  public ServerProcess alsoTo(Path file) {
    log = file;
    return this;
  }

  /** Later starts are those of this jar, with its libraries beside it; null for the usual one. */
  public ServerProcess from(@Nullable Path other) {
    jar = other;
    return this;
  }

  public URI uri() {
    return known(uri);
  }

  /**
   * The management address. Waits for the line with it, which may come after the line of the client
   * port.
   */
  public URI management() {
    return management.copy().orTimeout(START_SECONDS, TimeUnit.SECONDS).join();
  }

  public Path data() {
    return data;
  }

  public long pid() {
    return running().pid();
  }

  public boolean isAlive() {
    Process now = process;
    return now != null && now.isAlive();
  }

  /** Completes when the current process has ended, or at once if none runs. */
  public CompletableFuture<?> onExit() {
    Process now = process;
    return now == null ? CompletableFuture.completedFuture(null) : now.onExit();
  }

  /** The newest lines that the program printed, over all its starts. */
  public List<String> output() {
    synchronized (lines) {
      return new ArrayList<>(lines);
    }
  }

  /** Resident memory in bytes, as the kernel sees it. */
  public long residentBytes() {
    try (var status = Files.lines(Path.of("/proc/" + pid() + "/status"))) {
      return status
              .filter(line -> line.startsWith("VmRSS:"))
              .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")))
              .findFirst()
              .orElseThrow()
          * 1024;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** {@code kill -9}: no hook runs, no buffer is flushed. Returns when the process is gone. */
  public void kill9() {
    end(running(), true);
  }

  /**
   * Pauses the process ({@code SIGSTOP}) or continues it ({@code SIGCONT}) without its knowledge.
   */
  public void paused(boolean still) {
    String signal = still ? "-STOP" : "-CONT";
    try {
      Process kill = new ProcessBuilder("kill", signal, String.valueOf(pid())).start();
      if (kill.waitFor() != 0) {
        throw new IllegalStateException("kill " + signal + " failed");
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** Sends SIGTERM, and waits for the end. */
  public void terminate() {
    end(running(), false);
  }

  /** Starts again on the same data and the same ports, so that clients find it where it was. */
  public void restart() {
    if (isAlive()) {
      throw new IllegalStateException("still running");
    }
    environment.put("PARLEY_PORT", String.valueOf(uri().getPort()));
    URI before = management.getNow(null);
    if (before != null) {
      environment.put("PARLEY_MANAGEMENT_PORT", String.valueOf(before.getPort()));
      management = new CompletableFuture<>();
    }
    launch();
  }

  /** Starts the program and waits until it listens; fails if it ends before, or takes too long. */
  public void launch() {
    List<String> command = new ArrayList<>(prefix);
    command.addAll(command());
    ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
    builder.environment().keySet().removeIf(name -> name.startsWith("PARLEY_"));
    builder.environment().putAll(environment);
    CompletableFuture<URI> listening = new CompletableFuture<>();
    CompletableFuture<URI> operators = management;
    try {
      Process started = builder.start();
      process = started;
      Thread.ofPlatform()
          .daemon()
          .name("output of " + started.pid())
          .start(() -> drain(started, listening, operators));
      uri = listening.get(START_SECONDS, TimeUnit.SECONDS);
    } catch (Exception e) {
      if (e instanceof InterruptedException) {
        Thread.currentThread().interrupt();
      }
      close();
      throw new AssertionError("the server did not start:\n" + String.join("\n", output()), e);
    }
  }

  private void drain(
      Process of, CompletableFuture<URI> listening, CompletableFuture<URI> operators) {
    try (BufferedReader reader =
        new BufferedReader(new InputStreamReader(of.getInputStream(), StandardCharsets.UTF_8))) {
      for (String line = reader.readLine(); line != null; line = reader.readLine()) {
        keep(line);
        Matcher found = LISTENING.matcher(line);
        if (found.find()) {
          URI at = URI.create(found.group(1));
          if (line.toLowerCase(Locale.ROOT).contains("management")) {
            operators.complete(at);
          } else {
            listening.complete(at);
          }
        }
      }
    } catch (IOException e) {
      // The process was killed while it printed: its end is what matters, below.
    }
    listening.completeExceptionally(new IOException("ended before it listened"));
  }

  private void keep(String line) throws IOException {
    synchronized (lines) {
      lines.add(line);
      if (lines.size() > keptLines) {
        lines.remove();
      }
      if (log != null) {
        Files.writeString(log, line + "\n", StandardOpenOption.CREATE, StandardOpenOption.APPEND);
      }
    }
  }

  private List<String> command() {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.add("-Xmx512m");
    command.add("--enable-native-access=ALL-UNNAMED");
    command.addAll(jvm);
    String extra = setting("PARLEY_TEST_JVM");
    if (extra != null) {
      command.addAll(List.of(extra.trim().split("\\s+")));
    }
    Path other = jar;
    String usual = setting("PARLEY_TEST_JAR");
    if (other != null) {
      command.addAll(List.of("-jar", other.toString()));
    } else if (usual != null) {
      command.addAll(List.of("-jar", usual));
    } else {
      command.addAll(List.of("-cp", programClasses(), "parley.app.Main"));
    }
    return command;
  }

  /** The class path without the tests, whose settings must not reach the program. */
  private static String programClasses() {
    return Arrays.stream(System.getProperty("java.class.path").split(File.pathSeparator))
        .filter(path -> !path.endsWith("test-classes") && !path.endsWith("test-classes/"))
        .collect(Collectors.joining(File.pathSeparator));
  }

  private static @Nullable String setting(String name) {
    return System.getProperty(name, System.getenv(name));
  }

  private void end(Process process, boolean byForce) {
    List<ProcessHandle> family = new ArrayList<>(process.descendants().toList());
    if (byForce) {
      process.destroyForcibly();
      family.forEach(ProcessHandle::destroyForcibly);
    } else {
      // Through its handle: {@code Process.destroy} would close its output as well, and a JVM that
      // writes an AOT cache at its end has a child that prints.
      process.toHandle().destroy();
    }
    long seconds = byForce ? KILL_SECONDS : endSeconds(environment);
    try {
      if (!process.waitFor(seconds, TimeUnit.SECONDS)) {
        keptLines = KEPT_LINES_OF_A_HANG;
        throw new AssertionError(
            "process %d did not end in %d s:%n%s"
                .formatted(process.pid(), seconds, ThreadDump.of(process.pid(), this::output)));
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      process.destroyForcibly();
    }
  }

  /**
   * Longer than an ordered stop may take with these settings: if a test waits this long, the
   * program is at fault.
   */
  public static long endSeconds(Map<String, String> environment) {
    boolean single = environment.getOrDefault("PARLEY_CLUSTER", "single").equals("single");
    String unready = environment.get("PARLEY_UNREADY_SECONDS");
    String drain = environment.get("PARLEY_DRAIN_SECONDS");
    return FIXED_STEPS_SECONDS
        + (unready == null ? single ? 0 : 15 : Long.parseLong(unready))
        + (drain == null ? single ? 5 : 120 : Long.parseLong(drain))
        + END_SLACK_SECONDS;
  }

  private Process running() {
    Process now = process;
    if (now == null) {
      throw new IllegalStateException("never started");
    }
    return now;
  }

  private static URI known(@Nullable URI address) {
    if (address == null) {
      throw new IllegalStateException("the server has not said where it listens");
    }
    return address;
  }

  @Override
  public void close() {
    Process now = process;
    if (now != null && now.isAlive()) {
      end(now, true);
    }
  }
}
