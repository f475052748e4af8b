package parley;

import org.apache.pekko.actor.testkit.typed.javadsl.TestProbe;

/**
 * A message that a test sends behind others. When it arrives, everything before it has arrived, so
 * the test need not wait to show that nothing came.
 */
public final class Marker {
  private Marker() {}

  /**
   * Nothing is left to read: what is put behind everything that has been told is the next that
   * comes. Means something only where the sender has handled all it was asked before.
   */
  @SuppressWarnings("unchecked") // a probe takes whatever it is told
  public static void nothingMore(TestProbe<?> probe) {
    TestProbe<Object> any = (TestProbe<Object>) probe;
    Object end = new Object();
    any.getRef().tell(end);
    any.expectMessage(end);
  }
}
