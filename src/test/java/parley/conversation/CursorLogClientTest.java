package parley.conversation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static parley.conversation.ConversationHarness.ANN;
import static parley.conversation.ConversationHarness.BOB;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import parley.conversation.ConversationEvent.CursorMove;
import parley.cursors.MemberCursors;
import parley.model.ConversationId;
import parley.model.EntryIntent;
import parley.model.UserId;
import parley.user.User;

/** Cursors that the cursor log holds and the conversation's own journal does not yet. */
@Timeout(120)
class CursorLogClientTest {
  private static final Duration NEVER = Duration.ofHours(1);

  private final ManualCursorLog log = new ManualCursorLog();
  private final ConversationHarness harness = ConversationHarness.direct();

  @BeforeEach
  void open() {
    harness.cursorLog(log);
    writeAfter(NEVER);
    harness.opening(ANN, BOB, "a1");
    harness.text(ANN, "a2", "two");
    harness.text(ANN, "a3", "three");
  }

  @AfterEach
  void close() {
    harness.close();
  }

  private void writeAfter(Duration pause) {
    writeAfter(harness, pause);
  }

  static void writeAfter(ConversationHarness harness, Duration pause) {
    ConversationSettings s = harness.settings();
    harness.settings(
        new ConversationSettings(
            s.cursorFlushDelay(), s.tick(), s.idle(), s.snapshots(), s.readJournal(), true, pause));
  }

  private List<CursorMove> written() {
    return written(harness);
  }

  static List<CursorMove> written(ConversationHarness harness) {
    return harness.events().stream()
        .flatMap(
            event ->
                switch (event) {
                  case ConversationEvent.CursorsMoved moved -> moved.cursors().stream();
                  case ConversationEvent.EntriesAppended appended ->
                      appended.cursors() == null
                          ? java.util.stream.Stream.empty()
                          : appended.cursors().stream();
                  default -> java.util.stream.Stream.empty();
                })
        .toList();
  }

  private long toldRead() {
    return harness.last(ANN).member().peerRead();
  }

  private void crash() {
    harness.restart();
  }

  @Test
  void membersAreToldOfCursorsThatOnlyTheCursorLogHas() {
    harness.read(BOB, 3);
    await().until(() -> toldRead() == 3);
    assertThat(harness.last(BOB).member().unread()).isZero();
    assertThat(harness.last(ANN).receipts()).isNotEmpty();
    assertThat(written()).isEmpty();
  }

  @Test
  void membersAreNotToldBeforeTheLogHasThem() {
    log.mode = ManualCursorLog.Mode.HOLD;
    harness.tell(new Conversation.Read(BOB, 3, harness.reads.getRef()));
    await().until(() -> log.held() == 1);
    harness.page(BOB, null, null, 10, false);
    assertThat(toldRead()).isZero();
    harness.reads.expectNoMessage(Duration.ZERO);
    log.keepNext();
    harness.reads.expectMessageClass(Conversation.ReadDone.class, Duration.ofSeconds(20));
    await().until(() -> toldRead() == 3);
  }

  @Test
  void theNextEntryTakesTheCursorsAlong() {
    harness.read(BOB, 2);
    harness.text(BOB, "b1", "four");
    assertThat(written()).containsExactly(new CursorMove(BOB, 2, 2, 1));
    harness.text(BOB, "b2", "five");
    assertThat(written()).hasSize(1);
  }

  @Test
  void anEntryTakesCursorsAlongThatTheLogHasNotAnswered() {
    log.mode = ManualCursorLog.Mode.HOLD;
    harness.tell(new Conversation.Read(BOB, 3, harness.reads.getRef()));
    await().until(() -> log.held() == 1);
    harness.text(BOB, "b1", "four");
    harness.reads.expectMessageClass(Conversation.ReadDone.class, Duration.ofSeconds(20));
    assertThat(written()).containsExactly(new CursorMove(BOB, 3, 3, 0));
    assertThat(toldRead()).isEqualTo(3);
    log.keepNext();
    harness.text(BOB, "b2", "five");
    assertThat(written()).hasSize(1);
  }

  @Test
  void aLateAnswerIsNoAnswerToTheNextQuestion() {
    log.mode = ManualCursorLog.Mode.HOLD;
    harness.tell(new Conversation.Read(BOB, 2, null));
    await().until(() -> log.held() == 1);
    harness.text(BOB, "b1", "four");
    harness.tell(new Conversation.Read(BOB, 3, harness.reads.getRef()));
    await().until(() -> log.held() == 2);
    log.keepNext();
    harness.page(BOB, null, null, 10, false);
    assertThat(toldRead()).isEqualTo(2);
    log.keepNext();
    harness.reads.expectMessageClass(Conversation.ReadDone.class, Duration.ofSeconds(20));
    await().until(() -> toldRead() == 3);
  }

  @Test
  void aMoveDoesNotWaitForTheAnswerToTheOneBefore() {
    log.mode = ManualCursorLog.Mode.HOLD;
    harness.tell(new Conversation.Read(BOB, 1, null));
    await().until(() -> log.held() == 1);
    harness.tell(new Conversation.Read(BOB, 3, harness.reads.getRef()));
    await().until(() -> log.held() == 2);
    log.keepNext();
    await().until(() -> toldRead() == 1);
    harness.reads.expectNoMessage(Duration.ZERO);
    log.keepNext();
    harness.reads.expectMessageClass(Conversation.ReadDone.class, Duration.ofSeconds(20));
    await().until(() -> toldRead() == 3);
    assertThat(harness.last(BOB).member().unread()).isZero();
    assertThat(written()).isEmpty();
  }

  /** The first request, or the answer to it, may be lost. */
  @Test
  void theAnswerToALaterRequestIsAnAnswerToThoseBefore() {
    log.mode = ManualCursorLog.Mode.HOLD;
    harness.tell(new Conversation.FromUser(new User.Delivered(ANN, 3)));
    await().until(() -> log.held() == 1);
    harness.tell(new Conversation.Read(BOB, 3, harness.reads.getRef()));
    await().until(() -> log.held() == 2);
    log.loseNext();
    log.keepNext();
    harness.reads.expectMessageClass(Conversation.ReadDone.class, Duration.ofSeconds(20));
    await().until(() -> harness.last(BOB).member().peerDelivered() == 3);
    crash();
    harness.read(BOB, 3);
    await().until(() -> harness.last(BOB).member().peerDelivered() == 3);
    assertThat(harness.last(ANN).member().peerRead()).isEqualTo(3);
  }

  @Test
  void requestsWithoutAnAnswerAreBounded() {
    log.mode = ManualCursorLog.Mode.HOLD;
    for (int i = 1; i <= CursorLogClient.MAX_REQUESTS; i++) {
      harness.text(ANN, "m" + i, "text");
    }
    for (int i = 1; i <= CursorLogClient.MAX_REQUESTS; i++) {
      int asked = i;
      harness.tell(new Conversation.Read(BOB, i, null));
      await().until(() -> log.held() == asked);
    }
    harness.tell(new Conversation.Read(BOB, 6, harness.reads.getRef()));
    harness.page(BOB, null, null, 10, false);
    harness.tell(new Conversation.FromUser(new User.Delivered(ANN, 6)));
    log.keepNext();
    await().until(() -> log.held() == CursorLogClient.MAX_REQUESTS);
    while (log.held() > 0) {
      log.keepNext();
    }
    harness.reads.expectMessageClass(Conversation.ReadDone.class, Duration.ofSeconds(20));
    await().until(() -> toldRead() == 6);
  }

  @Test
  void cursorsAreWrittenWhenNoEntryComes() {
    writeAfter(Duration.ofMillis(50));
    harness.restart();
    harness.text(ANN, "a4", "four");
    harness.read(BOB, 4);
    await().until(() -> written().contains(new CursorMove(BOB, 4, 4, 0)));
    harness.text(BOB, "b1", "five");
    assertThat(written()).hasSize(1);
  }

  @Test
  void afterACrashNoMemberSeesACursorGoBack() {
    harness.read(BOB, 2);
    await().until(() -> toldRead() == 2);
    crash();
    harness.tell(new Conversation.GetView(ANN, harness.views.getRef()));
    Conversation.Viewed seen =
        harness.views.expectMessageClass(Conversation.Viewed.class, Duration.ofSeconds(20));
    assertThat(seen.view().members())
        .filteredOn(member -> member.userId().equals(BOB))
        .singleElement()
        .satisfies(bob -> assertThat(bob.readSeq()).isEqualTo(2));
    assertThat(harness.last(BOB).member().unread()).isEqualTo(1);
    harness.text(BOB, "b1", "four");
    assertThat(written()).contains(new CursorMove(BOB, 2, 2, 1));
  }

  /** The log forgets them some time after they were kept, however often this one crashes. */
  @Test
  void afterACrashTheOwnJournalGetsWhatOnlyTheLogHad() {
    harness.read(BOB, 2);
    await().until(() -> toldRead() == 2);
    crash();
    await().until(() -> toldRead() == 2);
    await().until(() -> written().contains(new CursorMove(BOB, 2, 2, 1)));
    log.forget();
    crash();
    int before = harness.deliveries(ANN).size();
    await().until(() -> harness.deliveries(ANN).size() > before);
    assertThat(toldRead()).isEqualTo(2);
  }

  /** A user that starts again asks a conversation of an older version like this. */
  @Test
  void aCursorThatIsNotNewIsAnsweredWithTheRow() {
    int before = harness.deliveries(ANN).size();
    int events = harness.events().size();
    harness.tell(new Conversation.FromUser(new User.Delivered(ANN, 0)));
    await().until(() -> harness.deliveries(ANN).size() > before);
    assertThat(harness.events()).hasSize(events);
  }

  @Test
  void aRecoveredConversationHandlesNothingBeforeItKnowsItsCursors() {
    harness.read(BOB, 3);
    log.mode = ManualCursorLog.Mode.LOSE_THE_QUESTION;
    int before = log.asked();
    crash();
    harness.tell(new Conversation.GetView(ANN, harness.views.getRef()));
    // The request is repeated.
    await().until(() -> log.asked() >= before + 2);
    harness.views.expectNoMessage(Duration.ZERO);
    log.mode = ManualCursorLog.Mode.KEEP;
    harness.views.expectMessageClass(Conversation.Viewed.class, Duration.ofSeconds(20));
    assertThat(toldRead()).isEqualTo(3);
  }

  @Test
  void aRecoveredConversationThatWaitsCanBeStopped() {
    log.mode = ManualCursorLog.Mode.LOSE_THE_QUESTION;
    crash();
    harness.tell(new Conversation.GetView(ANN, harness.views.getRef()));
    harness.tell(Conversation.Stop.STOP);
    assertThat(
            harness
                .views
                .expectMessageClass(Conversation.Refused.class, Duration.ofSeconds(20))
                .refusal()
                .code())
        .isEqualTo(parley.model.ErrorCode.UNAVAILABLE);
    assertThat(harness.woken).contains(harness.id);
  }

  @Test
  void aLogThatDoesNotAnswerCostsSecondsOnly() {
    log.mode = ManualCursorLog.Mode.LOSE_THE_ANSWER;
    harness.tell(new Conversation.Read(BOB, 3, harness.reads.getRef()));
    await().until(() -> log.asked() == 1);
    harness.clock.addAndGet(CursorLogClient.ANSWER_TIMEOUT.toMillis() + 1);
    harness.reads.expectMessageClass(Conversation.ReadDone.class, Duration.ofSeconds(20));
    assertThat(written()).containsExactly(new CursorMove(BOB, 3, 3, 0));
    harness.text(ANN, "a4", "four");
    harness.read(BOB, 4);
    assertThat(log.asked()).as("it is left alone for a while").isEqualTo(1);
    harness.clock.addAndGet(CursorLogClient.PAUSE_AFTER_FAILURE.toMillis());
    log.mode = ManualCursorLog.Mode.KEEP;
    harness.text(ANN, "a5", "five");
    harness.read(BOB, 5);
    assertThat(log.asked()).isEqualTo(2);
    assertThat(written()).hasSize(2);
  }

  @Test
  void cursorsThatTheLogRefusesAreWritten() {
    log.mode = ManualCursorLog.Mode.REFUSE;
    harness.read(BOB, 3);
    assertThat(written()).containsExactly(new CursorMove(BOB, 3, 3, 0));
  }

  @Test
  void whileAnOlderNodeIsThereNothingIsGivenToTheLog() {
    log.open = false;
    harness.read(BOB, 3);
    assertThat(written()).containsExactly(new CursorMove(BOB, 3, 3, 0));
    assertThat(log.asked()).isZero();
  }

  @Test
  void aSettledConversationWritesItsCursorsItself() {
    ConversationSettings s = harness.settings();
    harness.settings(
        new ConversationSettings(
            s.cursorFlushDelay(),
            s.tick(),
            Duration.ofMillis(50),
            s.snapshots(),
            s.readJournal(),
            true,
            NEVER));
    harness.restart();
    await().until(() -> harness.events().getLast() instanceof ConversationEvent.Settled);
    int before = log.asked();
    harness.read(BOB, 3);
    assertThat(log.asked()).isEqualTo(before);
    assertThat(written()).containsExactly(new CursorMove(BOB, 3, 3, 0));
  }

  @Test
  void anOldCountOfUnreadEntriesIsNotBelieved() {
    // As an incarnation could leave it on a node that was removed and did not know it.
    log.put(new MemberCursors(BOB, 2, 2, 0, 2));
    crash();
    await().until(() -> harness.last(BOB).member().read() == 2);
    assertThat(harness.last(BOB).member().unread()).isEqualTo(1);
  }

  @Test
  void aUserThatHasStartedAgainIsToldWhatItWasTold() {
    harness.read(BOB, 3);
    await().until(() -> toldRead() == 3);
    long version = harness.last(ANN).version();
    int before = harness.deliveries(ANN).size();
    harness.tell(new Conversation.FromUser(new User.Dispatched(ANN, 3, version, true)));
    await().until(() -> harness.deliveries(ANN).size() > before);
    assertThat(toldRead()).isEqualTo(3);
    assertThat(harness.last(ANN).version()).isEqualTo(version);
  }

  /** The user waits for this answer before it shows its inbox. */
  @Test
  void aUserThatHasStartedAgainIsAnsweredAlsoWithoutNews() {
    harness.read(BOB, 3);
    harness.text(BOB, "b1", "four");
    await().until(() -> harness.last(ANN).header().lastSeq() == 4);
    long version = harness.last(ANN).version();
    int before = harness.deliveries(ANN).size();
    harness.tell(new Conversation.FromUser(new User.Dispatched(ANN, 4, version, true)));
    await().until(() -> harness.deliveries(ANN).size() > before);
    assertThat(harness.last(ANN).entries()).isEmpty();
    assertThat(harness.last(ANN).receipts())
        .as("live sessions of the user may lack moves that were lost on the way")
        .contains(new parley.user.Delivery.Receipt(BOB, 3, 3));
  }

  /** The user has lost what it did not confirm as durable. */
  @Test
  void aUserThatHasStartedAgainGetsUnconfirmedEntriesAtOnce() {
    harness.voices.put(ANN, deliver -> List.of());
    harness.text(BOB, "b1", "four");
    await().until(() -> harness.last(ANN).header().lastSeq() == 4);
    int before = harness.deliveries(ANN).size();
    harness.tell(new Conversation.FromUser(new User.Dispatched(ANN, 3, 3, true)));
    await()
        .atMost(MemberPosition.FIRST_PAUSE.dividedBy(2))
        .until(
            () ->
                harness.deliveries(ANN).stream()
                    .skip(before)
                    .anyMatch(deliver -> deliver.entries().size() == 1));
  }

  @Test
  void aConversationThatNobodyUsesWritesThemBeforeItLeaves() {
    ConversationSettings s = harness.settings();
    harness.settings(
        new ConversationSettings(
            s.cursorFlushDelay(),
            s.tick(),
            Duration.ofMillis(300),
            s.snapshots(),
            s.readJournal(),
            true,
            NEVER));
    crash();
    harness.read(BOB, 3);
    await().until(() -> written().contains(new CursorMove(BOB, 3, 3, 0)));
    await().until(() -> harness.events().getLast() instanceof ConversationEvent.Settled);
  }

  /** A user that starts again does not ask such a conversation for its row. */
  @Test
  void cursorsOfAConversationWithoutARecentTextAreWrittenSooner() {
    Duration five = Duration.ofMinutes(5);
    assertThat(CursorLogClient.pauseBeforeWrite(five, 60_000)).isEqualTo(five);
    assertThat(CursorLogClient.pauseBeforeWrite(five, 600_000)).isEqualTo(Duration.ofSeconds(30));
    assertThat(CursorLogClient.pauseBeforeWrite(Duration.ofSeconds(1), 600_000))
        .isEqualTo(Duration.ofSeconds(1));
  }

  @Test
  void readByHttpDoesNotWaitForOthers() {
    log.mode = ManualCursorLog.Mode.HOLD;
    harness.tell(new Conversation.Read(BOB, 2, null, false));
    await().until(() -> log.held() == 1);
    assertThat(log.isUrgent()).isFalse();
    harness.tell(new Conversation.Read(BOB, 3, harness.reads.getRef(), true));
    await().until(() -> log.held() == 2);
    assertThat(log.isUrgent()).isTrue();
  }

  @Test
  void aStopWritesWhatOnlyTheLogHas() {
    harness.read(BOB, 3);
    harness.tell(Conversation.Stop.STOP);
    await().until(() -> !written().isEmpty());
    assertThat(written()).containsExactly(new CursorMove(BOB, 3, 3, 0));
  }

  static List<UserId> members(int count) {
    List<UserId> all = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      all.add(new UserId("u" + i));
    }
    return all;
  }

  @Test
  void cursorsAreWrittenBeforeASnapshotForgetsTheEntriesAfterThem() {
    List<UserId> members = members(CursorLogClient.MAX_MEMBERS_WITH_ENTRY + 1);
    try (ConversationHarness group = new ConversationHarness(ConversationId.group("3"))) {
      writeAfter(group, NEVER);
      group.cursorLog(log);
      group.tell(new Conversation.CreateGroup(ANN, "Many", null, members, group.views.getRef()));
      group.views.expectMessageClass(Conversation.Viewed.class, Duration.ofSeconds(20));
      members.forEach(user -> group.read(user, 1));
      for (int i = 0; i < RecentEntries.STORED_ENTRIES; i++) {
        group.text(ANN, "a" + i, "text");
      }
      assertThat(written(group)).isEmpty();
      group.text(ANN, "b", "text");
      assertThat(written(group))
          .hasSize(members.size())
          .contains(new CursorMove(members.getFirst(), 1, 1, RecentEntries.STORED_ENTRIES));
    }
  }

  @Test
  void aDeleteBehindTheReadCursorIsCountedAfterACrash() {
    harness.read(BOB, 1);
    harness.post(ANN, "d1", new EntryIntent.Delete(3));
    harness.read(BOB, 2);
    crash();
    await().until(() -> harness.last(BOB).member().read() == 2);
    assertThat(harness.last(BOB).member().unread()).isZero();
  }
}
