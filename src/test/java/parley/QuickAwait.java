package parley;

import java.time.Duration;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/**
 * Conditions are looked at at once, and then after 1, 2, 4 … and at most 100 ms. Most come true
 * within a few; looked at every 100 ms, as is the default, a test that turns pages waited for 50 of
 * its 57 seconds. Found by JUnit itself, for every test.
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
