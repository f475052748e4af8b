package parley.push;

/** Our own words for what a provider did not say; what it said keeps its own. */
final class FailureReasons {
  /** No answer in time. It may have been sent. */
  static final String TIMEOUT = "timeout";

  /** The connection ended before the answer. It may have been sent. */
  static final String UNANSWERED = "unanswered";

  /** No connection: certainly not sent. */
  static final String UNREACHABLE = "unreachable";

  /** Too many before it: certainly not sent. */
  static final String BUSY = "busy";

  /** This node stops; it may have been sent. */
  static final String STOPPING = "stopping";

  /** The client failed in a way of its own. It may have been sent. */
  static final String FAILED = "failed";

  /** An answer that is none. */
  static final String BAD_ANSWER = "bad_answer";

  /** No provider for that platform. */
  static final String NOT_CONFIGURED = "not_configured";

  /** The token has a form that the provider never gives out. */
  static final String MALFORMED_TOKEN = "malformed_token";

  /** Google gives no access token for this service account. */
  static final String CREDENTIALS = "credentials_refused";

  private FailureReasons() {}

  /** An answer that names no reason we know. */
  static String status(int status) {
    return "http_" + status;
  }
}
