package parley.protocol;

import parley.model.ErrorCode;

/**
 * One field of a frame or a request is not what the protocol says. Stays inside this package: the
 * readers turn it into a result, so bad input costs no stack trace and nobody outside can forget to
 * catch it.
 */
final class FieldError extends Exception {
  private static final long serialVersionUID = 1L;

  private final ErrorCode code;
  private final String field;
  private final String text;

  /**
   * What is wrong.
   *
   * @param message for a person who debugs; names the field
   */
  FieldError(ErrorCode code, String field, String message) {
    super(message, null, false, false);
    this.code = code;
    this.field = field;
    this.text = message;
  }

  ErrorCode code() {
    return code;
  }

  String field() {
    return field;
  }

  String text() {
    return text;
  }
}
