package parley.http;

import parley.model.Refusal;

/**
 * Carries an entity's refusal through a chain of stages, which can stop only with an exception.
 * Never leaves this package: {@link Fallbacks} makes it a problem.
 */
final class RefusedException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private final transient Refusal refusal;

  RefusedException(Refusal refusal) {
    super(refusal.code().wireName(), null, false, false);
    this.refusal = refusal;
  }

  Refusal refusal() {
    return refusal;
  }
}
