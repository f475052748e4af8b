package parley.client;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.List;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;

/** A device never acknowledges an entry that it does not have. */
class DeviceCursorsTest {
  private final ReceivedCursors cursors = new ReceivedCursors();

  @Test
  void startsWhereTheFirstMessageIs() {
    assertThat(take(message(7))).hasValue(7);
    assertThat(take(message(8))).hasValue(8);
    assertThat(cursors.upTo("c")).isEqualTo(8);
  }

  @Test
  void sentMayOvertake() {
    take(message(1));
    assertThat(take(frame("sent", 4))).isEmpty();
    assertThat(take(message(2))).hasValue(2);
    assertThat(take(message(3))).hasValue(4);
  }

  @Test
  void sentAloneDoesNotTellTheStart() {
    assertThat(take(frame("sent", 5))).isEmpty();
    assertThat(take(frame("sent", 6))).isEmpty();
    assertThat(take(message(4))).hasValue(6);
    assertThat(new ReceivedCursors().take(frame("sent", 1), "me")).hasValue(1);
  }

  @Test
  void aGapIsCovered() {
    take(message(1));
    assertThat(take(JsonTrees.obj("op", "gap", "conversation_id", "c", "from_seq", 2, "to_seq", 9)))
        .hasValue(9);
    assertThat(take(message(10))).hasValue(10);
  }

  @Test
  void aHoleIsNotAcknowledged() {
    take(message(1));
    assertThat(take(message(3))).isEmpty();
    assertThat(cursors.upTo("c")).isEqualTo(1);
  }

  @Test
  void aReplayIsAcknowledgedAgain() {
    take(message(1));
    take(message(2));
    assertThat(take(message(1))).hasValue(2);
  }

  @Test
  void addedAgainAfterAnAbsence() {
    take(message(1));
    JsonNode added =
        JsonTrees.obj(
            "op",
            "message",
            "conversation_id",
            "c",
            "seq",
            9,
            "type",
            "members_added",
            "member_ids",
            List.of("me"));
    assertThat(take(added)).hasValue(9);
  }

  private OptionalLong take(JsonNode frame) {
    return cursors.take(frame, "me");
  }

  private static JsonNode message(long seq) {
    return frame("message", seq);
  }

  private static JsonNode frame(String op, long seq) {
    return JsonTrees.obj("op", op, "conversation_id", "c", "seq", seq, "type", "text");
  }
}
