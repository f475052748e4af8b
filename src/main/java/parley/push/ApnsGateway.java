package parley.push;

import com.eatthepath.pushy.apns.util.SimpleApnsPushNotification;
import io.netty.channel.nio.NioEventLoopGroup;
import io.netty.util.concurrent.DefaultThreadFactory;
import io.netty.util.concurrent.Future;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * APNs by pushy: HTTP/2 over TLS, one connection, one thread, provider tokens that pushy signs and
 * renews.
 *
 * <p><b>The client is thrown away with its connection.</b> pushy queues without a bound what waits
 * for a connection, takes one of them off that queue per attempt to connect, waits up to a minute
 * between attempts, and sends what is left when the connection comes: long after we have said
 * {@code timeout} and somebody has tried again. So an {@link ApnsConnection} ends at its first
 * failure to connect, and at once fails all that waits in it; {@link ProviderQueue} decides when to
 * try again. What was rejected: to count what pushy holds and wait for it, which stops all pushes
 * for minutes after an outage of seconds.
 */
final class ApnsGateway implements PushGateway {
  /** Apple: tokens have no fixed length. Hex, so nothing in it can leave the path it stands in. */
  private static final Pattern TOKEN = Pattern.compile("(?:[0-9a-fA-F]{2}){1,128}");

  private final ApnsAccess access;
  private final Duration timeout;
  private final Executor blocking;
  private final InstantSource clock;
  private final ProviderConfirmation providerConfirmation = new ProviderConfirmation();
  private final NioEventLoopGroup threads =
      new NioEventLoopGroup(1, new DefaultThreadFactory("push-apns", true));
  private final AtomicReference<@Nullable CompletableFuture<ApnsConnection>> current =
      new AtomicReference<>();

  /**
   * Connects with the first notification.
   *
   * @param timeout the longest wait for an answer
   * @param blocking where keys and trust stores are read
   */
  ApnsGateway(ApnsAccess access, Duration timeout, Executor blocking, InstantSource clock) {
    this.access = access;
    this.timeout = timeout;
    this.blocking = blocking;
    this.clock = clock;
  }

  @Override
  public CompletionStage<PushOutcome> send(Notification notification) {
    if (!TOKEN.matcher(notification.token()).matches()) {
      return CompletableFuture.completedFuture(
          new PushOutcome.Gone(0, FailureReasons.MALFORMED_TOKEN));
    }
    SimpleApnsPushNotification apns =
        PushPayload.apns(notification, access.topic(), Instant.ofEpochMilli(clock.millis()));
    return connection().thenCompose(connection -> connection.send(apns));
  }

  private CompletableFuture<ApnsConnection> connection() {
    CompletableFuture<ApnsConnection> known = current.get();
    if (known != null) {
      return known;
    }
    CompletableFuture<ApnsConnection> made = new CompletableFuture<>();
    CompletableFuture<ApnsConnection> other = current.compareAndExchange(null, made);
    if (other != null) {
      return other;
    }
    try {
      blocking.execute(
          () -> {
            try {
              made.complete(
                  new ApnsConnection(
                      access,
                      timeout,
                      threads,
                      providerConfirmation,
                      () -> current.compareAndSet(made, null)));
            } catch (Exception e) {
              current.compareAndSet(made, null);
              made.completeExceptionally(e);
            }
          });
    } catch (RejectedExecutionException e) {
      current.compareAndSet(made, null);
      made.completeExceptionally(e);
    }
    return made;
  }

  @Override
  public void close() {
    CompletableFuture<ApnsConnection> last = current.getAndSet(null);
    if (last != null) {
      CompletionStage<Void> unused = last.thenAccept(ApnsConnection::retire);
    }
    Future<?> unusedEnd =
        threads.shutdownGracefully(0, ApnsConnection.GRACE.toMillis(), TimeUnit.MILLISECONDS);
  }
}
