package parley.push;

import com.eatthepath.pushy.apns.ApnsClient;
import com.eatthepath.pushy.apns.ApnsClientBuilder;
import com.eatthepath.pushy.apns.ApnsClientMetricsListener;
import com.eatthepath.pushy.apns.PushNotificationResponse;
import com.eatthepath.pushy.apns.util.SimpleApnsPushNotification;
import io.netty.channel.EventLoopGroup;
import java.net.ConnectException;
import java.net.UnknownHostException;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import javax.net.ssl.SSLException;
import org.jspecify.annotations.Nullable;

/**
 * A pushy client with its single connection. It is used until its first failure to connect, or
 * until APNs stops answering; {@link ApnsGateway} gives the reasons.
 */
final class ApnsConnection {
  /** How long a closing connection waits for outstanding answers. */
  static final Duration GRACE = Duration.ofSeconds(2);

  /** Timeout of the TCP connect. */
  private static final Duration CONNECT = Duration.ofSeconds(5);

  /**
   * Silence after which the client sends a ping. Without an answer it closes the connection half of
   * that time later. pushy's default of a minute would keep a connection that a firewall has
   * forgotten for 90 s.
   */
  private static final Duration PING = Duration.ofSeconds(20);

  /**
   * Missing answers in a row after which the connection is replaced. Each missing answer holds one
   * of the 1,000 streams that APNs allows; pushy would queue notifications beyond them.
   */
  static final int UNANSWERED = 64;

  private final ApnsClient client;
  private final Duration timeout;
  private final ProviderConfirmation providerConfirmation;
  private final Runnable onEnd;
  private final AtomicInteger unanswered = new AtomicInteger();
  private final AtomicBoolean ended = new AtomicBoolean();
  private volatile boolean up;
  private volatile boolean failed;

  /**
   * Reads the trust store, which blocks. Connects with the first notification.
   *
   * @param onEnd called before the pending notifications fail
   */
  ApnsConnection(
      ApnsAccess access,
      Duration timeout,
      EventLoopGroup threads,
      ProviderConfirmation providerConfirmation,
      Runnable onEnd)
      throws SSLException {
    this.timeout = timeout;
    this.providerConfirmation = providerConfirmation;
    this.onEnd = onEnd;
    ApnsClientBuilder builder =
        new ApnsClientBuilder()
            .setApnsServer(access.host(), access.port())
            .setSigningKey(access.key())
            .setEventLoopGroup(threads)
            .setConcurrentConnections(1)
            .setConnectionTimeout(CONNECT)
            .setIdlePingInterval(PING)
            .setGracefulShutdownTimeout(GRACE)
            .setMetricsListener(new Watch());
    if (!access.trusted().isEmpty()) {
      builder.setTrustedServerCertificateChain(access.trusted().toArray(X509Certificate[]::new));
    }
    this.client = builder.build();
  }

  CompletionStage<PushOutcome> send(SimpleApnsPushNotification notification) {
    CompletableFuture<PushNotificationResponse<SimpleApnsPushNotification>> answer =
        client.sendNotification(notification);
    return answer.orTimeout(timeout.toMillis(), TimeUnit.MILLISECONDS).handle(this::outcome);
  }

  private PushOutcome outcome(
      @Nullable PushNotificationResponse<SimpleApnsPushNotification> response,
      @Nullable Throwable failure) {
    if (response != null) {
      unanswered.set(0);
      return ApnsOutcomes.of(response, providerConfirmation);
    }
    Throwable cause =
        failure instanceof CompletionException && failure.getCause() != null
            ? failure.getCause()
            : failure;
    if (cause instanceof TimeoutException) {
      boolean silent = unanswered.incrementAndGet() >= UNANSWERED;
      if (!up || silent) {
        // Notifications that wait in pushy for a connection must not be sent after their timeout.
        retire();
      }
      return new PushOutcome.Retry(null, FailureReasons.TIMEOUT);
    }
    boolean unsent =
        failed
            || cause instanceof ConnectException
            || cause instanceof UnknownHostException
            || cause instanceof SSLException
            || cause instanceof IllegalStateException;
    return new PushOutcome.Retry(
        null, unsent ? FailureReasons.UNREACHABLE : FailureReasons.UNANSWERED);
  }

  /**
   * Closes the connection; outstanding answers get {@link #GRACE}. Returns at once. A second call
   * does nothing.
   */
  void retire() {
    if (ended.compareAndSet(false, true)) {
      onEnd.run();
      CompletableFuture<Void> unused = client.close();
    }
  }

  /**
   * Observes the connection. Called on its thread, before the futures of the notifications
   * complete.
   */
  private final class Watch implements ApnsClientMetricsListener {
    @Override
    public void handleConnectionAdded(ApnsClient of) {
      up = true;
    }

    @Override
    public void handleConnectionRemoved(ApnsClient of) {
      up = false;
    }

    @Override
    public void handleConnectionCreationFailed(ApnsClient of) {
      up = false;
      failed = true;
      retire();
    }

    @Override
    public void handleWriteFailure(ApnsClient of, long notification) {}

    @Override
    public void handleNotificationSent(ApnsClient of, long notification) {}

    @Override
    public void handleNotificationAccepted(ApnsClient of, long notification) {}

    @Override
    public void handleNotificationRejected(ApnsClient of, long notification) {}
  }
}
