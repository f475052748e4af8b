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
 * APNs through pushy: HTTP/2 over TLS with one connection and one thread. pushy signs and renews
 * the provider tokens.
 *
 * <p><b>A client is used for one connection only.</b> While pushy has no connection, it queues
 * notifications without a bound. It takes one of them off that queue per attempt to connect, waits
 * up to a minute between attempts, and sends the rest when the connection comes. By then this node
 * has long answered {@code timeout}, and the outbox has tried again. So an {@link ApnsConnection}
 * ends at its first failure to connect and at once fails all notifications that wait in it. {@link
 * ProviderQueue} decides when to try again. Rejected: to count the notifications that pushy holds
 * and wait for them, which stops all pushes for minutes after an outage of seconds.
 */
final class ApnsGateway implements PushGateway {
  /**
   * Form of a token. Apple: tokens have no fixed length. Only hexadecimal digits are accepted, so
   * that a token cannot change the request path that contains it.
   */
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
   * @param blocking executor that reads keys and trust stores
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
      CompletionStage<Void> unused = last.thenAccept(ApnsConnection::closeOnce);
    }
    Future<?> unusedEnd =
        threads.shutdownGracefully(
            0, ApnsConnection.CLOSE_TIMEOUT.toMillis(), TimeUnit.MILLISECONDS);
  }
}
