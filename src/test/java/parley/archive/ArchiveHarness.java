package parley.archive;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import java.util.List;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.apache.pekko.actor.testkit.typed.javadsl.ActorTestKit;
import org.apache.pekko.stream.javadsl.Sink;
import org.apache.pekko.stream.javadsl.Source;

/**
 * An actor system with the program's limits, or with stricter ones, and helpers that wait for
 * results.
 */
final class ArchiveHarness implements AutoCloseable {
  final ActorTestKit kit;

  /** Starts with these settings of {@code parley.archive} instead of the program's. */
  ArchiveHarness(String overrides) {
    Config tight = ConfigFactory.parseString(overrides);
    kit =
        ActorTestKit.create(
            "archive-test",
            tight
                .withFallback(ConfigFactory.parseResources("parley-archive.conf"))
                .withFallback(ConfigFactory.parseString("pekko.loggers = []"))
                .withFallback(ConfigFactory.defaultReference())
                .resolve());
  }

  <T> List<T> all(Source<T, ?> source) {
    return result(source.runWith(Sink.seq(), kit.system()));
  }

  /** Waits for the result; throws a failure without a wrapper. */
  static <T> T result(CompletionStage<T> stage) {
    try {
      return stage.toCompletableFuture().orTimeout(60, TimeUnit.SECONDS).join();
    } catch (CompletionException e) {
      Throwable bare = ColdFailures.unwrapped(e);
      if (bare instanceof TimeoutException) {
        throw new AssertionError("never came", e);
      }
      throw bare instanceof RuntimeException known ? known : e;
    }
  }

  @Override
  public void close() {
    kit.shutdownTestKit();
  }
}
