package parley.conversation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static parley.conversation.ConversationHarness.ANN;

import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import parley.conversation.ConversationEvent.CursorMove;
import parley.model.ConversationId;
import parley.model.EntryIntent;
import parley.model.UserId;

/** Cursors of groups that the cursor log holds and the group's own journal does not yet. */
@Timeout(120)
class CursorLogGroupTest {
  private static final Duration NEVER = Duration.ofHours(1);

  private final ManualCursorLog log = new ManualCursorLog();

  @Test
  void cursorsOfManyMembersDoNotGoWithAnEntry() {
    List<UserId> members = CursorLogClientTest.members(CursorLogClient.MAX_MEMBERS_WITH_ENTRY + 1);
    try (ConversationHarness group = new ConversationHarness(ConversationId.group("2"))) {
      CursorLogClientTest.writeAfter(group, Duration.ofSeconds(3));
      group.cursorLog(log);
      group.tell(new Conversation.CreateGroup(ANN, "Many", null, members, group.views.getRef()));
      group.views.expectMessageClass(Conversation.Viewed.class, Duration.ofSeconds(20));
      group.text(ANN, "a1", "one");
      members.forEach(user -> group.read(user, 2));
      group.text(ANN, "a2", "two");
      assertThat(CursorLogClientTest.written(group)).as("written with the entry").isEmpty();
      // After a crash the unread counts include the entry that came since.
      group.restart();
      group.read(ANN, 0);
      for (UserId user : members) {
        assertThat(group.last(user).member().read()).isEqualTo(2);
        assertThat(group.last(user).member().unread()).isEqualTo(1);
      }
      await().until(() -> CursorLogClientTest.written(group).size() == members.size());
      assertThat(CursorLogClientTest.written(group))
          .contains(new CursorMove(members.getFirst(), 2, 2, 1));
    }
  }

  /** In a group this large only the owner of a cursor is told of it. */
  @Test
  void theOwnerIsToldAgainWhenItsCursorBecomesAVersion() {
    List<UserId> members = CursorLogClientTest.members(parley.model.Limits.RECEIPT_MEMBERS + 1);
    try (ConversationHarness group = new ConversationHarness(ConversationId.group("6"))) {
      CursorLogClientTest.writeAfter(group, Duration.ofSeconds(2));
      group.cursorLog(log);
      group.tell(new Conversation.CreateGroup(ANN, "Many", null, members, group.views.getRef()));
      group.views.expectMessageClass(Conversation.Viewed.class, Duration.ofSeconds(20));
      group.text(ANN, "a1", "one");
      UserId reader = members.getFirst();
      group.read(reader, 2);
      await().until(() -> group.last(reader).member().read() == 2);
      long version = group.last(reader).version();
      assertThat(CursorLogClientTest.written(group)).isEmpty();
      await().until(() -> group.last(reader).version() > version);
      assertThat(group.last(reader).member().read()).isEqualTo(2);
      assertThat(group.last(members.getLast()).version()).isEqualTo(version);
    }
  }

  @Test
  void anEntryThatChangesMembersOrCountsTakesAllCursorsAlong() {
    List<UserId> members = CursorLogClientTest.members(CursorLogClient.MAX_MEMBERS_WITH_ENTRY + 1);
    try (ConversationHarness group = new ConversationHarness(ConversationId.group("4"))) {
      CursorLogClientTest.writeAfter(group, NEVER);
      group.cursorLog(log);
      group.tell(new Conversation.CreateGroup(ANN, "Many", null, members, group.views.getRef()));
      group.views.expectMessageClass(Conversation.Viewed.class, Duration.ofSeconds(20));
      group.text(ANN, "a1", "one");
      members.forEach(user -> group.read(user, 1));
      group.post(ANN, "d1", new EntryIntent.Delete(2));
      assertThat(CursorLogClientTest.written(group)).hasSize(members.size());
      group.text(ANN, "a2", "two");
      members.forEach(user -> group.read(user, 3));
      group.tell(new Conversation.RemoveMember(ANN, members.getFirst(), group.views.getRef()));
      group.views.expectMessageClass(Conversation.Viewed.class, Duration.ofSeconds(20));
      assertThat(CursorLogClientTest.written(group)).hasSize(2 * members.size());
    }
  }

  /**
   * The unread count continues from the one that members were told, although most entries are not
   * in memory.
   */
  @Test
  void aDeepUnreadCountGoesOnAfterACrash() {
    List<UserId> members = CursorLogClientTest.members(CursorLogClient.MAX_MEMBERS_WITH_ENTRY + 1);
    try (ConversationHarness group = new ConversationHarness(ConversationId.group("5"))) {
      CursorLogClientTest.writeAfter(group, NEVER);
      group.cursorLog(log);
      group.tell(new Conversation.CreateGroup(ANN, "Many", null, members, group.views.getRef()));
      group.views.expectMessageClass(Conversation.Viewed.class, Duration.ofSeconds(20));
      for (int i = 0; i < RecentEntries.ENTRIES + 100; i++) {
        group.text(ANN, "a" + i, "text");
      }
      members.forEach(user -> group.read(user, 2));
      group.text(ANN, "b", "text");
      assertThat(CursorLogClientTest.written(group)).isEmpty();
      group.restart();
      group.read(ANN, 0);
      for (UserId user : members) {
        assertThat(group.last(user).member().read()).isEqualTo(2);
        assertThat(group.last(user).member().unread()).isEqualTo(RecentEntries.ENTRIES + 100);
      }
    }
  }
}
