package parley.launch;

import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * Runs the program: here, where this Java is new enough, or with a newer one that stands beside it.
 *
 * <p>In the second case there are two processes. This one only waits: it passes {@code SIGTERM} on
 * and ends with the other's exit code. Should it die without a word ({@code kill -9}), the other
 * sees the end of its standard input, which is a pipe from here that nobody ever writes to, and
 * halts at once, as if it had been killed itself.
 */
public final class Launcher {
  /** The language level of everything but this package. */
  static final int NEEDED = 21;

  private static final String MAIN = "parley.app.Main";

  /** Set for the second process. */
  private static final String CHILD = "parley.launcher.child";

  private static final int NO_JAVA = 1;

  private Launcher() {}

  /** Runs the program. */
  public static void main(String[] args) throws Exception {
    if (Runtime.version().feature() >= NEEDED) {
      if (Boolean.getBoolean(CHILD)) {
        haltWithParent();
      }
      Class.forName(MAIN).getMethod("main", String[].class).invoke(null, (Object) args);
      return;
    }
    Path java = Runtimes.find(NEEDED);
    if (java == null) {
      System.err.println(
          "Parley needs Java "
              + NEEDED
              + " or newer; this is Java "
              + Runtime.version().feature()
              + " and no newer one was found. Set JAVA_HOME to one.");
      System.exit(NO_JAVA);
    } else {
      System.exit(runWith(java, args));
    }
  }

  private static int runWith(Path java, String[] args) throws IOException, InterruptedException {
    List<String> command = new ArrayList<>();
    command.add(java.toString());
    // The operator's options (-Xmx …) are meant for the program.
    command.addAll(ManagementFactory.getRuntimeMXBean().getInputArguments());
    command.add("-D" + CHILD + "=true");
    // Known of the libraries, and nothing an operator could do about.
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
    Runtime.getRuntime().addShutdownHook(new Thread(() -> stop(program), "stop"));
    return program.waitFor();
  }

  /** On SIGTERM: the program drains and stops, and its exit code becomes ours. */
  private static void stop(Process program) {
    if (!program.isAlive()) {
      return;
    }
    // By its handle: Process.destroy would close the pipe as well, and the program would halt.
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
                  // Nothing is ever written; only the end counts.
                }
              } catch (IOException e) {
                // The end, too.
              }
              Runtime.getRuntime().halt(137); // as a shell tells kill -9
            },
            "parent");
    watch.setDaemon(true);
    watch.start();
  }
}
