package parley.conversation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static parley.conversation.ConversationHarness.ANN;
import static parley.conversation.ConversationHarness.BOB;
import static parley.conversation.ConversationHarness.CAT;
import static parley.conversation.ConversationHarness.DAN;
import static parley.conversation.ConversationHarness.assertRefused;
import static parley.conversation.ConversationHarness.seqs;
import static parley.conversation.ConversationHarness.text;

import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import parley.model.ConversationId;
import parley.model.Entry;
import parley.model.EntryBody;
import parley.model.EntryIntent;
import parley.model.ErrorCode;
import parley.model.Refusal;
import parley.model.Role;
import parley.snapshot.SnapshotSchedule;

/** Who may read, write to and change a conversation. */
class ConversationMembersTest {

  @Test
  void nonMemberGetsNotFound() {
    try (ConversationHarness h = ConversationHarness.direct()) {
      assertRefused(h.post(ANN, "c", text("x")), ErrorCode.NOT_FOUND);
      h.opening(ANN, BOB, "c1");
      assertRefused(h.post(CAT, "c", text("x")), ErrorCode.NOT_FOUND);
      h.tell(new Conversation.GetPage(CAT, null, null, 10, true, h.pages.getRef()));
      assertThat(h.pages.expectMessageClass(Conversation.Refused.class).refusal().code())
          .isEqualTo(ErrorCode.NOT_FOUND);
      h.tell(new Conversation.Read(CAT, 1, h.reads.getRef()));
      h.reads.expectMessageClass(Conversation.Refused.class);
    }
  }

  @Test
  void unknownMemberIsRefusedWithItsField() {
    try (ConversationHarness h = ConversationHarness.direct()) {
      h.strangers.add(BOB);
      h.tell(new Conversation.OpenDirect(ANN, BOB, h.views.getRef()));
      assertThat(h.views.expectMessageClass(Conversation.Refused.class).refusal())
          .isEqualTo(Refusal.of(ErrorCode.NOT_FOUND, "user_id: there is no such user"));
      h.tell(
          new Conversation.Post(
              ANN, "c1", new EntryIntent.Text("hello", null, List.of()), BOB, h.posts.getRef()));
      assertThat(h.posts.expectMessageClass(Conversation.PostRefused.class).refusal())
          .isEqualTo(Refusal.of(ErrorCode.NOT_FOUND, "to: there is no such user"));
    }
  }

  @Test
  void directConversationNeedsAnExistingPeer() {
    try (ConversationHarness h = ConversationHarness.direct()) {
      h.strangers.add(BOB);
      h.tell(new Conversation.OpenDirect(ANN, BOB, h.views.getRef()));
      assertThat(h.views.expectMessageClass(Conversation.Refused.class).refusal().code())
          .isEqualTo(ErrorCode.NOT_FOUND);
      h.strangers.clear();
      h.tell(new Conversation.OpenDirect(ANN, BOB, h.views.getRef()));
      h.tell(new Conversation.OpenDirect(BOB, ANN, h.views.getRef()));
      assertThat(h.views.expectMessageClass(Conversation.Viewed.class).view().name())
          .isEqualTo("Name of u_bob");
      assertThat(h.views.expectMessageClass(Conversation.Viewed.class).view().members()).hasSize(2);
      assertThat(h.events()).hasSize(1);
    }
  }

  @Test
  void memberSeesEntriesFromJoiningToLeaving() {
    try (ConversationHarness h = ConversationHarness.group(BOB)) {
      h.text(ANN, "c1", "before");
      h.tell(new Conversation.AddMembers(ANN, List.of(CAT, BOB), h.views.getRef()));
      h.views.expectMessageClass(Conversation.Viewed.class);
      h.text(BOB, "c2", "with cat");
      assertThat(seqs(h.page(CAT, null, 0L, 50, false).entries())).containsExactly(3L, 4L);
      assertThat(seqs(h.entries(CAT))).containsExactly(3L, 4L);
      assertThat(h.last(CAT).member().unread()).isEqualTo(1);
      h.tell(new Conversation.RemoveMember(CAT, CAT, h.views.getRef()));
      h.views.expectMessageClass(Conversation.Removed.class);
      h.text(BOB, "c3", "without cat");
      assertThat(seqs(h.entries(CAT))).containsExactly(3L, 4L, 5L);
      assertThat(h.last(CAT).member().leftSeq()).isEqualTo(5);
      assertRefused(h.post(CAT, "c", text("x")), ErrorCode.NOT_FOUND);
      assertThat(seqs(h.page(CAT, null, 0L, 50, true).entries())).containsExactly(3L, 4L, 5L);
      h.tell(new Conversation.AddMembers(ANN, List.of(CAT), h.views.getRef()));
      h.views.expectMessageClass(Conversation.Viewed.class);
      assertThat(seqs(h.page(CAT, null, 0L, 50, false).entries())).containsExactly(7L);
      assertThat(h.last(CAT).member().joinedSeq()).isEqualTo(7);
      assertThat(h.last(CAT).member().read()).isEqualTo(6);
    }
  }

  @Test
  void leavingLastAdminPromotesAnotherAndAnEmptyGroupRefusesPosts() {
    try (ConversationHarness h = ConversationHarness.group(BOB, CAT)) {
      h.tell(new Conversation.SetRole(ANN, ANN, Role.MEMBER, h.views.getRef()));
      h.views.expectMessageClass(Conversation.Refused.class);
      h.tell(new Conversation.RemoveMember(BOB, CAT, h.views.getRef()));
      assertThat(h.views.expectMessageClass(Conversation.Refused.class).refusal().code())
          .isEqualTo(ErrorCode.FORBIDDEN);
      h.tell(new Conversation.RemoveMember(ANN, ANN, h.views.getRef()));
      h.views.expectMessageClass(Conversation.Removed.class);
      assertThat(h.entries(CAT).getLast().body()).isEqualTo(new EntryBody.MemberRemoved(ANN));
      assertThat(h.entries(CAT).get(1).body())
          .isEqualTo(new EntryBody.RoleChanged(BOB, Role.ADMIN));
      h.tell(new Conversation.RemoveMember(BOB, CAT, h.views.getRef()));
      h.views.expectMessageClass(Conversation.Viewed.class);
      h.tell(new Conversation.RemoveMember(BOB, BOB, h.views.getRef()));
      h.views.expectMessageClass(Conversation.Removed.class);
      assertRefused(h.post(BOB, "c", text("x")), ErrorCode.NOT_FOUND);
    }
  }

  /** Otherwise the caller would wait for a conversation that has forgotten it. */
  @Test
  void failedWriteRefusesAChangeThatWaitsForUsers() {
    try (ConversationHarness h = ConversationHarness.group(BOB)) {
      h.silent.add(CAT);
      h.tell(new Conversation.AddMembers(ANN, List.of(CAT), h.views.getRef()));
      h.journal().failNextPersisted("conversation|" + h.id.value());
      assertRefused(h.post(ANN, "c", text("x")), ErrorCode.UNAVAILABLE);
      assertThat(h.views.expectMessageClass(Conversation.Refused.class).refusal().code())
          .isEqualTo(ErrorCode.UNAVAILABLE);
    }
  }

  @Test
  void concurrentMemberChangesAreBothAnswered() {
    try (ConversationHarness h = ConversationHarness.group(BOB)) {
      h.tell(new Conversation.AddMembers(ANN, List.of(CAT, DAN), h.views.getRef()));
      h.tell(new Conversation.AddMembers(ANN, List.of(CAT), h.views.getRef()));
      h.views.expectMessageClass(Conversation.Viewed.class);
      assertThat(h.views.expectMessageClass(Conversation.Viewed.class).view().members()).hasSize(4);
      long added =
          h.entries(ANN).stream().filter(e -> e.body() instanceof EntryBody.MembersAdded).count();
      assertThat(added).isEqualTo(2L - (h.entries(ANN).size() == 2 ? 1 : 0));
      assertThat(
              h.entries(ANN).stream()
                  .filter(e -> e.body() instanceof EntryBody.MembersAdded)
                  .flatMap(e -> ((EntryBody.MembersAdded) e.body()).memberIds().stream()))
          .doesNotHaveDuplicates();
    }
  }

  /** Settings for a journal that other nodes write to as well, and an entity that is soon idle. */
  private static ConversationSettings shared() {
    return new ConversationSettings(
        Duration.ofMillis(1),
        Duration.ofMillis(5),
        Duration.ofMillis(50),
        SnapshotSchedule.every(200),
        "pekko.persistence.testkit.query",
        true);
  }

  /** Two attempts with the same reference check the same users, and one answer serves both. */
  @Test
  void repeatedCreationDuringTheReminderRequestMakesOneGroup() {
    try (ConversationHarness h = new ConversationHarness(ConversationId.group("twins"))) {
      List<ConversationReminder.Command> reminders =
          java.util.Collections.synchronizedList(new java.util.ArrayList<>());
      h.settings(shared());
      h.reminders((id, message) -> reminders.add(message));
      for (String name : List.of("one", "other", "third")) {
        h.tell(new Conversation.CreateGroup(ANN, name, null, List.of(BOB), h.views.getRef()));
      }
      await().until(() -> !reminders.isEmpty());
      h.tell(new Conversation.Kept(((ConversationReminder.Keep) reminders.getFirst()).nr()));
      assertThat(h.views.receiveSeveralMessages(3, Duration.ofSeconds(20)))
          .allMatch(r -> r instanceof Conversation.Viewed v && v.view().name().equals("one"))
          .filteredOn(r -> !((Conversation.Viewed) r).existed())
          .hasSize(1);
      assertThat(h.page(ANN, null, null, 100, false).entries()).hasSize(1);
    }
  }

  @Test
  void requestsThatWaitForTheOpeningKeepTheirOrder() {
    try (ConversationHarness h = ConversationHarness.direct()) {
      int count = DirectOpening.MAX_WAITING;
      for (int i = 0; i < count; i++) {
        h.tell(
            new Conversation.Post(
                ANN, "c" + i, new EntryIntent.Text("t", null, List.of()), BOB, h.posts.getRef()));
      }
      for (int i = 0; i < count; i++) {
        Conversation.Posted posted = h.posts.expectMessageClass(Conversation.Posted.class);
        assertThat(posted.clientMsgId()).isEqualTo("c" + i);
        assertThat(posted.seq()).isEqualTo(i + 1);
      }
    }
  }

  @Test
  void formerMemberDoesNotSeeLaterEntries() {
    try (ConversationHarness h = ConversationHarness.group(BOB, CAT)) {
      h.text(ANN, "c1", "first");
      h.text(ANN, "c2", "second");
      h.tell(new Conversation.RemoveMember(CAT, CAT, h.views.getRef()));
      h.views.expectMessageClass(Conversation.Removed.class);
      h.post(ANN, "e", new EntryIntent.Edit(2, "for others"));
      h.post(ANN, "d", new EntryIntent.Delete(3));
      List<Entry> left = h.page(CAT, null, 0L, 50, true).entries();
      assertThat(seqs(left)).containsExactly(1L, 2L, 3L, 4L);
      assertThat(left.get(1).body()).isEqualTo(new EntryBody.Text("first", null, null, false));
      assertThat(left.get(2).deleted()).isTrue();
    }
  }
}
