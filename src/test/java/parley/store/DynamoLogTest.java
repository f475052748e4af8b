package parley.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.AppenderBase;
import com.typesafe.config.ConfigFactory;
import java.time.Duration;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Collectors;
import org.apache.pekko.Done;
import org.apache.pekko.actor.testkit.typed.javadsl.ActorTestKit;
import org.apache.pekko.actor.testkit.typed.javadsl.TestProbe;
import org.apache.pekko.actor.typed.ActorRef;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.slf4j.LoggerFactory;
import parley.client.ClientIds;
import parley.client.DynamoLocal;
import parley.client.FaultProxy;
import parley.client.FaultProxy.Pass;
import parley.client.FaultProxy.Refuse;

/**
 * The plugin logs each throttled attempt through one logger. So the limit of lines for each logger
 * bounds these too.
 */
@Timeout(60)
class DynamoLogTest {
  private static final Duration PATIENCE = Duration.ofSeconds(20);

  @Test
  void throttledTriesAreLoggedThroughOneLogger() throws Exception {
    Queue<ILoggingEvent> seen = new ConcurrentLinkedQueue<>();
    AppenderBase<ILoggingEvent> appender =
        new AppenderBase<>() {
          @Override
          protected void append(ILoggingEvent event) {
            if (event.getLevel().isGreaterOrEqual(Level.WARN)
                && event.getFormattedMessage().contains("will retry")) {
              seen.add(event);
            }
          }
        };
    appender.start();
    Logger root = (Logger) LoggerFactory.getLogger(org.slf4j.Logger.ROOT_LOGGER_NAME);
    root.addAppender(appender);
    String id = "notebook-" + ClientIds.next();
    AtomicInteger left = new AtomicInteger(5);
    try (FaultProxy proxy = FaultProxy.before(DynamoLocal.endpoint());
        DynamoStore store = DynamoStore.open(proxy.endpoint(), DynamoLocal.prefix(), true)) {
      proxy.rule(
          call ->
              call.writesEvent() && left.getAndDecrement() > 0
                  ? new Refuse(400, "ProvisionedThroughputExceededException")
                  : new Pass());
      ActorTestKit kit =
          ActorTestKit.create(
              "log",
              ConfigFactory.parseString("pekko.actor.provider = local")
                  .withFallback(store.config())
                  .withFallback(ConfigFactory.load())
                  .resolve());
      try {
        ActorRef<NotebookEntity.Command> writer = kit.spawn(NotebookEntity.of(id));
        TestProbe<Done> probe = kit.createTestProbe();
        writer.tell(new NotebookEntity.Add(List.of("one"), probe.ref()));
        probe.receiveMessage(PATIENCE);
        // The SDK repeats each attempt twice without a log line.
        await().atMost(PATIENCE).untilAsserted(() -> assertThat(seen).isNotEmpty());
      } finally {
        kit.shutdownTestKit();
      }
    } finally {
      root.detachAppender(appender);
    }
    assertThat(seen.stream().map(ILoggingEvent::getLoggerName).collect(Collectors.toSet()))
        .containsExactly(DynamoStore.CLIENT_LOGGER + "(pekko://log)");
    assertThat(seen.stream().map(ILoggingEvent::getMessage).collect(Collectors.toSet()))
        .as("one pattern for all of them")
        .hasSize(1);
  }
}
