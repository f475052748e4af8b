package parley.launch;

import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * Runs the program: in this process if its Java is new enough, else in a second process with a
 * newer Java of this machine.
 *
 * <p>In the second case this process only waits. It passes {@code SIGTERM} on, and ends with the
 * exit code of the second process. If this process is killed ({@code kill -9}), the second process
 * sees the end of its standard input, a pipe from this process that nothing is ever written to. It
 * then halts at once, as if it had been killed itself.
 */
public final class Launcher {
  /** The language level of everything but this package. */
  static final int REQUIRED_VERSION = 21;

  private static final String MAIN = "parley.app.Main";

  /** Set for the second process. */
  private static final String CHILD_PROPERTY = "parley.launcher.child";

  private static final int EXIT_NO_JAVA = 1;

  private Launcher() {}

  /** Runs the program. */
  public static void main(String[] args) throws Exception {
    if (Runtime.version().feature() >= REQUIRED_VERSION) {
      if (Boolean.getBoolean(CHILD_PROPERTY)) {
        haltWithParent();
      }
      Class.forName(MAIN).getMethod("main", String[].class).invoke(null, (Object) args);
      return;
    }
    Path java = Runtimes.find(REQUIRED_VERSION);
    if (java == null) {
      System.err.println(
          "Parley needs Java "
              + REQUIRED_VERSION
              + " or newer; this is Java "
              + Runtime.version().feature()
              + " and no newer one was found. Set JAVA_HOME to one.");
      System.exit(EXIT_NO_JAVA);
    } else {
      System.exit(runWith(java, args));
    }
  }

  private static int runWith(Path java, String[] args) throws IOException, InterruptedException {
    List<String> command = new ArrayList<>();
    command.add(java.toString());
    // The operator's options (-Xmx …) are meant for the program.
    command.addAll(ManagementFactory.getRuntimeMXBean().getInputArguments());
    command.add("-D" + CHILD_PROPERTY + "=true");
    // Suppresses warnings about libraries that an operator can do nothing about.
    command.add("-Dsun.misc.unsafe.memory.access=allow");
    command.add("--enable-native-access=ALL-UNNAMED");
    command.add("-classpath");
    command.add(System.getProperty("java.class.path"));
    command.add(Launcher.class.getName());
    command.addAll(List.of(args));
    Process program =
        new ProcessBuilder(command)
            .redirectOutput(ProcessBuilder.Redirect.INHERIT)
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .start();
    Runtime.getRuntime().addShutdownHook(new Thread(() -> stopAndAwait(program), "stop"));
    return program.waitFor();
  }

  /** On SIGTERM: waits until the program has drained and stopped, and ends with its exit code. */
  private static void stopAndAwait(Process program) {
    if (!program.isAlive()) {
      return;
    }
    // Stopped by its handle: Process.destroy would close the pipe as well, and the program would
    // halt.
    program.toHandle().destroy();
    try {
      Runtime.getRuntime().halt(program.waitFor());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private static void haltWithParent() {
    Thread watch =
        new Thread(
            () -> {
              try {
                while (System.in.read() >= 0) {
                  // Nothing is ever written; only the end of the stream matters.
                }
              } catch (IOException e) {
                // A failed read means the end, too.
              }
              Runtime.getRuntime().halt(137); // the exit code that a shell reports for kill -9
            },
            "parent");
    watch.setDaemon(true);
    watch.start();
  }
}
