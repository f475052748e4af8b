package parley.conversation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static parley.conversation.ConversationHarness.ANN;
import static parley.conversation.ConversationHarness.BOB;
import static parley.conversation.ConversationHarness.CAT;
import static parley.conversation.ConversationHarness.DAN;

import com.github.f4b6a3.ulid.UlidCreator;
import java.time.Duration;
import java.util.List;
import java.util.stream.LongStream;
import org.apache.pekko.cluster.sharding.typed.javadsl.ClusterSharding;
import org.junit.jupiter.api.Test;
import parley.Marker;
import parley.model.ConversationId;
import parley.model.Entry;
import parley.model.EntryBody;
import parley.model.EntryIntent;
import parley.model.ErrorCode;
import parley.model.HistoryPage.Tier;
import parley.model.Refusal;
import parley.model.Role;
import parley.user.User;

class ConversationTest {

  @Test
  void aPostIsInTheJournalBeforeItIsAnswered() {
    try (ConversationHarness h = ConversationHarness.direct()) {
      Conversation.Posted posted = h.opening(ANN, BOB, "c1");
      assertThat(posted.seq()).isEqualTo(1);
      assertThat(h.events()).hasSize(2);
      assertThat(h.events().get(1)).isInstanceOf(ConversationEvent.EntriesAppended.class);
    }
  }

  @Test
  void aFailedWriteIsNotAnsweredAsSentAndCanBeTriedAgain() {
    try (ConversationHarness h = ConversationHarness.direct()) {
      h.opening(ANN, BOB, "c1");
      h.journal().failNextPersisted("conversation|" + h.id.value());
      Conversation.PostReply reply =
          h.post(ANN, "c2", new EntryIntent.Text("two", null, List.of()));
      assertThat(reply).isInstanceOf(Conversation.PostRefused.class);
      assertThat(((Conversation.PostRefused) reply).refusal().code())
          .isEqualTo(ErrorCode.UNAVAILABLE);
      h.restart();
      assertThat(h.text(ANN, "c2", "two").seq()).isEqualTo(2);
    }
  }

  @Test
  void oneClientMsgIdIsOneEntryAlsoAfterARestart() {
    try (ConversationHarness h = ConversationHarness.direct()) {
      Conversation.Posted first = h.opening(ANN, BOB, "c1");
      Conversation.Posted again = h.text(ANN, "c1", "other words");
      assertThat(again.duplicate()).isTrue();
      assertThat(again.seq()).isEqualTo(first.seq());
      assertThat(again.messageId()).isEqualTo(first.messageId());
      assertThat(again.at()).isEqualTo(first.at());
      assertThat(h.text(BOB, "c1", "another sender").seq()).isEqualTo(2);
      h.restart();
      assertThat(h.text(ANN, "c1", "x").messageId()).isEqualTo(first.messageId());
      assertThat(h.text(ANN, "c2", "x").seq()).isEqualTo(3);
    }
  }

  @Test
  void retriesInOneBurstAreOneEntry() {
    try (ConversationHarness h = ConversationHarness.direct()) {
      h.opening(ANN, BOB, "c0");
      for (int i = 0; i < 20; i++) {
        h.tell(
            new Conversation.Post(
                ANN, "c1", new EntryIntent.Text("t", null, List.of()), null, h.posts.getRef()));
      }
      int fresh = 0;
      for (int i = 0; i < 20; i++) {
        Conversation.Posted posted = h.posts.expectMessageClass(Conversation.Posted.class);
        assertThat(posted.seq()).isEqualTo(2);
        fresh += posted.duplicate() ? 0 : 1;
      }
      assertThat(fresh).isEqualTo(1);
    }
  }

  @Test
  void whatWaitsGoesTogether() {
    try (ConversationHarness h = ConversationHarness.direct()) {
      h.opening(ANN, BOB, "c0");
      int before = h.events().size();
      for (int i = 0; i < 500; i++) {
        h.tell(
            new Conversation.Post(
                ANN, "b" + i, new EntryIntent.Text("t", null, List.of()), null, h.posts.getRef()));
      }
      for (int i = 0; i < 500; i++) {
        assertThat(h.posts.expectMessageClass(Conversation.Posted.class).seq()).isEqualTo(i + 2);
      }
      assertThat(h.events().size() - before).isLessThan(250);
    }
  }

  @Test
  void anOldIdWithATimeIsFoundForEverAndOneWithoutForTenThousandEntries() {
    try (ConversationHarness h = ConversationHarness.direct()) {
      h.settings(
          new ConversationSettings(
              Duration.ofMillis(1),
              Duration.ofMillis(20),
              Duration.ofHours(1),
              1_000_000,
              "pekko.persistence.testkit.query"));
      h.opening(ANN, BOB, "plain");
      // Its sender's clock is a day ahead, which the log cannot know by itself.
      String ulid = UlidCreator.getUlid(h.clock.get() + 86_400_000).toString();
      Conversation.Posted early = h.text(ANN, ulid, "early");
      for (int i = 0; i < DedupeWindow.CAPACITY + 10; i++) {
        h.clock.incrementAndGet();
        h.tell(
            new Conversation.Post(
                BOB, "f" + i, new EntryIntent.Text("t", null, List.of()), null, h.posts.getRef()));
        if (i % 500 == 499) {
          for (int k = 0; k < 500; k++) {
            h.posts.expectMessageClass(Conversation.Posted.class);
          }
        }
      }
      for (int k = 0; k < 250; k++) {
        h.posts.expectMessageClass(Conversation.Posted.class);
      }
      Conversation.Posted again = h.text(ANN, ulid, "early");
      assertThat(again.duplicate()).isTrue();
      assertThat(again.messageId()).isEqualTo(early.messageId());
      h.restart();
      assertThat(h.text(ANN, ulid, "early").messageId()).isEqualTo(early.messageId());
      // In the window but not in memory: the log is asked.
      Conversation.Posted inWindow = h.text(BOB, "f5000", "t");
      assertThat(inWindow.duplicate()).isTrue();
      assertThat(inWindow.seq()).isEqualTo(5003);
      // New, old enough to be looked for: it is not there, and what follows keeps its order.
      String late = UlidCreator.getUlid(h.clock.get() - 9_000_000).toString();
      h.tell(
          new Conversation.Post(
              ANN, late, new EntryIntent.Text("late", null, List.of()), null, h.posts.getRef()));
      h.tell(
          new Conversation.Post(
              ANN, "next", new EntryIntent.Text("n", null, List.of()), null, h.posts.getRef()));
      Conversation.Posted first = h.posts.expectMessageClass(Conversation.Posted.class);
      Conversation.Posted second = h.posts.expectMessageClass(Conversation.Posted.class);
      assertThat(first.clientMsgId()).isEqualTo(late);
      assertThat(second.seq()).isEqualTo(first.seq() + 1);
    }
  }

  @Test
  void aStrangerLearnsNothing() {
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
  void aStrangerIsRefusedByTheFieldThatNamedIt() {
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
  void aDirectConversationNeedsAPeerThatExists() {
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
  void aDeletedTextIsGoneFromPagesEditsAndPreviews() {
    try (ConversationHarness h = ConversationHarness.direct()) {
      h.opening(ANN, BOB, "c1");
      h.text(ANN, "c2", "secret");
      h.post(ANN, "c3", new EntryIntent.Edit(2, "secret too"));
      assertThat(h.preview(BOB)).isEqualTo("secret too");
      Entry edited = h.page(BOB, null, null, 10, false).entries().get(1);
      assertThat(edited.body()).isEqualTo(new EntryBody.Text("secret too", null, null, true));
      assertRefused(h.post(BOB, "c4", new EntryIntent.Delete(2)), ErrorCode.FORBIDDEN);
      assertRefused(h.post(BOB, "c4", new EntryIntent.Edit(2, "no")), ErrorCode.FORBIDDEN);
      assertThat(h.last(BOB).member().unread()).isEqualTo(2);
      h.post(ANN, "c5", new EntryIntent.Delete(2));
      assertThat(h.last(BOB).member().unread()).isEqualTo(1);
      assertThat(h.preview(BOB)).isEqualTo("hello");
      List<Entry> page = h.page(BOB, null, null, 10, false).entries();
      assertThat(page.get(1).deleted()).isTrue();
      assertThat(page.get(2).body()).isEqualTo(new EntryBody.Edit(2, null));
      assertRefused(h.post(ANN, "c6", new EntryIntent.Edit(2, "no")), ErrorCode.FORBIDDEN);
      assertRefused(h.post(ANN, "c7", new EntryIntent.React(2, "+")), ErrorCode.FORBIDDEN);
      assertRefused(h.post(ANN, "c8", new EntryIntent.Delete(99)), ErrorCode.NOT_FOUND);
      assertRefused(h.post(ANN, "c9", new EntryIntent.Edit(3, "no")), ErrorCode.FORBIDDEN);
    }
  }

  @Test
  void thePreviewBeforeMemoryIsLookedUp() {
    try (ConversationHarness h = ConversationHarness.direct()) {
      h.opening(ANN, BOB, "c1");
      h.text(ANN, "c2", "last");
      for (int i = 0; i < 2 * RecentEntries.ENTRIES; i++) {
        h.post(BOB, "r" + i, new EntryIntent.React(1, "+"));
      }
      h.post(ANN, "d", new EntryIntent.Delete(2));
      await()
          .untilAsserted(
              () -> {
                assertThat(h.last(BOB).header().lastMessage()).isNotNull();
                assertThat(h.preview(BOB)).isEqualTo("hello");
              });
      h.restart();
      int before = h.events().size();
      h.post(ANN, "d2", new EntryIntent.Delete(1));
      await()
          .until(
              () ->
                  h.events().stream()
                      .skip(before)
                      .anyMatch(ConversationEvent.PreviewRestored.class::isInstance));
      // Durable, and after the next answer also told.
      h.page(ANN, null, 0L, 1, false);
      assertThat(h.last(BOB).header().lastMessage()).isNull();
    }
  }

  @Test
  void unreadIsCountedFromTheLogWhereverTheCursorIs() {
    try (ConversationHarness h = ConversationHarness.direct()) {
      h.opening(ANN, BOB, "c0");
      for (int i = 1; i < 1_000; i++) {
        h.text(i % 10 == 0 ? BOB : ANN, "c" + i, "t");
      }
      h.post(ANN, "d1", new EntryIntent.Delete(300));
      assertThat(h.last(BOB).member().unread()).isEqualTo(900);
      h.read(BOB, 100);
      // 101 to 1000 are 900, of which 90 are Bob's own and one is deleted.
      assertThat(h.last(BOB).member().unread()).isEqualTo(809);
      h.read(BOB, 50);
      assertThat(h.last(BOB).member().read()).isEqualTo(100);
      h.restart();
      h.read(BOB, 990);
      assertThat(h.last(BOB).member().unread()).isEqualTo(9);
      h.read(BOB, 5_000);
      assertThat(h.last(BOB).member().unread()).isZero();
      assertThat(h.last(BOB).member().read()).isEqualTo(1_001);
      assertThat(h.last(ANN).member().peerRead()).isEqualTo(1_001);
    }
  }

  @Test
  void pagesAreTheSameFromMemoryAndFromTheLog() {
    try (ConversationHarness h = ConversationHarness.direct()) {
      h.opening(ANN, BOB, "c0");
      for (int i = 1; i < 700; i++) {
        h.text(ANN, "c" + i, "t" + i);
      }
      h.post(ANN, "e", new EntryIntent.Edit(10, "edited"));
      var newest = h.page(BOB, null, null, 50, false);
      assertThat(newest.tier()).isEqualTo(Tier.MEMORY);
      assertThat(seqs(newest.entries()))
          .isEqualTo(LongStream.rangeClosed(652, 701).boxed().toList());
      assertThat(newest.hasMore()).isTrue();
      var old = h.page(BOB, 21L, null, 20, false);
      assertThat(old.tier()).isEqualTo(Tier.HOT);
      assertThat(seqs(old.entries())).isEqualTo(LongStream.rangeClosed(1, 20).boxed().toList());
      assertThat(old.hasMore()).isFalse();
      assertThat(((EntryBody.Text) old.entries().get(9).body()).content()).isEqualTo("edited");
      long before = 701 - RecentEntries.ENTRIES - 50;
      var mixed = h.page(BOB, null, before, 100, false);
      assertThat(mixed.tier()).isEqualTo(Tier.MIXED);
      assertThat(seqs(mixed.entries()))
          .isEqualTo(LongStream.rangeClosed(before + 1, before + 100).boxed().toList());
      assertThat(h.page(BOB, null, 0L, 1, false).entries().getFirst().seq()).isEqualTo(1);
      assertThat(h.page(BOB, null, 701L, 5, false).entries()).isEmpty();
      assertThat(h.page(BOB, 1L, null, 5, false).entries()).isEmpty();
      h.restart();
      assertThat(h.page(BOB, 21L, null, 20, false).entries()).isEqualTo(old.entries());
    }
  }

  @Test
  void aMemberSeesFromItsEntryToItsEnd() {
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
  void theLastAdminHandsOverAndAnEmptyGroupTakesNothing() {
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

  @Test
  void twoChangesOfMembersAtOnceAreBothAnswered() {
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

  @Test
  void whatAUserDoesNotAcknowledgeIsToldAgainAlsoAfterARestart() {
    try (ConversationHarness h = ConversationHarness.direct()) {
      h.opening(ANN, BOB, "c0");
      h.deaf.add(BOB);
      for (int i = 1; i < 400; i++) {
        h.text(ANN, "c" + i, "t");
      }
      assertThat(h.entries(BOB)).hasSize(1);
      // Nothing is told again while the clock stands.
      h.deaf.remove(BOB);
      h.restart();
      await()
          .pollInterval(Duration.ofMillis(20))
          .untilAsserted(
              () -> {
                h.clock.addAndGet(4_000);
                assertThat(h.entries(BOB)).isNotEmpty();
                assertThat(h.entries(BOB).getLast().seq()).isEqualTo(400);
              });
      List<Long> seqs = seqs(h.entries(BOB));
      assertThat(seqs).isEqualTo(LongStream.rangeClosed(seqs.getFirst(), 400).boxed().toList());
    }
  }

  @Test
  void whatIsSettledIsNotToldAgain() {
    try (ConversationHarness h = ConversationHarness.direct()) {
      h.settings(
          new ConversationSettings(
              Duration.ofMillis(1),
              Duration.ofMillis(5),
              Duration.ofMillis(50),
              200,
              "pekko.persistence.testkit.query"));
      h.opening(ANN, BOB, "c0");
      h.shard.expectMessageClass(ClusterSharding.Passivate.class);
      assertThat(h.events().getLast()).isEqualTo(new ConversationEvent.Settled());
      h.told.clear();
      h.restart();
      assertThat(h.text(ANN, "c0", "again").duplicate()).isTrue();
      assertThat(h.deliveries(BOB)).isEmpty();
    }
  }

  /** Of a journal that other nodes write to as well, and a life that is soon idle. */
  private static ConversationSettings shared() {
    return new ConversationSettings(
        Duration.ofMillis(1),
        Duration.ofMillis(5),
        Duration.ofMillis(50),
        200,
        "pekko.persistence.testkit.query",
        true);
  }

  @Test
  void aLifeThatFindsSomethingUntoldBeginsAndEndsWithAnEvent() {
    try (ConversationHarness h = ConversationHarness.direct()) {
      h.opening(ANN, BOB, "c0");
      int before = h.events().size();
      h.settings(shared());
      h.restart();
      h.shard.expectMessageClass(ClusterSharding.Passivate.class);
      assertThat(h.events().subList(before, h.events().size()))
          .containsExactly(
              new ConversationEvent.CursorsMoved(List.of()), new ConversationEvent.Settled());
    }
  }

  @Test
  void aLifeThatOnlyReadsWritesNothing() {
    try (ConversationHarness h = ConversationHarness.direct()) {
      h.settings(shared());
      h.opening(ANN, BOB, "c0");
      h.shard.expectMessageClass(ClusterSharding.Passivate.class);
      int before = h.events().size();
      h.restart();
      assertThat(h.page(ANN, null, null, 10, false).entries()).hasSize(1);
      assertThat(h.text(ANN, "c0", "again").duplicate()).isTrue();
      h.tell(new Conversation.Read(BOB, 0, null));
      h.shard.expectMessageClass(ClusterSharding.Passivate.class);
      assertThat(h.events()).hasSize(before);
    }
  }

  @Test
  void aLifeThatOnlyReadsFindsWhatSomebodyElseHasWrittenMeanwhile() {
    try (ConversationHarness h = ConversationHarness.direct()) {
      h.settings(shared());
      h.opening(ANN, BOB, "c0");
      h.shard.expectMessageClass(ClusterSharding.Passivate.class);
      h.restart();
      h.page(ANN, null, null, 10, false);
      Entry foreign =
          new Entry(
              2,
              "m-other",
              ANN,
              h.clock.get(),
              "c1",
              new EntryBody.Text("late", null, null, false));
      h.journal()
          .persistForRecovery(
              "conversation|" + h.id.value(),
              List.of(new ConversationEvent.EntriesAppended(List.of(foreign), null, 1)));
      h.woken.clear();
      await().until(() -> h.woken.contains(h.id));
      h.restart();
      await().until(() -> h.entries(BOB).size() == 2);
    }
  }

  /** Two tries with one reference ask about the same people, and one answer serves both. */
  @Test
  void aGroupThatIsWantedTwiceWhileItsReminderIsAskedForIsMadeOnce() {
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
  void nothingIsWrittenBeforeTheReminderIsThere() {
    try (ConversationHarness h = ConversationHarness.direct()) {
      List<ConversationReminder.Command> reminders =
          java.util.Collections.synchronizedList(new java.util.ArrayList<>());
      h.settings(shared());
      h.reminders((id, message) -> reminders.add(message));
      EntryIntent text = new EntryIntent.Text("hello", null, List.of());
      h.tell(new Conversation.Post(ANN, "c0", text, BOB, h.posts.getRef()));
      await().until(() -> !reminders.isEmpty());
      assertThat(h.events()).isEmpty();
      h.tell(new Conversation.Kept(((ConversationReminder.Keep) reminders.getFirst()).nr()));
      h.posts.expectMessageClass(Conversation.Posted.class);
      h.shard.expectMessageClass(ClusterSharding.Passivate.class);
      assertThat(reminders.getLast()).isEqualTo(new ConversationReminder.Release(h.entity()));
      assertThat(h.events().getLast()).isEqualTo(new ConversationEvent.Settled());

      reminders.clear();
      h.restart();
      int before = h.events().size();
      for (int i = 1; i <= 3; i++) {
        h.tell(new Conversation.Post(ANN, "c" + i, text, null, h.posts.getRef()));
      }
      assertThat(h.page(ANN, null, null, 10, false).entries()).hasSize(1);
      await().until(() -> !reminders.isEmpty());
      assertThat(h.events()).hasSize(before);
      h.tell(new Conversation.Kept(((ConversationReminder.Keep) reminders.getLast()).nr()));
      for (int i = 1; i <= 3; i++) {
        Conversation.Posted posted = h.posts.expectMessageClass(Conversation.Posted.class);
        assertThat(posted.clientMsgId()).isEqualTo("c" + i);
        assertThat(posted.seq()).isEqualTo(i + 1L);
      }
    }
  }

  @Test
  void aReminderIsLetGoOnlyBehindAWriteOfThatLife() {
    try (ConversationHarness h = ConversationHarness.direct()) {
      h.settings(shared());
      h.opening(ANN, BOB, "c0");
      h.shard.expectMessageClass(ClusterSharding.Passivate.class);
      List<Integer> eventsAtRelease =
          java.util.Collections.synchronizedList(new java.util.ArrayList<>());
      h.reminders((id, message) -> eventsAtRelease.add(h.events().size()));
      int before = h.events().size();
      h.restart();
      h.tell(new Conversation.Wake());
      await().until(() -> !eventsAtRelease.isEmpty());
      assertThat(eventsAtRelease.getFirst()).isEqualTo(before + 1);
    }
  }

  /** The first write of another node is on its way while the reminder asks here. */
  @Test
  void whereThereIsNothingYetTheReminderIsNotLetGo() {
    List<ConversationEvent> written;
    try (ConversationHarness elsewhere = ConversationHarness.direct()) {
      elsewhere.deaf.add(BOB);
      elsewhere.opening(ANN, BOB, "c0");
      written = elsewhere.events();
    }
    try (ConversationHarness h = ConversationHarness.direct()) {
      List<ConversationReminder.Command> reminders =
          java.util.Collections.synchronizedList(new java.util.ArrayList<>());
      h.settings(shared());
      h.reminders((id, message) -> reminders.add(message));
      h.tell(new Conversation.Wake());
      h.shard.expectMessageClass(ClusterSharding.Passivate.class);
      assertThat(reminders).containsExactly(new ConversationReminder.NotThere());

      h.journal()
          .persistForRecovery(
              "conversation|" + h.id.value(), new java.util.ArrayList<Object>(written));
      h.restart();
      h.tell(new Conversation.Wake());
      await().until(() -> !h.deliveries(BOB).isEmpty());
      await().until(() -> reminders.getLast() instanceof ConversationReminder.Keep);
    }
  }

  /** Nor by a life that had asked for it and came to nothing. */
  @Test
  void aLifeThatMadeNothingLetsNoReminderGo() {
    try (ConversationHarness h = ConversationHarness.direct()) {
      List<ConversationReminder.Command> reminders =
          java.util.Collections.synchronizedList(new java.util.ArrayList<>());
      h.settings(shared());
      h.reminders((id, message) -> reminders.add(message));
      EntryIntent text = new EntryIntent.Text("hello", null, List.of());
      h.tell(new Conversation.Post(ANN, "c0", text, BOB, h.posts.getRef()));
      await().until(() -> !reminders.isEmpty());
      h.journal().failNextPersisted("conversation|" + h.id.value());
      h.tell(new Conversation.Kept(((ConversationReminder.Keep) reminders.getFirst()).nr()));
      h.posts.expectMessageClass(Conversation.PostRefused.class);
      h.restart();
      h.tell(new Conversation.Wake());
      await().until(() -> reminders.getLast() instanceof ConversationReminder.NotThere);
      assertThat(reminders).noneMatch(ConversationReminder.Release.class::isInstance);
    }
  }

  /** Nobody else writes into a store that is not shared. */
  @Test
  void aStoreOfOneNodeHasNobodyElsesWrites() {
    try (ConversationHarness h = ConversationHarness.direct()) {
      List<ConversationReminder.Command> reminders =
          java.util.Collections.synchronizedList(new java.util.ArrayList<>());
      h.reminders((id, message) -> reminders.add(message));
      h.tell(new Conversation.Wake());
      h.shard.expectMessageClass(ClusterSharding.Passivate.class);
      assertThat(reminders).containsExactly(new ConversationReminder.Release(h.entity()));
    }
  }

  @Test
  void timeNeverGoesBack() {
    try (ConversationHarness h = ConversationHarness.direct()) {
      long at = h.opening(ANN, BOB, "c0").at();
      h.clock.addAndGet(-60_000);
      assertThat(h.text(ANN, "c1", "t").at()).isEqualTo(at);
    }
  }

  @Test
  void typingGoesToTheOthersOnly() {
    try (ConversationHarness h = ConversationHarness.group(BOB, CAT)) {
      h.tell(new Conversation.Typing(BOB, true));
      h.tell(new Conversation.Typing(DAN, true));
      h.page(BOB, null, 0L, 1, false);
      assertThat(h.typing).hasSize(2).allMatch(t -> t.from().equals(BOB));
    }
  }

  @Test
  void whatWaitsForTheOpeningKeepsItsOrder() {
    try (ConversationHarness h = ConversationHarness.direct()) {
      int count = DirectOpening.WAITING;
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
  void aConversationOfNobodyLeavesAtOnce() {
    try (ConversationHarness h = ConversationHarness.direct()) {
      h.tell(new Conversation.Typing(ANN, true));
      h.shard.expectMessageClass(ClusterSharding.Passivate.class);
      h.opening(ANN, BOB, "c0");
      h.text(BOB, "c1", "answered when all before has been handled");
      Marker.nothingMore(h.shard);
    }
  }

  @Test
  void cursorsThatWereLostOnTheirWayAreToldAgain() {
    try (ConversationHarness h = ConversationHarness.direct()) {
      h.opening(ANN, BOB, "c0");
      h.text(ANN, "c1", "t");
      h.deaf.add(ANN);
      h.tell(new Conversation.Read(BOB, 2, h.reads.getRef()));
      h.reads.expectMessageClass(Conversation.ReadDone.class);
      h.deaf.remove(ANN);
      await()
          .pollInterval(Duration.ofMillis(20))
          .untilAsserted(
              () -> {
                h.clock.addAndGet(4_000);
                assertThat(h.deliveries(ANN).getLast().receipts())
                    .contains(new User.Receipt(BOB, 2, 2));
              });
    }
  }

  @Test
  void whoIsStoppedBeforeAllHaveHeardIsCalledAgain() {
    try (ConversationHarness h = ConversationHarness.direct()) {
      h.opening(ANN, BOB, "c0");
      h.deaf.add(BOB);
      h.tell(
          new Conversation.Post(
              ANN, "c1", new EntryIntent.Text("t", null, List.of()), null, h.posts.getRef()));
      h.tell(ConversationEntity.Stop.STOP);
      assertThat(h.posts.expectMessageClass(Conversation.Posted.class).seq()).isEqualTo(2);
      await().untilAsserted(() -> assertThat(h.woken).containsExactly(h.id));
    }
  }

  @Test
  void aPageIsBoundedInBytesFromTheSideThatWasAskedFor() {
    try (ConversationHarness h = ConversationHarness.direct()) {
      h.opening(ANN, BOB, "c0");
      String large = "\u0001".repeat(16_000);
      for (int i = 1; i < 20; i++) {
        h.text(ANN, "c" + i, large);
      }
      var newest = h.page(BOB, null, null, 20, false);
      assertThat(seqs(newest.entries())).containsExactly(19L, 20L);
      assertThat(newest.hasMore()).isTrue();
      var after = h.page(BOB, null, 1L, 20, false);
      assertThat(seqs(after.entries())).containsExactly(2L, 3L);
      assertThat(after.hasMore()).isTrue();
    }
  }

  @Test
  void whoHasLeftDoesNotSeeWhatWasWrittenLater() {
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

  private static EntryIntent text(String content) {
    return new EntryIntent.Text(content, null, List.of());
  }

  private static List<Long> seqs(List<Entry> entries) {
    return entries.stream().map(Entry::seq).toList();
  }

  private static void assertRefused(Conversation.PostReply reply, ErrorCode code) {
    assertThat(reply).isInstanceOf(Conversation.PostRefused.class);
    assertThat(((Conversation.PostRefused) reply).refusal().code()).isEqualTo(code);
  }
}
