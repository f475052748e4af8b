package parley.session;

import static org.assertj.core.api.Assertions.assertThat;
import static parley.session.SessionHarness.A;
import static parley.session.SessionHarness.BOB;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.LongStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import parley.model.Entry;
import parley.model.Presence;
import parley.user.Delivery;
import parley.user.User;

/**
 * A client that does not read misses the frames it can do without, and is disconnected in the end.
 */
class SlowReaderTest {
  private final SessionHarness s = new SessionHarness();

  @AfterEach
  void stop() {
    s.close();
  }

  @Test
  void aSlowReaderLosesTypingAndPresenceFirst() {
    s.live();
    fill();
    s.told(new Delivery.TypingSeen(A, BOB, true));
    for (int i = 1; i <= 3; i++) {
      s.told(new Delivery.Receipts(A, List.of(new Delivery.Receipt(BOB, i, i))));
    }
    barrier();
    s.pass(Duration.ofSeconds(2));
    s.resume();
    List<String> ops = new ArrayList<>();
    String op = "";
    while (!op.equals("gap")) {
      var frame = s.next();
      op = frame.path("op").asText();
      if (!op.equals("message")) {
        ops.add(op);
      }
      if (op.equals("gap")) {
        assertThat(frame.path("reason").asText()).isEqualTo("slow");
        assertThat(frame.path("to_seq").asLong()).isEqualTo(80);
      }
      if (op.equals("receipt")) {
        assertThat(frame.path("read_seq").asLong()).isEqualTo(3);
      }
    }
    assertThat(ops).containsExactly("ok", "receipt", "gap");
    assertThat(s.shed)
        .containsExactly(
            SessionMeters.Shed.TYPING, SessionMeters.Shed.RECEIPTS, SessionMeters.Shed.RECEIPTS);
    s.pass(Duration.ofSeconds(10));
    s.quiet();
  }

  /** A change that a slow reader does not get has no lag. */
  @Test
  void aChangeOfPresenceThatIsShedHasNoLag() {
    s.live();
    fill();
    barrier();
    s.told(new Delivery.PresenceSeen(online(), SessionHarness.START));
    barrier();
    assertThat(s.shed).containsExactly(SessionMeters.Shed.PRESENCE);
    assertThat(s.presenceLags).isEmpty();
  }

  private static Presence online() {
    return new Presence(BOB, Presence.Status.ONLINE, SessionHarness.START);
  }

  @Test
  void aClientThatNeverReadsIsDisconnected() {
    s.live();
    fill();
    barrier();
    s.pass(Duration.ofSeconds(10));
    s.pass(Duration.ofSeconds(1));
    while (true) {
      var message = s.socket.receiveMessage();
      if (message == ToSocket.CloseNow.CLOSE_NOW) {
        break;
      }
    }
    s.expectGone();
  }

  @Test
  void framesOfAClientThatDoesNotReadAreNotRead() {
    s.live();
    fill();
    barrier();
    barrier();
    s.pass(Duration.ofSeconds(2));
    s.resume();
    while (!s.next().path("op").asText().equals("gap")) {
      // Frames that were in the buffer.
    }
    // The session asked for frames at the opening, after hello and after the ping.
    // It asks again only now, once for all that came in between.
    assertThat(s.ready).isEqualTo(4);
  }

  /** The client stops reading, and more is sent than its buffer takes. */
  private void fill() {
    s.stall();
    List<Entry> large = LongStream.rangeClosed(1, 80).mapToObj(SessionHarness::large).toList();
    s.told(new Delivery.Entries(A, large));
  }

  /** Waits for the session. The user's probe sees a watch, even if the socket takes nothing. */
  private void barrier() {
    s.send("{'op':'watch','user_ids':['bob']}");
    s.user.expectMessageClass(User.Watch.class);
  }
}
