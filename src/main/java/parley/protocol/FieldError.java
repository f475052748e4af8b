package parley.protocol;

import parley.model.ErrorCode;

/**
 * A field of a frame or a request breaks the protocol. The exception stays inside this package: the
 * readers turn it into a result, so bad input costs no stack trace, and no caller can forget to
 * catch it.
 */
final class FieldError extends Exception {
  private static final long serialVersionUID = 1L;

  private final ErrorCode code;
  private final String field;
  private final String text;

  /**
   * Creates the error of one field.
   *
   * @param message for developers; names the field
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
