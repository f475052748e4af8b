package parley.push;

import com.google.api.client.http.HttpResponseException;
import com.google.firebase.IncomingHttpResponse;
import com.google.firebase.messaging.FirebaseMessagingException;
import com.google.firebase.messaging.MessagingErrorCode;
import java.net.ConnectException;
import java.net.UnknownHostException;
import java.net.http.HttpTimeoutException;
import java.time.Duration;
import java.time.Instant;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeoutException;
import java.util.regex.Pattern;
import javax.net.ssl.SSLException;
import org.jspecify.annotations.Nullable;

/**
 * Maps FCM's answers to outcomes, after Google's "FCM error codes" and "Best practices when sending
 * FCM messages at scale".
 *
 * <table>
 * <caption>code, status, outcome</caption>
 * <tr><td>UNREGISTERED<td>404<td>Gone; FCM names no time
 * <tr><td>SENDER_ID_MISMATCH<td>403<td>Gone if FCM has accepted a notification of this process (see
 *     {@link ProviderConfirmation}), else Refused
 * <tr><td>INVALID_ARGUMENT<td>400<td>the same: all requests have the same form, so the token is at
 *     fault; Refused if the answer names another field
 * <tr><td>QUOTA_EXCEEDED<td>429<td>Retry after {@code Retry-After}, or a minute
 * <tr><td>UNAVAILABLE, INTERNAL<td>503, 500<td>Retry, after {@code Retry-After} if given
 * <tr><td>THIRD_PARTY_AUTH_ERROR<td>401<td>Refused: an operator has to act
 * <tr><td>none<td>401, 403, 404<td>Refused: project or service account is wrong
 * <tr><td>none<td>408, 429, 5xx<td>Retry, as above
 * <tr><td>none<td>another 4xx<td>Refused
 * <tr><td>none<td>the token server: 4xx<td>Refused {@code credentials_refused}
 * <tr><td>none<td>the token server: 408, 429, 5xx<td>Retry, after {@code Retry-After}
 * </table>
 *
 * Without an answer the outcome is Retry with a reason from {@link FailureReasons}.
 */
final class FcmOutcomes {
  /**
   * Wait after a 429 without {@code Retry-After}. Google: "if no retry-after header is set, default
   * to 60 seconds".
   */
  static final Duration DEFAULT_QUOTA_WAIT = Duration.ofSeconds(60);

  private static final Pattern FIELD_NAME = Pattern.compile("\"field\"\\s*:\\s*\"([^\"]*)\"");

  /** Most causes of an exception to inspect; a cyclic chain must not hold the thread. */
  private static final int MAX_CAUSES = 12;

  private FcmOutcomes() {}

  /** The outcome for an exception of the client. */
  static PushOutcome of(
      FirebaseMessagingException e, ProviderConfirmation providerConfirmation, Instant now) {
    IncomingHttpResponse response = e.getHttpResponse();
    if (response == null) {
      return withoutResponse(e, now);
    }
    MessagingErrorCode code = e.getMessagingErrorCode();
    int status = response.getStatusCode();
    Duration after = retryAfter(response.getHeaders(), now);
    if (code == null) {
      if (status >= 200 && status < 300) {
        return new PushOutcome.Retry(null, FailureReasons.BAD_ANSWER);
      }
      return ofStatus(status, after);
    }
    String reason = code.name();
    return switch (code) {
      case UNREGISTERED -> new PushOutcome.Gone(0, reason);
      case SENDER_ID_MISMATCH -> providerConfirmation.foreignToken(reason);
      case INVALID_ARGUMENT ->
          tokenAtFault(response.getContent())
              ? providerConfirmation.foreignToken(reason)
              : new PushOutcome.Refused(reason);
      case QUOTA_EXCEEDED ->
          new PushOutcome.Retry(after == null ? DEFAULT_QUOTA_WAIT : after, reason);
      case UNAVAILABLE, INTERNAL -> new PushOutcome.Retry(after, reason);
      case THIRD_PARTY_AUTH_ERROR -> new PushOutcome.Refused(reason);
    };
  }

  private static PushOutcome ofStatus(int status, @Nullable Duration after) {
    String reason = FailureReasons.status(status);
    if (status == 429) {
      return new PushOutcome.Retry(after == null ? DEFAULT_QUOTA_WAIT : after, reason);
    }
    return status == 408 || status >= 500
        ? new PushOutcome.Retry(after, reason)
        : new PushOutcome.Refused(reason);
  }

  /** Whether the token is at fault: false if the answer names a field other than the token. */
  private static boolean tokenAtFault(@Nullable String content) {
    return content == null
        || FIELD_NAME.matcher(content).results().allMatch(m -> m.group(1).equals("message.token"));
  }

  private static PushOutcome withoutResponse(Throwable failure, Instant now) {
    Throwable cause = failure;
    for (int i = 0; i < MAX_CAUSES && cause != null; i++, cause = cause.getCause()) {
      if (cause instanceof HttpResponseException token) {
        return tokenServer(token, now);
      }
      if (cause instanceof ConnectException
          || cause instanceof java.net.http.HttpConnectTimeoutException
          || cause instanceof UnknownHostException
          || cause instanceof java.nio.channels.UnresolvedAddressException
          || cause instanceof SSLException) {
        return new PushOutcome.Retry(null, FailureReasons.UNREACHABLE);
      }
      if (cause instanceof HttpTimeoutException || cause instanceof TimeoutException) {
        return new PushOutcome.Retry(null, FailureReasons.TIMEOUT);
      }
    }
    return new PushOutcome.Retry(null, FailureReasons.UNANSWERED);
  }

  private static PushOutcome tokenServer(HttpResponseException e, Instant now) {
    PushOutcome pushOutcome = ofStatus(e.getStatusCode(), retryAfter(e.getHeaders(), now));
    return pushOutcome instanceof PushOutcome.Refused
        ? new PushOutcome.Refused(FailureReasons.CREDENTIALS_REFUSED)
        : pushOutcome;
  }

  private static @Nullable Duration retryAfter(Map<String, Object> headers, Instant now) {
    Optional<String> value = header(headers, FcmTransport.RETRY_AFTER);
    boolean hidden = retryAfterReplaced(headers);
    if (value.isEmpty() && !hidden) {
      value = header(headers, "retry-after");
    }
    return value.flatMap(v -> RetryAfter.parse(v, now)).orElse(null);
  }

  /**
   * Whether {@link FcmTransport} has replaced the server's {@code Retry-After}, which it does on a
   * 503.
   */
  private static boolean retryAfterReplaced(Map<String, Object> headers) {
    return header(headers, "retry-after").filter(FcmTransport.ENDLESS_WAIT::equals).isPresent();
  }

  private static Optional<String> header(Map<String, Object> headers, String wanted) {
    for (Map.Entry<String, Object> header : headers.entrySet()) {
      if (header.getKey().toLowerCase(Locale.ROOT).equals(wanted)) {
        Object value = header.getValue();
        if (value instanceof Iterable<?> several) {
          for (Object one : several) {
            return Optional.of(String.valueOf(one));
          }
        } else if (value != null) {
          return Optional.of(String.valueOf(value));
        }
      }
    }
    return Optional.empty();
  }
}
