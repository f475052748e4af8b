package parley.cursors;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.InputStream;
import java.util.List;
import org.junit.jupiter.api.Test;
import parley.model.ConversationId;
import parley.model.UserId;

/** The stored form of the cursor log's events. A released file is never edited. */
class CursorLogGoldenTest {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final ConversationId ID = ConversationId.group("1");
  private static final List<MemberCursors> MEMBERS =
      List.of(
          new MemberCursors(new UserId("ann"), 12, 9, 3, 14),
          new MemberCursors(new UserId("bob"), 14, 14, 0, 14));

  @Test
  void eventsAndSnapshotsReadAndWriteAsTheyAlwaysDid() throws Exception {
    long at = 1_700_000_000_000L;
    check(
        "kept",
        CursorLogEvent.class,
        new CursorLogEvent.CursorsKept(
            at, List.of(new CursorLogEvent.ConversationCursors(ID, MEMBERS))));
    check("taken_over", CursorLogEvent.class, new CursorLogEvent.CursorsKept(at, null));
    check(
        "snapshot",
        CursorLogSnapshot.class,
        new CursorLogSnapshot(
            at, 5_000, List.of(new CursorLogSnapshot.StoredCursors(ID, 4_000, MEMBERS))));
  }

  private static void check(String file, Class<?> type, Object expected) throws Exception {
    try (InputStream in =
        CursorLogGoldenTest.class.getResourceAsStream("/golden/cursors/" + file + ".json")) {
      assertThat(in).as(file).isNotNull();
      byte[] golden = in.readAllBytes();
      assertThat(JSON.readValue(golden, type)).isEqualTo(expected);
      assertThat(JSON.readTree(JSON.writeValueAsBytes(expected))).isEqualTo(JSON.readTree(golden));
    }
  }
}
