package parley.http;

import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeoutException;
import org.apache.pekko.actor.typed.ActorSystem;
import org.apache.pekko.http.javadsl.model.HttpEntities;
import org.apache.pekko.http.javadsl.model.HttpEntity;
import org.apache.pekko.http.javadsl.model.HttpRequest;
import org.apache.pekko.http.javadsl.model.MediaType;
import org.apache.pekko.http.scaladsl.model.EntityStreamSizeException;
import org.apache.pekko.stream.javadsl.Sink;
import org.apache.pekko.util.ByteString;
import org.apache.pekko.util.ByteStringBuilder;
import org.jspecify.annotations.Nullable;
import parley.model.ErrorCode;
import parley.model.Limits;

/**
 * Reads the bodies of requests before anything else is done. A body is bounded in bytes first and
 * in time second.
 *
 * <p>The part over the limit is discarded as it comes, up to {@value #MOST_DISCARDED} bytes. If the
 * server answered and closed while the client still writes, the client's system would drop the
 * answer with the connection. A client that sends even more may lose the answer.
 */
final class RequestBodies {
  /** Maximum number of bytes that are read of a body that is too large. */
  static final int MOST_DISCARDED = 1024 * 1024;

  private final ActorSystem<?> system;
  private final Duration timeout;

  /**
   * Reads bodies.
   *
   * @param timeout how long one may take to arrive
   */
  RequestBodies(ActorSystem<?> system, Duration timeout) {
    this.system = system;
    this.timeout = timeout;
  }

  /** Result of reading a request's body. */
  sealed interface ReadResult {}

  /** The whole body is in memory. */
  record Whole(HttpRequest request) implements ReadResult {}

  /** The body is too large or too slow, or its connection failed. */
  record Broken(ErrorCode code, String detail) implements ReadResult {}

  private static final Broken TOO_LARGE =
      new Broken(ErrorCode.TOO_LARGE, "body must be at most " + Limits.FRAME_BYTES + " bytes");

  /** Reads the whole body of a request into memory. */
  CompletionStage<ReadResult> read(HttpRequest request) {
    HttpEntity entity = request.entity();
    if (entity instanceof HttpEntity.Strict strict) {
      return CompletableFuture.completedFuture(
          strict.getData().size() > Limits.FRAME_BYTES ? TOO_LARGE : new Whole(request));
    }
    if (entity.getContentLengthOption().orElse(0) > MOST_DISCARDED) {
      return CompletableFuture.completedFuture(TOO_LARGE);
    }
    return entity
        .withSizeLimit(MOST_DISCARDED)
        .getDataBytes()
        .completionTimeout(timeout)
        .runWith(Sink.fold(new BodyCollector(), BodyCollector::add), system)
        .thenApply(bodyCollector -> bodyCollector.whole(request))
        .exceptionally(RequestBodies::broken);
  }

  private static ReadResult broken(Throwable failure) {
    Throwable cause =
        failure instanceof CompletionException && failure.getCause() != null
            ? failure.getCause()
            : failure;
    if (cause instanceof TimeoutException) {
      return new Broken(ErrorCode.REQUEST_TIMEOUT, "the body did not arrive in time");
    }
    if (cause instanceof EntityStreamSizeException) {
      return TOO_LARGE;
    }
    return new Broken(ErrorCode.BAD_REQUEST, "the body could not be read");
  }

  /** The beginning of a body, and the length of the whole body. */
  private static final class BodyCollector {
    private final ByteStringBuilder bytes = new ByteStringBuilder();
    private long length;

    BodyCollector add(ByteString more) {
      length += more.size();
      if (length <= Limits.FRAME_BYTES) {
        bytes.append(more);
      }
      return this;
    }

    ReadResult whole(HttpRequest request) {
      if (length > Limits.FRAME_BYTES) {
        return TOO_LARGE;
      }
      return new Whole(
          request.withEntity(
              HttpEntities.create(request.entity().getContentType(), bytes.result().compact())));
    }
  }

  /** The bytes of a body that has been read. */
  static byte[] bytes(HttpRequest request) {
    return request.entity() instanceof HttpEntity.Strict strict
        ? strict.getData().toArray()
        : new byte[0];
  }

  /**
   * Why a body is not JSON by its headers, or null if it may be. An empty body needs no type. A
   * form in a browser cannot have the type {@code application/json}. This keeps other sites from
   * posting with a user's cookie even in a browser that does not know SameSite.
   */
  static @Nullable String notJson(HttpRequest request) {
    boolean encoded =
        request
            .getHeader("Content-Encoding")
            .filter(h -> !h.value().equalsIgnoreCase("identity"))
            .isPresent();
    if (encoded) {
      return "the body must not be compressed";
    }
    if (request.entity().isKnownEmpty()) {
      return null;
    }
    MediaType type = request.entity().getContentType().mediaType();
    return type.mainType().equals("application") && type.subType().equals("json")
        ? null
        : "the body must be application/json";
  }
}
