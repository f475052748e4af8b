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
 * FCM by firebase-admin. Its client blocks the thread that calls it, so each notification in flight
 * has one of {@code blocking}'s; {@link #atOnce()} keeps the rest out.
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
   * Opens nothing yet.
   *
   * @param timeout the longest wait for an answer
   * @param blocking where its calls wait
   * @param threads how many of them at a time
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
            // Whoever asked tries again; it knows how often and when.
            .createWithCustomRetryStrategy(false);
    FirebaseOptions options =
        FirebaseOptions.builder()
            .setCredentials(account)
            .setProjectId(access.account().getProjectId())
            .setHttpTransport(transport)
            .build();
    // The library keeps all apps of a process in one map, by name.
    this.app = FirebaseApp.initializeApp(options, "parley-" + UUID.randomUUID());
    this.messaging = FirebaseMessaging.getInstance(app);
  }

  @Override
  public int atOnce() {
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
