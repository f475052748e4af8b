package parley.session;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** A bad frame is answered with an error; too many of them in a row end the connection. */
class BadFramesTest {
  private final SessionHarness s = new SessionHarness();

  @AfterEach
  void stop() {
    s.close();
  }

  @Test
  void twentyBadFramesInARowEndTheConnection() {
    s.live();
    for (int i = 1; i < FrameAdmission.BAD_FRAMES; i++) {
      s.send("nonsense");
      s.expectError("bad_frame");
    }
    s.quiet();
    for (int i = 1; i < FrameAdmission.BAD_FRAMES; i++) {
      s.session.tell(SessionInternal.SocketSignal.BINARY);
      s.expectError("bad_frame");
    }
    s.send("{'op':'send','to':'alice','client_msg_id':'c','type':'text','content':'x'}");
    s.expectError("bad_frame");
    s.expectClosing("protocol");
  }

  @Test
  void aSecondHelloCountsAsBad() {
    s.live();
    for (int i = 1; i <= FrameAdmission.BAD_FRAMES; i++) {
      s.hello();
      s.expectError("bad_frame");
    }
    s.expectClosing("protocol");
  }

  @Test
  void onlyAnAcceptedFrameResetsTheCountOfBadFrames() {
    for (int i = 1; i < FrameAdmission.BAD_FRAMES; i++) {
      s.send("nonsense");
      s.expectError("bad_frame");
      s.send("{'op':'ping'}");
      s.expectError("hello_required");
    }
    s.live();
    for (int i = 1; i < FrameAdmission.BAD_FRAMES; i++) {
      s.send("nonsense");
      s.expectError("bad_frame");
    }
    s.hello();
    s.expectError("bad_frame");
    s.expectClosing("protocol");
  }

  @Test
  void aFrameThatIsTooLargeEndsTheConnection() {
    s.session.tell(SessionInternal.SocketSignal.TOO_LARGE);
    s.expectClosing("protocol");
  }
}
