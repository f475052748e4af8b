package parley.cursors;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.typesafe.config.ConfigFactory;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.pekko.actor.testkit.typed.javadsl.ActorTestKit;
import org.apache.pekko.actor.testkit.typed.javadsl.TestProbe;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.persistence.testkit.PersistenceTestKitPlugin;
import org.apache.pekko.persistence.testkit.PersistenceTestKitSnapshotPlugin;
import org.apache.pekko.persistence.testkit.javadsl.PersistenceTestKit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import parley.model.ConversationId;
import parley.model.UserId;
import parley.telemetry.Telemetry;

/** The cursor log as an entity: what it gathers, writes, answers and finds again. */
@Timeout(60)
class CursorLogTest {
  private static final UserId BOB = new UserId("bob");
  private static final Duration NEVER = Duration.ofHours(1);
  private static final Duration SOON = Duration.ofMillis(20);
  private static final Duration LONG = Duration.ofSeconds(20);

  private final ActorTestKit kit =
      ActorTestKit.create(
          "Cursors",
          ConfigFactory.parseString(
                  """
                  pekko.persistence.testkit.events.serialize = on
                  pekko.persistence.testkit.snapshots.serialize = on
                  pekko.loglevel = WARNING
                  """)
              .withFallback(PersistenceTestKitPlugin.getInstance().config())
              .withFallback(PersistenceTestKitSnapshotPlugin.config())
              .withFallback(ConfigFactory.load()));
  private final PersistenceTestKit journal = PersistenceTestKit.create(kit.system());
  private final Telemetry telemetry = new Telemetry();
  private final AtomicLong now = new AtomicLong(1_700_000_000_000L);
  private final TestProbe<CursorLog.Reply> replies = kit.createTestProbe();

  @AfterEach
  void stop() {
    kit.shutdownTestKit();
    telemetry.close();
  }

  private ActorRef<CursorLog.Command> start(Duration gather) {
    return kit.spawn(
        CursorLogEntity.create(gather, 10, () -> Instant.ofEpochMilli(now.get()), telemetry));
  }

  private static ConversationId id(int number) {
    return ConversationId.group("x" + number);
  }

  private CursorLog.Keep keep(int conversation, long nr, long read) {
    return new CursorLog.Keep(
        id(conversation),
        nr,
        List.of(new MemberCursors(BOB, read, read, 0, read)),
        replies.getRef(),
        false);
  }

  private static List<MemberCursors> cursorsOf(UserId user) {
    return List.of(new MemberCursors(user, 1, 1, 0, 1));
  }

  private List<MemberCursors> find(ActorRef<CursorLog.Command> log, int conversation) {
    log.tell(new CursorLog.Find(id(conversation), replies.getRef()));
    return replies.expectMessageClass(CursorLog.Found.class, LONG).members();
  }

  /** The stored events that hold cursors. */
  private List<CursorLogEvent.CursorsKept> events() {
    return journal.persistedInStorage("cursor-log|0").stream()
        .map(CursorLogEvent.CursorsKept.class::cast)
        .filter(event -> event.kept() != null)
        .toList();
  }

  @Test
  void cursorsOfManyConversationsAreOneEvent() {
    ActorRef<CursorLog.Command> log = start(Duration.ofMillis(300));
    assertThat(find(log, 1)).isEmpty();
    for (int i = 1; i <= 5; i++) {
      log.tell(keep(i, i, 7));
    }
    assertThat(replies.receiveSeveralMessages(5, LONG))
        .extracting(CursorLog.Reply::toString)
        .allMatch(text -> text.startsWith("Kept"));
    assertThat(events()).singleElement().satisfies(event -> assertThat(event.kept()).hasSize(5));
  }

  @Test
  void aFullEventDoesNotWait() {
    ActorRef<CursorLog.Command> log = start(NEVER);
    int some = CursorLogEntity.FLUSH_BYTES / 90 + 1;
    for (int i = 1; i <= some; i++) {
      log.tell(keep(i, i, 7));
    }
    assertThat(replies.receiveSeveralMessages(some, LONG)).hasSize(some);
  }

  @Test
  void cursorsThatSomebodyWaitsForAreWrittenAtOnceWithTheOthers() {
    ActorRef<CursorLog.Command> log = start(NEVER);
    log.tell(keep(1, 1, 7));
    CursorLog.Keep read = keep(2, 2, 8);
    log.tell(new CursorLog.Keep(read.id(), read.nr(), read.members(), read.replyTo(), true));
    assertThat(replies.receiveSeveralMessages(2, LONG)).hasSize(2);
    assertThat(events()).hasSize(1);
  }

  @Test
  void repeatedCursorsOfAMemberTakeNoMoreRoom() {
    ActorRef<CursorLog.Command> log = start(NEVER);
    int some = CursorLogEntity.FLUSH_BYTES / 50 + 1;
    for (int i = 1; i <= some; i++) {
      log.tell(keep(1, i, i));
    }
    assertThat(find(log, 1)).isEmpty();
    // Nothing was written: the event is not full, and its time has not come.
    assertThat(events()).isEmpty();
    log.tell(CursorLogEntity.stop());
    assertThat(replies.receiveSeveralMessages(some, LONG))
        .allMatch(CursorLog.NotKept.class::isInstance);
  }

  @Test
  void nothingIsAnsweredBeforeItIsDurable() {
    ActorRef<CursorLog.Command> log = start(SOON);
    assertThat(find(log, 1)).isEmpty();
    journal.failNextPersisted();
    log.tell(keep(1, 1, 7));
    kit.createTestProbe().expectTerminated(log, LONG);
    replies.expectNoMessage(Duration.ZERO);
    assertThat(find(start(SOON), 1)).isEmpty();
  }

  @Test
  void keptCursorsAreFoundAfterACrash() {
    ActorRef<CursorLog.Command> log = start(SOON);
    log.tell(keep(1, 1, 7));
    log.tell(keep(2, 1, 8));
    replies.receiveSeveralMessages(2, LONG);
    log.tell(keep(1, 2, 9));
    replies.expectMessage(LONG, new CursorLog.Kept(2));
    kit.stop(log);
    ActorRef<CursorLog.Command> next = start(SOON);
    assertThat(find(next, 1)).containsExactly(new MemberCursors(BOB, 9, 9, 0, 9));
    assertThat(find(next, 2)).containsExactly(new MemberCursors(BOB, 8, 8, 0, 8));
    assertThat(find(next, 3)).isEmpty();
  }

  @Test
  void aLogThatStartsTakesTheNextSequenceNumberBeforeItAnswers() {
    find(start(SOON), 1);
    assertThat(journal.persistedInStorage("cursor-log|0"))
        .containsExactly(new CursorLogEvent.CursorsKept(now.get(), null));
  }

  @Test
  void aStopAnswersWhatWasNotWritten() {
    ActorRef<CursorLog.Command> log = start(NEVER);
    assertThat(find(log, 1)).isEmpty();
    log.tell(keep(1, 4, 7));
    log.tell(CursorLogEntity.stop());
    replies.expectMessage(LONG, new CursorLog.NotKept(4));
    assertThat(events()).isEmpty();
  }

  @Test
  void snapshotsHoldWhatRemovedEventsHeld() {
    ActorRef<CursorLog.Command> log = start(Duration.ofMillis(1));
    log.tell(keep(1, 1, 7));
    replies.expectMessage(LONG, new CursorLog.Kept(1));
    for (int i = 0; i < 40; i++) {
      log.tell(keep(2, i, i + 1L));
      replies.expectMessage(LONG, new CursorLog.Kept(i));
    }
    await().until(() -> journal.persistedInStorage("cursor-log|0").size() < 25);
    kit.stop(log);
    ActorRef<CursorLog.Command> next = start(SOON);
    assertThat(find(next, 1)).containsExactly(new MemberCursors(BOB, 7, 7, 0, 7));
    assertThat(find(next, 2)).containsExactly(new MemberCursors(BOB, 40, 40, 0, 40));
  }

  @Test
  void theFurthestCursorsCountAndTheUnreadCountOfTheReadCursor() {
    MemberCursors read = new MemberCursors(BOB, 5, 5, 2, 7);
    MemberCursors delivered = new MemberCursors(BOB, 9, 3, 6, 9);
    assertThat(read.with(delivered)).isEqualTo(new MemberCursors(BOB, 9, 5, 2, 7));
    assertThat(delivered.with(read)).isEqualTo(new MemberCursors(BOB, 9, 5, 2, 7));
    MemberCursors later = new MemberCursors(BOB, 5, 5, 4, 9);
    assertThat(read.with(later)).isEqualTo(later);
    assertThat(later.with(read)).isEqualTo(later);
  }

  @Test
  void timeInWhichNothingHappensDoesNotForget() {
    CursorLogState state = new CursorLogState();
    state.apply(kept(now.get(), 1));
    state.apply(new CursorLogEvent.CursorsKept(now.addAndGet(Duration.ofDays(3).toMillis()), null));
    assertThat(state.of(id(1))).isNotEmpty();
  }

  @Test
  void aConversationIsForgottenAfterTenMinutesOfActivity() {
    CursorLogState state = new CursorLogState();
    state.apply(kept(now.get(), 1));
    state.apply(kept(now.get(), 2));
    for (long s = 0; s <= CursorLogState.RETENTION.toSeconds(); s++) {
      assertThat(state.of(id(1))).isNotEmpty();
      state.apply(kept(now.addAndGet(1_000), 2));
    }
    assertThat(state.of(id(1))).isEmpty();
    assertThat(state.of(id(2))).isNotEmpty();
    assertThat(state.size()).isEqualTo(1);
  }

  @Test
  void thereIsRoomForABoundedNumberOfMembers() {
    CursorLogState state = new CursorLogState();
    List<MemberCursors> many = new ArrayList<>();
    for (int i = 0; i < CursorLogState.MAX_MEMBERS - 1; i++) {
      many.add(new MemberCursors(new UserId("u" + i), 1, 1, 0, 1));
    }
    state.apply(kept(now.get(), 1));
    assertThat(state.hasRoomFor(id(2), many)).isTrue();
    state.apply(
        new CursorLogEvent.CursorsKept(
            now.get(), List.of(new CursorLogEvent.ConversationCursors(id(2), many))));
    for (CursorLogState one : List.of(state, CursorLogState.of(state.toSnapshot()))) {
      assertThat(one.hasRoomFor(id(3), cursorsOf(BOB))).isFalse();
      assertThat(one.hasRoomFor(id(2), cursorsOf(BOB))).isFalse();
      assertThat(one.hasRoomFor(id(2), cursorsOf(new UserId("u1")))).isTrue();
      assertThat(one.hasRoomFor(id(1), cursorsOf(BOB))).isTrue();
    }
    for (long s = 0; s <= CursorLogState.RETENTION.toSeconds(); s++) {
      state.apply(kept(now.addAndGet(1_000), 1));
    }
    assertThat(state.hasRoomFor(id(3), cursorsOf(BOB))).isTrue();
  }

  @Test
  void thereIsRoomForABoundedNumberOfConversations() {
    CursorLogState state = new CursorLogState();
    List<CursorLogEvent.ConversationCursors> all = new ArrayList<>();
    for (int i = 0; i < CursorLogState.MAX_CONVERSATIONS; i++) {
      all.add(
          new CursorLogEvent.ConversationCursors(
              id(i), List.of(new MemberCursors(BOB, 1, 1, 0, 1))));
    }
    state.apply(new CursorLogEvent.CursorsKept(now.get(), all));
    assertThat(state.hasRoomFor(id(1), cursorsOf(BOB))).isTrue();
    assertThat(state.hasRoomFor(id(CursorLogState.MAX_CONVERSATIONS), cursorsOf(BOB))).isFalse();
    CursorLogState again = CursorLogState.of(state.toSnapshot());
    assertThat(again.size()).isEqualTo(state.size());
    assertThat(again.toSnapshot()).isEqualTo(state.toSnapshot());
  }

  private static CursorLogEvent kept(long at, int conversation) {
    return new CursorLogEvent.CursorsKept(
        at,
        List.of(
            new CursorLogEvent.ConversationCursors(
                id(conversation), List.of(new MemberCursors(BOB, 1, 1, 0, 1)))));
  }
}
