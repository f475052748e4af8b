package parley.app;

import com.typesafe.config.ConfigFactory;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import org.slf4j.LoggerFactory;
import parley.cluster.NotJoinedException;
import parley.settings.ExitCode;
import parley.settings.Settings;
import parley.settings.SettingsException;
import parley.store.StoreRefusedException;
import parley.telemetry.NodeName;

/**
 * Starts the server: settings, data folder, node, and the address on standard output. {@code
 * SIGTERM} drains and stops it.
 */
public final class Main {
  private static final Duration LOG_TIMEOUT = Duration.ofSeconds(2);

  private Main() {}

  /**
   * Runs the server with the settings in the environment. With arguments it runs a command and
   * exits: {@link NodeCaCommand}, {@link AdminCommand}, {@link ShardCount}, {@link MendCommand},
   * {@link VerifyCommand}.
   */
  public static void main(String[] args) {
    try {
      if (args.length > 0 && args[0].equals(NodeCaCommand.COMMAND)) {
        System.exit(NodeCaCommand.run(List.of(args)));
      }
      if (args.length > 0 && args[0].equals(AdminCommand.COMMAND)) {
        System.exit(AdminCommand.run(List.of(args), System.getenv(), System.out, System.err));
      }
      Settings settings = Settings.from(System.getenv());
      prepareLog(settings);
      Jvm.prepare(settings.dataDir());
      if (args.length > 0 && args[0].equals(ShardCount.COMMAND)) {
        System.exit(ShardCount.run(settings, List.of(args)));
      }
      if (args.length > 0) {
        System.exit(
            args[0].equals(MendCommand.COMMAND)
                ? MendCommand.run(settings, List.of(args))
                : VerifyCommand.run(settings, List.of(args)));
      }
      Node node =
          Node.start(settings, ConfigFactory.empty(), Main::haltAsBroken, Main::stopOnShutdown);
      logWarnings(settings);
      // A program that waits for the first line with an address needs the client port, so that line
      // comes first.
      System.out.println("listening on http://" + node.listening());
      System.out.println(
          "management listening on "
              + (settings.managementAccess().tls() == null ? "http://" : "https://")
              + node.management());
      System.out.flush();
      LifeCycleLog.serving(node.system(), settings);
      Thread.ofPlatform().daemon().name("fast-signatures").start(node::useFastSignatures);
      // If the node stops by itself (downed by the others), the process must end with it.
      node.ended().toCompletableFuture().join();
      System.exit(ExitCode.FAILED);
    } catch (SettingsException e) {
      exitWithError(e, ExitCode.WRONG_SETTING);
    } catch (StoreRefusedException | NotJoinedException e) {
      exitWithError(e, ExitCode.FAILED);
    }
  }

  /**
   * Registers a shutdown hook: SIGTERM stops in order, also while the node waits for the others.
   */
  private static void stopOnShutdown(Runnable stop) {
    Runtime.getRuntime().addShutdownHook(new Thread(stop, "stop"));
  }

  private static void exitWithError(Exception e, int code) {
    System.err.println(e.getMessage());
    System.exit(code);
  }

  /**
   * Logs the reason and ends the process at once. No drain is needed: what was acknowledged is
   * stored.
   */
  static void haltAsBroken(String why) {
    Thread words =
        Thread.ofPlatform()
            .daemon()
            .start(
                () ->
                    LoggerFactory.getLogger(Main.class)
                        .error("This node cannot go on, the process ends: {}", why));
    try {
      // Logging blocks if nobody reads the output, so it runs on a thread of its own for a bounded
      // time.
      words.join(LOG_TIMEOUT);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } finally {
      Runtime.getRuntime().halt(ExitCode.FAILED);
    }
  }

  /**
   * Before the first line of the log. Its configuration reads the variable itself, and would take
   * an empty one for a word.
   */
  private static void prepareLog(Settings settings) {
    System.setProperty(
        "PARLEY_LOG_FORMAT", settings.logs().format().name().toLowerCase(Locale.ROOT));
    if (settings.cluster().kind() == Settings.ClusterKind.SEED) {
      // Nodes on one machine; a pod has a name of its own.
      NodeName.set(settings.cluster().remote().toString());
    }
  }

  private static void logWarnings(Settings settings) {
    var log = LoggerFactory.getLogger(Main.class);
    for (String name : settings.unknown()) {
      log.warn("{} is not a setting of Parley and is ignored", name);
    }
  }
}
