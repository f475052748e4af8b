package parley.archive;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;
import parley.model.ConversationId;

class ObjectKeysTest {
  private static final ConversationId ID = new ConversationId("g_01J");
  private static final String SHA = "0123456789abcdef".repeat(4);

  /** Names of objects, which never change. */
  @Test
  void names() {
    assertThat(ObjectKeys.manifest(ID, 1, 5_000))
        .isEqualTo("conversations/g_01J/0000000000000005000-0000000000000000001.json");
    assertThat(ObjectKeys.segment(ID, 5_001, 9_999, SHA))
        .isEqualTo(
            "conversations/g_01J/0000000000000009999-0000000000000005001-0123456789abcdef.jsonl.gz");
  }

  @Test
  void anIdIsOneSafePieceOfAPath() {
    assertThat(ObjectKeys.folder(new ConversationId("../a b".replace(' ', '%'))))
        .isEqualTo("conversations/.2E.2E.2Fa.25b/");
    assertThat(ObjectKeys.folder(new ConversationId("."))).isEqualTo("conversations/.2E/");
    assertThat(ObjectKeys.folder(new ConversationId("A.2E"))).isEqualTo("conversations/A.2E2E/");
  }

  @Test
  void theSegmentOfASeqHasOneOfTwoPrefixes() {
    assertThat(ObjectKeys.shelves(ID, 1, 5_000)).hasSize(1);
    for (long seq : new long[] {1, 4_999, 9_999, 10_000, 10_001, 123_456_789, Long.MAX_VALUE / 2}) {
      List<String> shelves = ObjectKeys.shelves(ID, seq, seq + ColdTier.SEGMENT_ENTRIES - 1);
      assertThat(shelves).hasSizeBetween(1, 2);
      for (long to : new long[] {seq, seq + 1, seq + ColdTier.SEGMENT_ENTRIES - 1}) {
        assertThat(shelves)
            .anyMatch(shelf -> ObjectKeys.manifest(ID, seq, to).startsWith(shelf))
            .anyMatch(shelf -> ObjectKeys.segment(ID, seq, to, SHA).startsWith(shelf));
      }
    }
  }

  @Test
  void namesAreTakenApart() {
    assertThat(ObjectKeys.parse(ObjectKeys.manifest(ID, 3, 7)))
        .isEqualTo(new ObjectKeys.Name(ObjectKeys.manifest(ID, 3, 7), 3, 7, null));
    assertThat(ObjectKeys.parse(ObjectKeys.segment(ID, 3, 7, SHA)))
        .isEqualTo(
            new ObjectKeys.Name(ObjectKeys.segment(ID, 3, 7, SHA), 3, 7, "0123456789abcdef"));
    for (String other :
        List.of(
            "conversations/g_01J/notes.txt",
            "conversations/g_01J/",
            ObjectKeys.manifest(ID, 3, 7) + ".bak",
            "conversations/g_01J/9999999999999999999-9999999999999999999.json")) {
      assertThat(ObjectKeys.parse(other)).isNull();
    }
  }
}
