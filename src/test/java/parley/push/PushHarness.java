package parley.push;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.classic.spi.IThrowableProxy;
import ch.qos.logback.core.AppenderBase;
import com.typesafe.config.ConfigFactory;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.apache.pekko.actor.testkit.typed.javadsl.ActorTestKit;
import org.apache.pekko.actor.testkit.typed.javadsl.TestProbe;
import org.apache.pekko.actor.typed.ActorRef;
import org.slf4j.LoggerFactory;
import parley.client.MockApns;
import parley.client.MockFcm;
import parley.model.ConversationId;
import parley.telemetry.Telemetry;

/** {@link PushService} with both providers, whose servers are mocks in this process. */
final class PushHarness implements AutoCloseable {
  static final ConversationId GROUP = new ConversationId("g_01J0000000000000000000000");

  /** Longer than any step takes on a busy machine; no test asserts it. */
  static final Duration PATIENCE = Duration.ofSeconds(30);

  final MockApns apns;
  final MockFcm fcm;
  final Telemetry telemetry = new Telemetry();
  final ActorTestKit kit =
      ActorTestKit.create(
          ConfigFactory.parseResources("parley-push.conf").withFallback(ConfigFactory.load()));
  final TestProbe<PushService.Sent> probe = kit.createTestProbe(PushService.Sent.class);
  final ActorRef<PushService.Command> push;
  final PushProviders pushProviders;
  final ApnsAccess access;
  private final Log log = new Log();
  private long references;

  PushHarness(Path folder, PushLimits pushLimits) throws Exception {
    log.start();
    apns = new MockApns(folder);
    fcm = new MockFcm(folder);
    access =
        ApnsAccess.read(
            apns.keyFile(),
            MockApns.KEY_ID,
            MockApns.TEAM_ID,
            MockApns.TOPIC,
            false,
            new ApnsAccess.Endpoint("127.0.0.1", apns.port()),
            apns.caFile());
    pushProviders =
        PushProviders.from(
            access,
            FcmAccess.read(fcm.credentialsFile(), URI.create(fcm.url())),
            pushLimits,
            kit.system(),
            InstantSource.system());
    push = kit.spawn(PushService.create(pushProviders, pushLimits, telemetry));
  }

  /** A token of a device, 64 hex digits. */
  static String token(int device) {
    return "%064x".formatted(0xcafe_0000L + device);
  }

  static Notification to(Platform platform, int device) {
    return new Notification(platform, token(device), GROUP, 42, 3, true);
  }

  /** Sends without waiting. */
  long send(Notification notification) {
    long reference = references++;
    push.tell(new PushService.Send(notification, reference, probe.getRef()));
    return reference;
  }

  /** Sends, and waits for the outcome. */
  PushOutcome outcome(Notification notification) {
    long reference = send(notification);
    PushService.Sent sent = probe.receiveMessage(PATIENCE);
    assertThat(sent.reference()).isEqualTo(reference);
    return sent.outcome();
  }

  PushOutcome next() {
    return probe.receiveMessage(PATIENCE).outcome();
  }

  /** The counter of that outcome. */
  double counted(Platform platform, String outcome) {
    var counter =
        telemetry
            .registry()
            .find(PushMeters.SENT)
            .tags("platform", platform.wireName(), "outcome", outcome)
            .counter();
    return counter == null ? 0 : counter.count();
  }

  /** Everything that was logged, at any level, with exceptions. */
  List<String> logged() {
    return List.copyOf(log.lines);
  }

  @Override
  public void close() {
    log.end();
    kit.shutdownTestKit();
    apns.close();
    fcm.close();
    telemetry.close();
  }

  private static final class Log extends AppenderBase<ILoggingEvent> {
    private final List<String> lines = new CopyOnWriteArrayList<>();
    private final Logger root = (Logger) LoggerFactory.getLogger("ROOT");
    private final Logger ours = (Logger) LoggerFactory.getLogger("parley");

    @Override
    public void start() {
      super.start();
      ours.setLevel(Level.TRACE);
      root.addAppender(this);
    }

    void end() {
      root.detachAppender(this);
      ours.setLevel(Level.INFO);
    }

    @Override
    protected void append(ILoggingEvent event) {
      StringBuilder line = new StringBuilder(event.getLoggerName() + ' ');
      line.append(event.getFormattedMessage());
      for (IThrowableProxy t = event.getThrowableProxy(); t != null; t = t.getCause()) {
        line.append(' ').append(t.getClassName()).append(' ').append(t.getMessage());
      }
      lines.add(line.toString());
    }
  }
}
