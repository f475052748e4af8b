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
  static final Duration CLOSE_TIMEOUT = Duration.ofSeconds(2);

  /** Timeout of the TCP connect. */
  private static final Duration CONNECT_TIMEOUT = Duration.ofSeconds(5);

  /**
   * Silence after which the client sends a ping. Without an answer it closes the connection half of
   * that time later. pushy's default of a minute would keep a connection that a firewall has
   * forgotten for 90 s.
   */
  private static final Duration PING_INTERVAL = Duration.ofSeconds(20);

  /**
   * Missing answers in a row after which the connection is replaced. Each missing answer holds one
   * of the 1,000 streams that APNs allows; pushy would queue notifications beyond them.
   */
  static final int MAX_UNANSWERED = 64;

  private final ApnsClient client;
  private final Duration timeout;
  private final ProviderConfirmation providerConfirmation;
  private final Runnable onEnd;
  private final AtomicInteger unanswered = new AtomicInteger();
  private final AtomicBoolean closed = new AtomicBoolean();
  private volatile boolean connected;
  private volatile boolean connectFailed;

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
            .setConnectionTimeout(CONNECT_TIMEOUT)
            .setIdlePingInterval(PING_INTERVAL)
            .setGracefulShutdownTimeout(CLOSE_TIMEOUT)
            .setMetricsListener(new ConnectionListener());
    if (!access.trustedIssuers().isEmpty()) {
      builder.setTrustedServerCertificateChain(
          access.trustedIssuers().toArray(X509Certificate[]::new));
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
      boolean silent = unanswered.incrementAndGet() >= MAX_UNANSWERED;
      if (!connected || silent) {
        // Notifications that wait in pushy for a connection must not be sent after their timeout.
        closeOnce();
      }
      return new PushOutcome.Retry(null, FailureReasons.TIMEOUT);
    }
    boolean unsent =
        connectFailed
            || cause instanceof ConnectException
            || cause instanceof UnknownHostException
            || cause instanceof SSLException
            || cause instanceof IllegalStateException;
    return new PushOutcome.Retry(
        null, unsent ? FailureReasons.UNREACHABLE : FailureReasons.UNANSWERED);
  }

  /**
   * Closes the connection; outstanding answers get {@link #CLOSE_TIMEOUT}. Returns at once. A
   * second call does nothing.
   */
  void closeOnce() {
    if (closed.compareAndSet(false, true)) {
      onEnd.run();
      CompletableFuture<Void> unused = client.close();
    }
  }

  /**
   * Observes the connection. Called on its thread, before the futures of the notifications
   * complete.
   */
  private final class ConnectionListener implements ApnsClientMetricsListener {
    @Override
    public void handleConnectionAdded(ApnsClient of) {
      connected = true;
    }

    @Override
    public void handleConnectionRemoved(ApnsClient of) {
      connected = false;
    }

    @Override
    public void handleConnectionCreationFailed(ApnsClient of) {
      connected = false;
      connectFailed = true;
      closeOnce();
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
