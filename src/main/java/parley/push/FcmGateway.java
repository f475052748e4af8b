package parley.push;

import com.google.auth.oauth2.ServiceAccountCredentials;
import com.google.firebase.FirebaseApp;
import com.google.firebase.FirebaseOptions;
import com.google.firebase.messaging.FirebaseMessaging;
import com.google.firebase.messaging.FirebaseMessagingException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;

/**
 * FCM through firebase-admin. Its client blocks the calling thread, so each notification in flight
 * occupies a thread of {@code blocking}. {@link #maxInFlight()} bounds their number.
 */
final class FcmGateway implements PushGateway {
  private final FirebaseApp app;
  private final FirebaseMessaging messaging;
  private final FcmTransport transport;
  private final Executor blocking;
  private final int threads;
  private final InstantSource clock;
  private final ProviderConfirmation providerConfirmation = new ProviderConfirmation();

  /**
   * Opens no connection yet.
   *
   * @param timeout the longest wait for an answer
   * @param blocking executor for the blocking calls
   * @param threads most calls at a time
   */
  FcmGateway(
      FcmAccess access, Duration timeout, Executor blocking, int threads, InstantSource clock) {
    this.blocking = blocking;
    this.threads = threads;
    this.clock = clock;
    this.transport = new FcmTransport(access.endpoint(), timeout);
    ServiceAccountCredentials account =
        access.account().toBuilder()
            .setHttpTransportFactory(() -> transport)
            .build()
            // The user's outbox retries: it knows how often and when.
            .createWithCustomRetryStrategy(false);
    FirebaseOptions options =
        FirebaseOptions.builder()
            .setCredentials(account)
            .setProjectId(access.account().getProjectId())
            .setHttpTransport(transport)
            .build();
    // The library keeps all apps of a process in one map, so each needs a name of its own.
    this.app = FirebaseApp.initializeApp(options, "parley-" + UUID.randomUUID());
    this.messaging = FirebaseMessaging.getInstance(app);
  }

  @Override
  public int maxInFlight() {
    return threads;
  }

  @Override
  public CompletionStage<PushOutcome> send(Notification notification) {
    try {
      return CompletableFuture.supplyAsync(() -> call(notification), blocking);
    } catch (RejectedExecutionException e) {
      return CompletableFuture.failedFuture(e);
    }
  }

  private PushOutcome call(Notification notification) {
    try {
      String unused = messaging.send(PushPayload.fcm(notification));
      providerConfirmation.accepted();
      return new PushOutcome.Delivered();
    } catch (FirebaseMessagingException e) {
      return FcmOutcomes.of(e, providerConfirmation, Instant.ofEpochMilli(clock.millis()));
    }
  }

  @Override
  public void close() {
    app.delete();
    transport.shutdown();
  }
}
