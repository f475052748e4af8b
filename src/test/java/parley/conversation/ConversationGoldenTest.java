package parley.conversation;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.InputStream;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import parley.conversation.ConversationEvent.CursorMove;
import parley.conversation.ConversationEvent.EntriesAppended;
import parley.conversation.ConversationEvent.Person;
import parley.model.Entry;
import parley.model.EntryBody;
import parley.model.LastMessage;
import parley.model.Role;
import parley.model.UserId;

/**
 * Every event in its stored form (as JSON; the journal's CBOR has the same fields). A released file
 * is never edited: every later version must read it.
 */
class ConversationGoldenTest {
  private static final ObjectMapper JSON =
      JsonMapper.builder().disable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES).build();
  private static final UserId ANN = new UserId("u_ann");
  private static final UserId BOB = new UserId("u_bob");

  private static Map<String, ConversationEvent> events() {
    Map<String, ConversationEvent> all = new LinkedHashMap<>();
    all.put(
        "direct_opened",
        new ConversationEvent.DirectOpened(
            new Person(ANN, "Ann", null, 0), new Person(BOB, "Bob", "https://x/y", 3), 1_000));
    all.put(
        "entries",
        new EntriesAppended(
            List.of(
                entry(1, new EntryBody.Text("hi", null, null, false)),
                entry(2, new EntryBody.Text("re", 1L, List.of(BOB), false))),
            List.of(new CursorMove(BOB, 1, 1, 0)),
            7));
    Map<String, EntryBody> bodies = new LinkedHashMap<>();
    bodies.put("edit", new EntryBody.Edit(1, "new"));
    bodies.put("delete", new EntryBody.Delete(1, ANN));
    bodies.put("reaction", new EntryBody.Reaction(1, "+1"));
    bodies.put("group_created", new EntryBody.GroupCreated("G", "https://x/y", List.of(ANN, BOB)));
    bodies.put("members_added", new EntryBody.MembersAdded(List.of(BOB)));
    bodies.put("member_removed", new EntryBody.MemberRemoved(BOB));
    bodies.put("role_changed", new EntryBody.RoleChanged(BOB, Role.ADMIN));
    bodies.put("group_changed", new EntryBody.GroupChanged("H", ""));
    bodies.forEach(
        (name, entryBody) ->
            all.put("entries_" + name, new EntriesAppended(List.of(entry(3, entryBody)), null, 0)));
    all.put("cursors", new ConversationEvent.CursorsMoved(List.of(new CursorMove(ANN, 9, 8, 1))));
    all.put("profile", new ConversationEvent.ProfileNoted(new Person(BOB, "Bobby", null, 4)));
    all.put(
        "preview",
        new ConversationEvent.PreviewRestored(new LastMessage(5, ANN, "text", "hi", 1_000), 9));
    all.put("settled", new ConversationEvent.Settled());
    all.put("settled_due", new ConversationEvent.Settled(20_500));
    all.put("segment_planned", new ConversationEvent.SegmentPlanned(1, 5_000, 812, 1_000));
    all.put("segment_sealed", new ConversationEvent.SegmentSealed(1, 5_000, 812, 1_000));
    all.put("events_removed", new ConversationEvent.EventsRemoved(812));
    return all;
  }

  private static Entry entry(long seq, EntryBody entryBody) {
    return new Entry(
        seq, "01J00000000000000000000000", ANN, 1_700_000_000_000L, "c-" + seq, entryBody);
  }

  @TestFactory
  Stream<DynamicTest> everyEventReadsAndWritesAsItAlwaysDid() {
    return events().entrySet().stream()
        .map(
            e ->
                DynamicTest.dynamicTest(
                    e.getKey(),
                    () -> {
                      String file = "/golden/conversation/" + e.getKey() + ".json";
                      try (InputStream in = getClass().getResourceAsStream(file)) {
                        assertThat(in).as(file).isNotNull();
                        byte[] golden = in.readAllBytes();
                        assertThat(JSON.readValue(golden, ConversationEvent.class))
                            .isEqualTo(e.getValue());
                        assertThat(JSON.readTree(JSON.writeValueAsBytes(e.getValue())))
                            .isEqualTo(JSON.readTree(golden));
                      }
                    }));
  }

  @Test
  void everyEventTypeHasAGoldenFile() {
    assertThat(events().values().stream().map(Object::getClass).distinct())
        .containsExactlyInAnyOrderElementsOf(
            Arrays.asList(ConversationEvent.class.getPermittedSubclasses()));
  }
}
