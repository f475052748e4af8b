package parley.push;

import java.io.IOException;
import java.net.http.HttpResponse.BodySubscriber;
import java.net.http.HttpResponse.BodySubscribers;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Flow;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Reads the body of a response into memory, bounded in size and time. Java's own subscriber has
 * neither bound.
 */
final class BoundedBody implements BodySubscriber<byte[]> {
  private final BodySubscriber<byte[]> bytes = BodySubscribers.ofByteArray();
  private final Duration timeout;
  private int bytesLeft;
  private Flow.@Nullable Subscription subscription;

  /**
   * Fails if the body has more than {@code most} bytes or is not complete after {@code timeout}.
   */
  BoundedBody(int most, Duration timeout) {
    this.bytesLeft = most;
    this.timeout = timeout;
  }

  @Override
  public CompletionStage<byte[]> getBody() {
    return bytes
        .getBody()
        .toCompletableFuture()
        .copy()
        .orTimeout(timeout.toMillis(), TimeUnit.MILLISECONDS);
  }

  @Override
  public void onSubscribe(Flow.Subscription subscription) {
    this.subscription = subscription;
    bytes.onSubscribe(subscription);
  }

  @Override
  public void onNext(List<ByteBuffer> items) {
    for (ByteBuffer item : items) {
      bytesLeft -= item.remaining();
      if (bytesLeft < 0) {
        if (subscription != null) {
          subscription.cancel();
        }
        bytes.onError(new IOException("the answer is too long"));
        return;
      }
    }
    bytes.onNext(items);
  }

  @Override
  public void onError(Throwable failure) {
    bytes.onError(failure);
  }

  @Override
  public void onComplete() {
    bytes.onComplete();
  }
}
