package parley.archive;

import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeoutException;

/** What went wrong, in the two words of the contract. */
final class ColdFailures {
  private ColdFailures() {}

  /** What is behind the wrappings of futures. */
  static Throwable bare(Throwable failure) {
    Throwable bare = failure;
    while (bare instanceof CompletionException && bare.getCause() != null) {
      bare = bare.getCause();
    }
    return bare;
  }

  /**
   * {@link ColdUnavailable}, {@link ColdDamaged} or {@link IllegalArgumentException}, whatever
   * came.
   */
  static RuntimeException of(Throwable failure) {
    Throwable bare = bare(failure);
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
