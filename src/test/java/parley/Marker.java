package parley;

import org.apache.pekko.actor.testkit.typed.javadsl.TestProbe;

/**
 * A message that a test sends behind others. When it arrives, everything before it has arrived, so
 * the test need not wait to show that nothing came.
 */
public final class Marker {
  private Marker() {}

  /**
   * Shows that nothing is left to read: a message that is sent now is the next one that arrives.
   * This says something only if the sender has already handled everything before it.
   */
  @SuppressWarnings("unchecked") // a probe takes whatever it is told
  public static void nothingMore(TestProbe<?> probe) {
    TestProbe<Object> any = (TestProbe<Object>) probe;
    Object end = new Object();
    any.getRef().tell(end);
    any.expectMessage(end);
  }
}
