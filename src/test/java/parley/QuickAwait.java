package parley;

import java.time.Duration;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/**
 * Makes Awaitility check a condition at once, and then after 1, 2, 4 … and at most 100 ms. Most
 * conditions become true within a few milliseconds. With the default of 100 ms, a test that reads
 * pages waited for 50 of its 57 seconds. JUnit finds this extension itself and applies it to every
 * test.
 */
public final class QuickAwait implements BeforeAllCallback {
  private static final int LONGEST_MILLIS = 100;

  @Override
  public void beforeAll(ExtensionContext context) {
    Awaitility.setDefaultPollDelay(Duration.ZERO);
    Awaitility.setDefaultPollInterval(
        (looks, before) ->
            Duration.ofMillis(looks > 7 ? LONGEST_MILLIS : 1L << Math.max(0, looks - 1)));
  }
}
