package parley.archive;

import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeoutException;

/**
 * Maps failures to {@link ColdUnavailable} and {@link ColdDamaged}, the two kinds of the contract.
 */
final class ColdFailures {
  private ColdFailures() {}

  /** The failure without the wrappers of futures. */
  static Throwable unwrapped(Throwable failure) {
    Throwable bare = failure;
    while (bare instanceof CompletionException && bare.getCause() != null) {
      bare = bare.getCause();
    }
    return bare;
  }

  /**
   * Maps any failure to {@link ColdUnavailable}, {@link ColdDamaged} or {@link
   * IllegalArgumentException}.
   */
  static RuntimeException classified(Throwable failure) {
    Throwable bare = unwrapped(failure);
    return switch (bare) {
      case ColdUnavailable known -> known;
      case ColdDamaged known -> known;
      case ColdRefused setting ->
          new ColdUnavailable(String.valueOf(setting.getMessage()), setting);
      case IllegalArgumentException known -> known;
      case TimeoutException late ->
          new ColdUnavailable("the cold tier did not answer in time", late);
      default ->
          new ColdUnavailable(
              "the cold tier cannot be used (" + bare.getClass().getSimpleName() + ")", bare);
    };
  }
}
