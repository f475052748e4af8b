package parley.push;

import com.eatthepath.pushy.apns.PushNotificationResponse;
import java.time.Instant;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Maps APNs' answers to outcomes, after Apple's "Handling notification responses from APNs" (User
 * Notifications).
 *
 * <table>
 * <caption>status, reason, outcome</caption>
 * <tr><td>200<td><td>Delivered
 * <tr><td>410<td>Unregistered, ExpiredToken<td>Gone, since its {@code timestamp}
 * <tr><td>400<td>BadDeviceToken, DeviceTokenNotForTopic<td>Gone (0) if APNs has accepted a
 *     notification of this process (see {@link ProviderConfirmation}), else Refused
 * <tr><td>403<td>ExpiredProviderToken<td>Retry: the client renews its token with a new connection
 * <tr><td>429<td>TooManyRequests (of one device), TooManyProviderTokenUpdates<td>Retry
 * <tr><td>400<td>IdleTimeout<td>Retry
 * <tr><td>500, 503<td>InternalServerError, ServiceUnavailable, Shutdown<td>Retry
 * <tr><td>400<td>other reasons, about payload and headers<td>Refused
 * <tr><td>403<td>other reasons, about key and team<td>Refused: an operator has to act
 * <tr><td>404, 405, 413<td>BadPath, MethodNotAllowed, PayloadTooLarge<td>Refused
 * </table>
 *
 * APNs sends no {@code Retry-After}. A reason that is not in Apple's list is mapped by its status
 * and reported as that status, so that text from an endpoint never gets into a log.
 */
final class ApnsOutcomes {
  private static final Set<String> KNOWN_REASONS =
      Set.of(
          "BadCertificate",
          "BadCertificateEnvironment",
          "BadCollapseId",
          "BadDeviceToken",
          "BadEnvironmentKeyInToken",
          "BadEnvironmentKeyIdInToken",
          "BadExpirationDate",
          "BadMessageId",
          "BadPath",
          "BadPriority",
          "BadTopic",
          "DeviceTokenNotForTopic",
          "DuplicateHeaders",
          "ExpiredProviderToken",
          "ExpiredToken",
          "Forbidden",
          "IdleTimeout",
          "InternalServerError",
          "InvalidProviderToken",
          "InvalidPushType",
          "MethodNotAllowed",
          "MissingDeviceToken",
          "MissingProviderToken",
          "MissingTopic",
          "PayloadEmpty",
          "PayloadTooLarge",
          "ServiceUnavailable",
          "Shutdown",
          "TooManyProviderTokenUpdates",
          "TooManyRequests",
          "TopicDisallowed",
          "Unregistered",
          "UnrelatedKeyIdInToken");

  private ApnsOutcomes() {}

  static PushOutcome of(
      PushNotificationResponse<?> response, ProviderConfirmation providerConfirmation) {
    if (response.isAccepted()) {
      providerConfirmation.accepted();
      return new PushOutcome.Delivered();
    }
    return of(
        response.getStatusCode(),
        response.getRejectionReason().orElse(null),
        response.getTokenInvalidationTimestamp(),
        providerConfirmation);
  }

  static PushOutcome of(
      int status,
      @Nullable String said,
      Optional<Instant> invalidSince,
      ProviderConfirmation providerConfirmation) {
    String reason =
        said != null && KNOWN_REASONS.contains(said) ? said : FailureReasons.status(status);
    return switch (reason) {
      case "BadDeviceToken", "DeviceTokenNotForTopic" -> providerConfirmation.foreignToken(reason);
      case "Unregistered", "ExpiredToken" -> gone(invalidSince, reason);
      case "ExpiredProviderToken", "IdleTimeout" -> new PushOutcome.Retry(null, reason);
      default -> {
        if (status == 410) {
          yield gone(invalidSince, reason);
        }
        yield status == 429 || status >= 500
            ? new PushOutcome.Retry(null, reason)
            : new PushOutcome.Refused(reason);
      }
    };
  }

  private static PushOutcome gone(Optional<Instant> since, String reason) {
    return new PushOutcome.Gone(since.map(Instant::toEpochMilli).orElse(0L), reason);
  }
}
