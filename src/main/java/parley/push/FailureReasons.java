package parley.push;

/**
 * Reasons of this server, for outcomes without a reason of the provider. A provider's own reason is
 * passed on instead.
 */
final class FailureReasons {
  /** No answer in time. It may have been sent. */
  static final String TIMEOUT = "timeout";

  /** The connection ended before the answer. It may have been sent. */
  static final String UNANSWERED = "unanswered";

  /** No connection. Certainly not sent. */
  static final String UNREACHABLE = "unreachable";

  /** The queue was full, or the notification waited in it until its timeout. Certainly not sent. */
  static final String BUSY = "busy";

  /** This node stops. It may have been sent. */
  static final String STOPPING = "stopping";

  /** An operator has switched push off. Certainly not sent. */
  static final String SWITCHED_OFF = "switched_off";

  /** The client failed with an unexpected exception. It may have been sent. */
  static final String FAILED = "failed";

  /** The status says success, but the client reports an error. */
  static final String BAD_ANSWER = "bad_answer";

  /** This node has no provider for the platform. */
  static final String NOT_CONFIGURED = "not_configured";

  /** The provider never issues tokens of this form. */
  static final String MALFORMED_TOKEN = "malformed_token";

  /** Google issues no access token for this service account. */
  static final String CREDENTIALS_REFUSED = "credentials_refused";

  private FailureReasons() {}

  /** The reason for an answer without a known reason: its HTTP status. */
  static String status(int status) {
    return "http_" + status;
  }
}
