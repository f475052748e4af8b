package parley.conversation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static parley.conversation.ConversationHarness.ANN;
import static parley.conversation.ConversationHarness.BOB;
import static parley.conversation.ConversationHarness.CAT;
import static parley.conversation.ConversationHarness.DAN;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.apache.pekko.actor.testkit.typed.javadsl.TestProbe;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import parley.conversation.ConversationInspection.DispatchStatus;
import parley.conversation.ConversationInspection.EntryFound;
import parley.conversation.ConversationInspection.MemberStatus;
import parley.conversation.ConversationInspection.Tier;
import parley.model.ConversationId;
import parley.model.ConversationType;
import parley.model.EntryIntent;
import parley.model.ErrorCode;
import parley.model.Limits;
import parley.model.UserId;
import parley.user.User;

/** What operators are told of an entry, and of a conversation. */
@Timeout(90)
class ConversationInspectorTest {
  private static final Duration LONG = Duration.ofSeconds(20);

  private static ConversationInspection.EntryReply ask(
      ConversationHarness h, long seq, @Nullable UserId after) {
    TestProbe<ConversationInspection.EntryReply> probe = h.kit.createTestProbe();
    h.tell(new ConversationInspection.FindEntry(seq, after, probe.getRef()));
    return probe.receiveMessage(LONG);
  }

  private static EntryFound find(ConversationHarness h, long seq) {
    return (EntryFound) ask(h, seq, null);
  }

  private static DispatchStatus dispatch(ConversationHarness h, long seq, UserId member) {
    return find(h, seq).members().stream()
        .filter(one -> one.userId().equals(member))
        .findFirst()
        .orElseThrow()
        .dispatch();
  }

  private static ConversationInspection.OverviewReply overview(ConversationHarness h) {
    TestProbe<ConversationInspection.OverviewReply> probe = h.kit.createTestProbe();
    h.tell(new ConversationInspection.GetOverview(probe.getRef()));
    return probe.receiveMessage(LONG);
  }

  private static ErrorCode refused(Object reply) {
    return ((ConversationInspection.Unanswered) reply).refusal().code();
  }

  /** The number of the event with this entry, as the journal has it. */
  private static long event(ConversationHarness h, long seq) {
    List<ConversationEvent> events = h.events();
    return 1L
        + IntStream.range(0, events.size())
            .filter(
                i -> LogReader.entriesOf(events.get(i)).stream().anyMatch(one -> one.seq() == seq))
            .findFirst()
            .orElseThrow();
  }

  @Test
  void anEntryInMemoryWithItsEventAndItsMembers() {
    try (ConversationHarness h = ConversationHarness.direct()) {
      h.opening(ANN, BOB, "1");
      Conversation.Posted posted = h.text(ANN, "2", "secret words");
      h.read(BOB, 1);
      EntryFound found = find(h, 2);
      assertThat(found.messageId()).isEqualTo(posted.messageId());
      assertThat(found.senderId()).isEqualTo(ANN);
      assertThat(found.type()).isEqualTo("text");
      assertThat(found.countable()).isTrue();
      assertThat(found.deleted()).isFalse();
      assertThat(found.at()).isEqualTo(posted.at());
      assertThat(found.event()).isEqualTo(event(h, 2));
      assertThat(found.tier()).isEqualTo(Tier.MEMORY);
      assertThat(found.segment()).isNull();
      assertThat(found.lastSeq()).isEqualTo(2);
      assertThat(found.more()).isFalse();
      assertThat(found.toString()).doesNotContain("secret").doesNotContain("Name of");
      MemberStatus bob = found.members().get(1);
      assertThat(bob.userId()).isEqualTo(BOB);
      assertThat(bob.joinedSeq()).isEqualTo(1);
      assertThat(bob.leftSeq()).isZero();
      assertThat(bob.read()).isEqualTo(1);
    }
  }

  @Test
  void dispatchIsWhatTheUserHasSaid() {
    try (ConversationHarness h = ConversationHarness.direct()) {
      h.deaf.add(BOB);
      h.opening(ANN, BOB, "1");
      await().until(() -> dispatch(h, 1, ANN) == DispatchStatus.ACKNOWLEDGED);
      assertThat(dispatch(h, 1, BOB)).isEqualTo(DispatchStatus.SENT);
      h.tell(new Conversation.FromUser(new User.Holding(BOB, 1, 100, false)));
      assertThat(dispatch(h, 1, BOB)).isEqualTo(DispatchStatus.HELD);
      // Nobody trusts it for ever.
      h.clock.addAndGet(Dispatch.HOLDING_TIMEOUT.toMillis());
      await().until(() -> dispatch(h, 1, BOB) == DispatchStatus.SENT);
      h.tell(new Conversation.FromUser(new User.Dispatched(BOB, 1, 100)));
      assertThat(dispatch(h, 1, BOB)).isEqualTo(DispatchStatus.ACKNOWLEDGED);
    }
  }

  @Test
  void whatIsNotSentYetWaits() {
    MemberPosition position = new MemberPosition(3);
    position.sends(5, 1, 0);
    assertThat(position.statusOf(3, 0)).isEqualTo(DispatchStatus.ACKNOWLEDGED);
    assertThat(position.statusOf(5, 0)).isEqualTo(DispatchStatus.SENT);
    assertThat(position.statusOf(6, 0)).isEqualTo(DispatchStatus.WAITING);
  }

  @Test
  void olderEntriesAreInTheJournal() {
    try (ConversationHarness h = ConversationHarness.direct()) {
      h.opening(ANN, BOB, "1");
      for (int i = 2; i < 30; i++) {
        h.text(ANN, "large " + i, "x".repeat(Limits.CONTENT_BYTES));
      }
      for (long seq : List.of(1L, 2L, 9L)) {
        EntryFound found = find(h, seq);
        assertThat(found.tier()).as("entry %s", seq).isEqualTo(Tier.JOURNAL);
        assertThat(found.event()).isEqualTo(event(h, seq));
      }
      assertThat(find(h, 29).tier()).isEqualTo(Tier.MEMORY);
    }
  }

  @Test
  void archivedEntriesAreInASegment() {
    ConversationHarness h = ConversationHarness.direct();
    h.opening(ANN, BOB, "1");
    try (ColdTierHarness harness = new ColdTierHarness(h)) {
      for (int i = 2; i < 30; i++) {
        h.text(ANN, "large " + i, "x".repeat(Limits.CONTENT_BYTES));
      }
      harness.days(61);
      h.text(BOB, "new", "short");
      harness.archive();
      EntryFound found = find(h, 2);
      assertThat(found.tier()).isEqualTo(Tier.COLD);
      assertThat(found.segment()).isEqualTo(new ConversationInspection.Segment(1, 29));
      assertThat(found.event()).isZero();
      assertThat(find(h, 29).tier()).isEqualTo(Tier.MEMORY);
      assertThat(find(h, 29).segment()).isNotNull();
      assertThat(find(h, 30).segment()).isNull();
      assertThat(((ConversationInspection.Overview) overview(h)).archivedTo()).isEqualTo(29);
      harness.tier.fault = MemoryTier.Fault.DOWN;
      assertThat(refused(ask(h, 2, null))).isEqualTo(ErrorCode.UNAVAILABLE);
    }
  }

  @Test
  void membersWhoComeAndGo() {
    try (ConversationHarness h = ConversationHarness.group(BOB, CAT)) {
      h.text(ANN, "2", "two");
      h.tell(new Conversation.RemoveMember(ANN, CAT, h.views.getRef()));
      h.views.receiveMessage(LONG);
      h.tell(new Conversation.AddMembers(ANN, List.of(DAN), h.views.getRef()));
      h.views.receiveMessage(LONG);
      h.text(ANN, "5", "five");
      assertThat(find(h, 2).members())
          .extracting(MemberStatus::userId)
          .containsExactly(ANN, BOB, CAT, DAN);
      assertThat(find(h, 2).members().get(2).leftSeq()).isEqualTo(3);
      assertThat(dispatch(h, 2, DAN)).isEqualTo(DispatchStatus.JOINED_LATER);
      assertThat(find(h, 5).members())
          .extracting(MemberStatus::userId)
          .containsExactly(ANN, BOB, DAN);
      assertThat(find(h, 3).type()).isEqualTo("member_removed");
      assertThat(find(h, 3).countable()).isFalse();
      assertThat(find(h, 5).memberCount()).isEqualTo(3);
    }
  }

  @Test
  void aDeletedTextIsShownAsDeleted() {
    try (ConversationHarness h = ConversationHarness.direct()) {
      h.opening(ANN, BOB, "1");
      h.post(ANN, "2", new EntryIntent.Delete(1));
      assertThat(find(h, 1).deleted()).isTrue();
      assertThat(find(h, 1).countable()).isFalse();
    }
  }

  @Test
  void membersComeInPages() {
    List<UserId> many = new ArrayList<>();
    for (int i = 0; i < 130; i++) {
      many.add(new UserId("u_%03d".formatted(i)));
    }
    try (ConversationHarness h = ConversationHarness.group(many.toArray(UserId[]::new))) {
      EntryFound first = find(h, 1);
      assertThat(first.members()).hasSize(ConversationInspection.MEMBERS);
      assertThat(first.more()).isTrue();
      assertThat(first.memberCount()).isEqualTo(131);
      EntryFound rest = (EntryFound) ask(h, 1, first.members().getLast().userId());
      assertThat(rest.members()).hasSize(31);
      assertThat(rest.more()).isFalse();
      many.add(ANN);
      assertThat(
              java.util.stream.Stream.concat(first.members().stream(), rest.members().stream())
                  .map(MemberStatus::userId))
          .containsExactlyElementsOf(many);
    }
  }

  @Test
  void whatDoesNotExistIsNotFound() {
    try (ConversationHarness h = ConversationHarness.direct()) {
      assertThat(refused(ask(h, 1, null))).isEqualTo(ErrorCode.NOT_FOUND);
      assertThat(refused(overview(h))).isEqualTo(ErrorCode.NOT_FOUND);
      h.opening(ANN, BOB, "1");
      assertThat(refused(ask(h, 0, null))).isEqualTo(ErrorCode.NOT_FOUND);
      assertThat(refused(ask(h, 2, null))).isEqualTo(ErrorCode.NOT_FOUND);
    }
  }

  private static ConversationHarness held() {
    ConversationHarness h =
        new ConversationHarness(
            ConversationId.direct(ANN, BOB), ConversationHarness.IN_MEMORY, PausableJournal.PLUGIN);
    h.opening(ANN, BOB, "1");
    return h;
  }

  @Test
  void lookUpsAtATimeAreBounded() {
    try (ConversationHarness h = held()) {
      TestProbe<ConversationInspection.EntryReply> probe = h.kit.createTestProbe();
      try (var hold =
          new PausableJournal.Hold(
              h.kit.system().classicSystem(), ConversationInspector.AT_ONCE + 1)) {
        for (int i = 0; i < ConversationInspector.AT_ONCE; i++) {
          h.tell(new ConversationInspection.FindEntry(1, null, probe.getRef()));
        }
        assertThat(refused(ask(h, 1, null))).isEqualTo(ErrorCode.UNAVAILABLE);
        assertThat(hold.left()).isEqualTo(1);
      }
      for (int i = 0; i < ConversationInspector.AT_ONCE; i++) {
        probe.expectMessageClass(EntryFound.class, LONG);
      }
      assertThat(find(h, 1).event()).isPositive();
    }
  }

  @Test
  void withoutTheJournalMemoryAnswers() {
    try (ConversationHarness h = held()) {
      PausableJournal.failNext(h.kit.system().classicSystem());
      EntryFound found = find(h, 1);
      assertThat(found.tier()).isEqualTo(Tier.MEMORY);
      assertThat(found.event()).isZero();
      assertThat(found.type()).isEqualTo("text");
    }
  }

  @Test
  void theConversationAsAWhole() {
    try (ConversationHarness h = ConversationHarness.direct()) {
      h.deaf.add(BOB);
      h.opening(ANN, BOB, "1");
      h.clock.addAndGet(Duration.ofMinutes(2).toMillis());
      Conversation.Posted last = h.text(ANN, "2", "two");
      await().until(() -> dispatch(h, 2, ANN) == DispatchStatus.ACKNOWLEDGED);
      ConversationInspection.Overview overview = (ConversationInspection.Overview) overview(h);
      assertThat(overview)
          .isEqualTo(
              new ConversationInspection.Overview(
                  overview.node(),
                  ConversationType.DIRECT,
                  2,
                  overview.createdAt(),
                  2,
                  last.at(),
                  h.events().size(),
                  0,
                  false,
                  1,
                  0,
                  1));
      assertThat(overview.node()).startsWith("pekko://");
      assertThat(overview.createdAt()).isPositive();
    }
  }
}
