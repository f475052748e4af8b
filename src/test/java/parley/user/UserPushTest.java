package parley.user;

import static org.assertj.core.api.Assertions.assertThat;
import static parley.user.UserFixtures.ALICE;
import static parley.user.UserFixtures.BOB;
import static parley.user.UserFixtures.CHAT;
import static parley.user.UserFixtures.GROUP;
import static parley.user.UserFixtures.LAPTOP;
import static parley.user.UserFixtures.PHONE;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.apache.pekko.actor.testkit.typed.javadsl.TestProbe;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import parley.model.ConversationId;
import parley.model.DeviceId;
import parley.model.Entry;
import parley.model.EntryBody;
import parley.model.UserId;
import parley.push.Notification;
import parley.push.Platform;
import parley.push.PushOutcome;
import parley.push.PushService;
import parley.user.UserFixtures.Mail;
import parley.user.UserHarness.Sent;
import parley.user.UserPush.Need;

/** Who is pushed to, when, and what of it survives; the providers are played by the test. */
class UserPushTest {
  private static final Duration PATIENCE = Duration.ofSeconds(5);
  private static final Duration SOON = Duration.ofMillis(PushSender.ASK_MILLIS);
  private static final Duration MOMENT = Duration.ofMillis(1);
  private static final PushOutcome DELIVERED = new PushOutcome.Delivered();

  private final UserHarness rig = new UserHarness();

  @BeforeEach
  void start() {
    rig.pushes();
    rig.start();
    rig.make();
  }

  @AfterEach
  void stop() {
    rig.close();
  }

  private void token(DeviceId device, @Nullable String token) {
    rig.ask(
        (org.apache.pekko.actor.typed.ActorRef<User.DoneReply> to) ->
            new User.SetPushToken(device, "apns", token, to));
  }

  /** A phone that was here once, with a token, and is away. */
  private void away(DeviceId device) {
    TestProbe<User.Delivery> session = rig.attach(device, "first-" + device, false);
    token(device, "token of " + device);
    rig.end(session, device);
    rig.flush();
  }

  private void mail(Mail mail) {
    rig.tell(mail.deliver());
    rig.flush();
  }

  private Notification sent() {
    return rig.sends.getLast().notification();
  }

  private void ack(DeviceId device, String session, ConversationId id, long seq) {
    rig.tell(new User.Acked(device, session, List.of(new User.Ack(id, seq, 0))));
  }

  private User.Deliver from(UserId sender, EntryBody entryBody) {
    User.Deliver plain = Mail.of(CHAT, 1, 1).deliver();
    return new User.Deliver(
        plain.conversationId(),
        plain.version(),
        plain.header(),
        plain.member(),
        List.of(new Entry(1, "m1", sender, 1_001, null, entryBody)),
        List.of());
  }

  // ---- when

  @Test
  void whereNobodyIsConnectedThePushFollowsTheJournal() {
    away(PHONE);
    rig.tell(Mail.of(CHAT, 1, 2).deliver());
    assertThat(rig.sends).isEmpty();
    rig.flush();
    assertThat(rig.sends).hasSize(1);
    assertThat(sent())
        .isEqualTo(new Notification(Platform.APNS, "token of phone", CHAT, 2, 2, true));
  }

  @Test
  void theBadgeCountsTheWholeInbox() {
    away(PHONE);
    mail(Mail.of(GROUP, 1, 3));
    mail(Mail.of(CHAT, 1, 2));
    assertThat(sent().conversationId()).isEqualTo(CHAT);
    assertThat(sent().badge()).isEqualTo(5);
  }

  @Test
  void whileAnotherDeviceIsConnectedThePhoneWaitsAFewSeconds() {
    away(PHONE);
    rig.attach(LAPTOP, "s1", false);
    mail(Mail.of(CHAT, 1, 1));
    ack(LAPTOP, "s1", CHAT, 1);
    rig.pass(PATIENCE.minus(MOMENT));
    assertThat(rig.sends).isEmpty();
    rig.pass(MOMENT);
    assertThat(sent().token()).isEqualTo("token of phone");
  }

  @Test
  void whatTheUserReadsElsewhereInTimeIsNotPushed() {
    away(PHONE);
    rig.attach(LAPTOP, "s1", false);
    mail(Mail.of(CHAT, 1, 2));
    assertThat(rig.durable().outbox().isEmpty()).isFalse();
    mail(Mail.none(CHAT, 3).read(2, 0));
    assertThat(rig.durable().outbox().isEmpty()).isTrue();
    rig.pass(PATIENCE);
    assertThat(rig.sends).isEmpty();
  }

  @Test
  void aDeviceThatComesBackInTimeGetsNone() {
    away(PHONE);
    rig.attach(LAPTOP, "s1", false);
    mail(Mail.of(CHAT, 1, 2));
    rig.pass(PATIENCE.minus(MOMENT));
    rig.attach(PHONE, "s2", false);
    rig.pass(PATIENCE.minus(MOMENT));
    assertThat(rig.sends).isEmpty();
    ack(PHONE, "s2", CHAT, 2);
    rig.pass(PATIENCE);
    assertThat(rig.sends).isEmpty();
    rig.flush();
    assertThat(rig.durable().outbox().isEmpty()).isTrue();
  }

  @Test
  void aConnectedDeviceThatSaysNothingIsPushedTo() {
    away(PHONE);
    rig.attach(PHONE, "s2", false);
    rig.pass(PATIENCE);
    mail(Mail.of(CHAT, 1, 2));
    rig.pass(PATIENCE.minus(MOMENT));
    assertThat(rig.sends).isEmpty();
    rig.pass(MOMENT);
    assertThat(rig.sends).hasSize(1);
  }

  @Test
  void aDeviceThatIsBusyFetchingIsNotPushedTo() {
    away(PHONE);
    rig.attach(PHONE, "s2", false);
    mail(Mail.of(CHAT, 1, 9));
    for (int seq = 1; seq <= 8; seq++) {
      ack(PHONE, "s2", CHAT, seq);
      rig.pass(PATIENCE.minus(MOMENT));
      assertThat(rig.sends).isEmpty();
    }
    rig.pass(PATIENCE);
    assertThat(rig.sends).hasSize(1);
  }

  @Test
  void whoAcknowledgesBeforeTheFlushCostsTheJournalNothing() {
    away(PHONE);
    rig.attach(PHONE, "s2", false);
    rig.tell(Mail.of(CHAT, 1, 1).deliver());
    ack(PHONE, "s2", CHAT, 1);
    assertThat(rig.flush())
        .singleElement()
        .isInstanceOfSatisfying(
            UserEvent.Flushed.class,
            event -> {
              assertThat(event.owed()).isEmpty();
              assertThat(event.pushed()).isEmpty();
            });
    assertThat(rig.reminders).isEmpty();
    assertThat(rig.conversations).contains(new Sent(CHAT, new User.Dispatched(ALICE, 1, 1)));
  }

  @Test
  void ownMessagesEditsReactionsAndMembersPushNothing() {
    away(PHONE);
    List<User.Deliver> quiet =
        List.of(
            from(ALICE, new EntryBody.Text("mine", null, null, false)),
            from(BOB, new EntryBody.Edit(1, "new")),
            from(BOB, new EntryBody.Delete(1, BOB)),
            from(BOB, new EntryBody.Reaction(1, "+")),
            from(BOB, new EntryBody.Text(null, null, null, false)));
    long seq = 0;
    for (User.Deliver one : quiet) {
      seq++;
      Entry entry = one.entries().getFirst();
      rig.tell(
          new User.Deliver(
              one.conversationId(),
              seq,
              one.header(),
              one.member(),
              List.of(new Entry(seq, "m" + seq, entry.senderId(), 1_000, null, entry.body())),
              List.of()));
    }
    rig.flush();
    rig.pass(PATIENCE);
    assertThat(rig.sends).isEmpty();
    assertThat(rig.durable().outbox().isEmpty()).isTrue();
  }

  @Test
  void mutedConversationsPushNothing() {
    away(PHONE);
    rig.attach(LAPTOP, "s1", false);
    mail(Mail.of(CHAT, 1, 1));
    rig.ask(
        (org.apache.pekko.actor.typed.ActorRef<User.DoneReply> to) ->
            new User.SetRowFlags(CHAT, true, null, null, to));
    rig.pass(PATIENCE);
    mail(Mail.of(CHAT, 2, 2));
    rig.pass(PATIENCE);
    assertThat(rig.sends).isEmpty();
    assertThat(rig.durable().outbox().isEmpty()).isTrue();
  }

  @Test
  void aPlatformWithoutProviderIsNotPushedTo() {
    away(PHONE);
    rig.ask(
        (org.apache.pekko.actor.typed.ActorRef<User.DoneReply> to) ->
            new User.SetPushToken(PHONE, "fcm", "google's", to));
    mail(Mail.of(CHAT, 1, 1));
    assertThat(rig.sends).isEmpty();
    assertThat(rig.conversations).contains(new Sent(CHAT, new User.Dispatched(ALICE, 1, 1)));
  }

  @Test
  void furtherMessagesUpdateWhatWaits() {
    away(PHONE);
    rig.attach(LAPTOP, "s1", false);
    mail(Mail.of(CHAT, 1, 1));
    rig.pass(Duration.ofSeconds(4));
    mail(Mail.of(CHAT, 2, 3));
    rig.pass(Duration.ofSeconds(1));
    assertThat(rig.sends).hasSize(1);
    assertThat(sent().seq()).isEqualTo(3);
  }

  @Test
  void afterAPushTheNextOfThatConversationWaits() {
    away(PHONE);
    mail(Mail.of(CHAT, 1, 1));
    rig.answer(DELIVERED);
    mail(Mail.of(CHAT, 2, 2));
    mail(Mail.of(GROUP, 1, 1));
    assertThat(rig.sends).hasSize(1);
    assertThat(sent().conversationId()).isEqualTo(GROUP);
    rig.pass(Duration.ofSeconds(30).minus(MOMENT));
    mail(Mail.of(CHAT, 3, 3));
    assertThat(rig.sends).hasSize(1);
    rig.pass(MOMENT);
    assertThat(sent())
        .extracting(Notification::conversationId, Notification::seq)
        .containsExactly(CHAT, 3L);
  }

  @Test
  void whoHasFetchedWhatItWasPushedForIsPushedToAtOnce() {
    away(PHONE);
    mail(Mail.of(CHAT, 1, 1));
    rig.answer(DELIVERED);
    TestProbe<User.Delivery> session = rig.attach(PHONE, "s2", false);
    ack(PHONE, "s2", CHAT, 1);
    rig.end(session, PHONE);
    rig.flush();
    mail(Mail.of(CHAT, 2, 2));
    assertThat(rig.sends).hasSize(1);
  }

  @Test
  void whatComesWhileAPushIsOnItsWayIsPushedLater() {
    away(PHONE);
    mail(Mail.of(CHAT, 1, 1));
    mail(Mail.of(CHAT, 2, 2));
    assertThat(rig.sends).hasSize(1);
    rig.answer(DELIVERED);
    assertThat(rig.sends).isEmpty();
    rig.pass(Duration.ofSeconds(30));
    assertThat(sent().seq()).isEqualTo(2);
  }

  // ---- what survives

  @Test
  void aPushThatIsDeliveredAtOnceCostsNoReminder() {
    away(PHONE);
    rig.conversations.clear();
    mail(Mail.of(CHAT, 1, 1));
    rig.pass(SOON.minus(MOMENT));
    // Whoever has no acknowledgement tells again after a crash.
    assertThat(rig.conversations).isEmpty();
    rig.answer(DELIVERED);
    assertThat(rig.conversations).containsExactly(new Sent(CHAT, new User.Dispatched(ALICE, 1, 1)));
    rig.pass(PATIENCE);
    assertThat(rig.reminders).isEmpty();
    // The next one has a second of its own.
    mail(Mail.of(GROUP, 1, 1));
    rig.pass(SOON.minus(MOMENT));
    assertThat(rig.reminders).isEmpty();
    rig.pass(MOMENT);
    assertThat(rig.reminders).hasSize(1);
  }

  @Test
  void aCrashBeforeTheReminderIsAskedForLeavesItToTheConversation() {
    away(PHONE);
    rig.conversations.clear();
    mail(Mail.of(CHAT, 1, 1));
    PushService.Send first = rig.sends.removeFirst();
    rig.crash();
    assertThat(rig.conversations).isEmpty();
    assertThat(rig.reminders).isEmpty();
    // So it tells the user once more, who comes to life by that.
    rig.tell(Mail.of(CHAT, 1, 1).deliver());
    assertThat(rig.conversations).isEmpty();
    rig.pass(PATIENCE);
    assertThat(sent()).isEqualTo(first.notification());
    assertThat(rig.reminders).isNotEmpty();
    rig.answer(DELIVERED);
    assertThat(rig.conversations).contains(new Sent(CHAT, new User.Dispatched(ALICE, 1, 1)));
  }

  @Test
  void aConversationIsAnsweredOnlyWhenSomebodyWillWakeTheUser() {
    away(PHONE);
    rig.conversations.clear();
    mail(Mail.of(CHAT, 1, 1));
    mail(Mail.of(GROUP, 1, 1));
    assertThat(rig.conversations).isEmpty();
    rig.pass(SOON);
    assertThat(rig.conversations).isEmpty();
    assertThat(rig.reminders).hasSize(1);
    rig.remind();
    assertThat(rig.conversations)
        .containsExactlyInAnyOrder(
            new Sent(CHAT, new User.Dispatched(ALICE, 1, 1)),
            new Sent(GROUP, new User.Dispatched(ALICE, 1, 1)));
  }

  @Test
  void theReminderIsAskedAgainAndLetGoInTheEnd() {
    away(PHONE);
    mail(Mail.of(CHAT, 1, 1));
    rig.pass(SOON);
    rig.pass(SOON);
    assertThat(rig.reminders).hasSize(2);
    rig.remind();
    rig.tell(new UserPush.Woken());
    assertThat(rig.reminders).isEmpty();
    rig.answer(DELIVERED);
    rig.tell(new UserPush.Woken());
    assertThat(rig.reminders).containsExactly(new UserReminder.Release());
    // What the old reminder said does not count for what is owed from now on.
    rig.conversations.clear();
    rig.tell(new UserPush.Reminded(0));
    rig.clock.advance(60_000);
    mail(Mail.of(CHAT, 2, 2));
    rig.pass(SOON);
    assertThat(rig.conversations).isEmpty();
    rig.remind();
    assertThat(rig.conversations).hasSize(1);
  }

  @Test
  void theReminderIsAskedForInTimeWhenTheClockIsSetBack() {
    away(PHONE);
    mail(Mail.of(CHAT, 1, 1));
    rig.pass(Duration.ofHours(-2));
    rig.pass(SOON);
    assertThat(rig.reminders).hasSize(1);
  }

  @Test
  void whoOwesAPushStaysInMemory() {
    away(PHONE);
    rig.shard.expectNoMessage(Duration.ZERO);
    mail(Mail.of(CHAT, 1, 1));
    rig.pass(SOON);
    rig.remind();
    rig.tell(new UserInternal.Idle());
    rig.shard.expectNoMessage(Duration.ZERO);
    rig.answer(DELIVERED);
    rig.tell(new UserInternal.Idle());
    rig.shard.receiveMessage();
    assertThat(rig.reminders).contains(new UserReminder.Release());
  }

  @Test
  void crashBeforeTheFlushLeavesItToTheConversation() {
    away(PHONE);
    rig.tell(Mail.of(CHAT, 1, 1).deliver());
    rig.crash();
    assertThat(rig.conversations).doesNotContain(new Sent(CHAT, new User.Dispatched(ALICE, 1, 1)));
    mail(Mail.of(CHAT, 1, 1));
    assertThat(rig.sends).isEmpty();
    // The phone may be about to come back to this new life; then it is pushed to.
    rig.pass(PATIENCE);
    assertThat(rig.sends).hasSize(1);
  }

  @Test
  void crashBeforeItWasSent() {
    away(PHONE);
    rig.attach(LAPTOP, "s1", false);
    mail(Mail.of(CHAT, 1, 1));
    rig.crash();
    rig.pass(PATIENCE);
    assertThat(rig.sends).hasSize(1);
  }

  @Test
  void crashBeforeTheAnswerWasNotedPushesAgain() {
    away(PHONE);
    mail(Mail.of(CHAT, 1, 1));
    PushService.Send first = rig.sends.removeFirst();
    rig.crash();
    rig.pass(PATIENCE);
    assertThat(sent()).isEqualTo(first.notification());
  }

  @Test
  void crashAfterTheAnswerWasNotedPushesNothing() {
    away(PHONE);
    mail(Mail.of(CHAT, 1, 1));
    rig.answer(DELIVERED);
    rig.crash();
    rig.pass(Duration.ofDays(1));
    assertThat(rig.sends).isEmpty();
  }

  @Test
  void triesSurviveACrash() {
    away(PHONE);
    mail(Mail.of(CHAT, 1, 1));
    rig.answer(new PushOutcome.Retry(null, "unanswered"));
    rig.crash();
    rig.pass(Duration.ofSeconds(5));
    rig.answer(new PushOutcome.Retry(null, "unanswered"));
    rig.crash();
    rig.pass(Duration.ofSeconds(16));
    rig.answer(new PushOutcome.Retry(null, "timeout"));
    rig.letters.clear();
    rig.crash();
    rig.pass(PATIENCE);
    assertThat(rig.sends).isEmpty();
    assertThat(rig.letters).hasSize(1);
    assertThat(rig.letters.getFirst().letter().reason()).isEqualTo("timeout");
  }

  // ---- what becomes of it

  @Test
  void threeTriesThenADeadLetter() {
    away(PHONE);
    mail(Mail.of(CHAT, 1, 1));
    rig.answer(new PushOutcome.Retry(null, "unanswered"));
    rig.pass(Duration.ofSeconds(4).minus(MOMENT));
    assertThat(rig.sends).isEmpty();
    rig.pass(MOMENT);
    rig.answer(new PushOutcome.Retry(null, "unanswered"));
    rig.pass(Duration.ofSeconds(16).minus(MOMENT));
    assertThat(rig.sends).isEmpty();
    rig.pass(MOMENT);
    rig.answer(new PushOutcome.Retry(null, "timeout"));
    assertThat(rig.sends).isEmpty();
    assertThat(rig.letters).hasSize(1);
    var letter = rig.letters.getFirst().letter();
    assertThat(letter.userId()).isEqualTo(ALICE);
    assertThat(letter.deviceId()).isEqualTo(PHONE);
    assertThat(letter.conversationId()).isEqualTo(CHAT);
    assertThat(letter.platform()).isEqualTo("apns");
    assertThat(letter.seq()).isEqualTo(1);
    assertThat(letter.tries()).isEqualTo(3);
    // Told again until it is kept.
    rig.pass(Duration.ofSeconds(10));
    assertThat(rig.letters).hasSize(2);
    rig.tell(new UserInternal.LetterKept(rig.letters.getLast().reference()));
    rig.flush();
    assertThat(rig.durable().outbox().isEmpty()).isTrue();
    rig.pass(Duration.ofDays(1));
    assertThat(rig.letters).hasSize(2);
    // What comes later starts anew.
    mail(Mail.of(CHAT, 2, 2));
    assertThat(rig.sends).hasSize(1);
  }

  @ParameterizedTest
  @ValueSource(strings = {"busy", "unreachable", "stopping"})
  void whatTheProviderWasNotAskedForCostsNoTry(String reason) {
    away(PHONE);
    mail(Mail.of(CHAT, 1, 1));
    rig.answer(new PushOutcome.Retry(null, "timeout"));
    rig.pass(Duration.ofSeconds(4));
    for (int i = 0; i < 30; i++) {
      rig.sends
          .removeFirst()
          .replyTo()
          .tell(new PushService.Sent(i + 2, new PushOutcome.Retry(null, reason)));
      // Nothing for the journal.
      assertThat(rig.flush()).isEmpty();
      assertThat(rig.sends).isEmpty();
      rig.pass(Duration.ofMinutes(1));
      assertThat(rig.sends).hasSize(1);
    }
    assertThat(rig.durable().outbox().all())
        .singleElement()
        .extracting(PendingPush::tries)
        .isEqualTo(1);
    rig.answer(DELIVERED);
    assertThat(rig.durable().outbox().isEmpty()).isTrue();
    assertThat(rig.letters).isEmpty();
  }

  @Test
  void theWaitForAProviderThatCannotBeAskedIsHonoured() {
    away(PHONE);
    mail(Mail.of(CHAT, 1, 1));
    rig.answer(new PushOutcome.Retry(Duration.ofSeconds(30), "unreachable"));
    rig.pass(Duration.ofSeconds(34).minus(MOMENT));
    assertThat(rig.sends).isEmpty();
    rig.pass(MOMENT);
    assertThat(rig.sends).hasSize(1);
  }

  @Test
  void aProviderThatCannotBeAskedForADayIsADeadLetter() {
    away(PHONE);
    mail(Mail.of(CHAT, 1, 1));
    for (int hour = 0; hour < 24; hour++) {
      rig.answer(new PushOutcome.Retry(null, "unreachable"));
      assertThat(rig.letters).isEmpty();
      rig.pass(Duration.ofHours(1));
    }
    rig.crash();
    // A node that was down itself goes on for an hour.
    rig.pass(Duration.ofMinutes(59));
    rig.answer(new PushOutcome.Retry(null, "unreachable"));
    assertThat(rig.letters).isEmpty();
    rig.pass(Duration.ofMinutes(1));
    rig.answer(new PushOutcome.Retry(null, "unreachable"));
    assertThat(rig.sends).isEmpty();
    assertThat(rig.letters).hasSize(1);
    assertThat(rig.letters.getFirst().letter().reason()).isEqualTo("unreachable");
  }

  @Test
  void theProvidersOwnWaitIsHonoured() {
    away(PHONE);
    mail(Mail.of(CHAT, 1, 1));
    rig.answer(new PushOutcome.Retry(Duration.ofMinutes(10), "unavailable"));
    rig.pass(Duration.ofMinutes(10));
    assertThat(rig.sends).isEmpty();
    rig.pass(Duration.ofSeconds(4));
    assertThat(rig.sends).hasSize(1);
    rig.answer(new PushOutcome.Retry(Duration.ofDays(10), "unavailable"));
    rig.pass(Duration.ofHours(1).plusSeconds(16));
    assertThat(rig.sends).hasSize(1);
  }

  @Test
  void whatIsRefusedIsADeadLetterAtOnce() {
    away(PHONE);
    mail(Mail.of(CHAT, 1, 1));
    rig.answer(new PushOutcome.Refused("BadTopic"));
    assertThat(rig.sends).isEmpty();
    assertThat(rig.letters.getFirst().letter().reason()).isEqualTo("BadTopic");
  }

  @Test
  void noAnswerIsAFailure() {
    away(PHONE);
    mail(Mail.of(CHAT, 1, 1));
    rig.pass(Duration.ofMinutes(2));
    rig.flush();
    rig.pass(Duration.ofSeconds(4));
    assertThat(rig.sends).hasSize(2);
    // The first answer comes after all, too late to mean anything.
    rig.answer(DELIVERED);
    assertThat(rig.durable().outbox().isEmpty()).isFalse();
  }

  @Test
  void aTokenThatIsGoneIsRemoved() {
    away(PHONE);
    long registered = rig.clock.millis();
    rig.clock.advance(1_000);
    mail(Mail.of(CHAT, 1, 1));
    rig.answer(new PushOutcome.Gone(registered + 1, "Unregistered"));
    assertThat(device().pushToken()).isNull();
    assertThat(rig.durable().outbox().isEmpty()).isTrue();
    mail(Mail.of(CHAT, 2, 2));
    rig.pass(Duration.ofDays(1));
    assertThat(rig.sends).isEmpty();
  }

  @Test
  void aTokenThatWasRegisteredLaterIsKept() {
    away(PHONE);
    long registered = rig.clock.millis();
    mail(Mail.of(CHAT, 1, 1));
    rig.answer(new PushOutcome.Gone(registered - 1, "Unregistered"));
    assertThat(device().pushToken()).isEqualTo("token of phone");
    rig.pass(Duration.ofSeconds(4));
    assertThat(rig.sends).hasSize(1);
  }

  @Test
  void aTokenThatIsRegisteredAgainWhileItIsFoundGoneIsKept() {
    away(PHONE);
    mail(Mail.of(CHAT, 1, 1));
    rig.clock.advance(10);
    token(PHONE, "token of phone");
    rig.answer(new PushOutcome.Gone(0, "UNREGISTERED"));
    assertThat(device().pushToken()).isEqualTo("token of phone");
  }

  @Test
  void whatIsFoundGoneAfterItWasReplacedGoesToTheNewToken() {
    away(PHONE);
    mail(Mail.of(CHAT, 1, 1));
    token(PHONE, "another");
    rig.answer(new PushOutcome.Gone(Long.MAX_VALUE, "Unregistered"));
    assertThat(device().pushToken()).isEqualTo("another");
    assertThat(sent().token()).isEqualTo("another");
  }

  @Test
  void aTokenBelongsToOneDeviceOfTheUser() {
    away(PHONE);
    rig.attach(LAPTOP, "s1", false);
    token(LAPTOP, "token of phone");
    assertThat(device().pushToken()).isNull();
    rig.crash();
    assertThat(device().pushToken()).isNull();
  }

  @Test
  void aDeviceThatIsRemovedIsOwedNothing() {
    away(PHONE);
    rig.attach(LAPTOP, "s1", false);
    mail(Mail.of(CHAT, 1, 1));
    rig.ask(
        (org.apache.pekko.actor.typed.ActorRef<User.DoneReply> to) ->
            new User.RemoveDevice(PHONE, to));
    assertThat(rig.durable().outbox().isEmpty()).isTrue();
    rig.pass(PATIENCE);
    assertThat(rig.sends).isEmpty();
  }

  private Device device() {
    return java.util.Objects.requireNonNull(rig.durable().devices().get(PHONE));
  }

  // ---- while it is tried again

  /** A push that has failed once, and waits. */
  private void failedOnce() {
    away(PHONE);
    mail(Mail.of(CHAT, 1, 1));
    rig.answer(new PushOutcome.Retry(null, "timeout"));
    assertThat(rig.durable().outbox().isEmpty()).isFalse();
  }

  private void nothingMore() {
    rig.pass(Duration.ofDays(1));
    rig.flush();
    assertThat(rig.sends).isEmpty();
    assertThat(rig.letters).isEmpty();
    assertThat(rig.durable().outbox().isEmpty()).isTrue();
    rig.crash();
    rig.pass(Duration.ofDays(1));
    assertThat(rig.sends).isEmpty();
  }

  @Test
  void whatIsMutedBetweenTwoTriesIsNotPushed() {
    failedOnce();
    rig.ask(
        (org.apache.pekko.actor.typed.ActorRef<User.DoneReply> to) ->
            new User.SetRowFlags(CHAT, true, null, null, to));
    nothingMore();
  }

  @Test
  void whatIsReadBetweenTwoTriesIsNotPushed() {
    failedOnce();
    mail(Mail.none(CHAT, 2).read(1, 0));
    nothingMore();
  }

  @Test
  void whatIsReadWhileAPushIsOnItsWayIsNotTriedAgain() {
    away(PHONE);
    mail(Mail.of(CHAT, 1, 1));
    mail(Mail.none(CHAT, 2).read(1, 0));
    rig.answer(new PushOutcome.Refused("BadTopic"));
    nothingMore();
  }

  @Test
  void aDeviceThatComesBackBetweenTwoTriesGetsNone() {
    failedOnce();
    TestProbe<User.Delivery> session = rig.attach(PHONE, "s2", false);
    rig.pass(PATIENCE.minus(MOMENT));
    assertThat(rig.sends).isEmpty();
    ack(PHONE, "s2", CHAT, 1);
    rig.end(session, PHONE);
    rig.flush();
    nothingMore();
  }

  @Test
  void aTokenThatMovesToAnotherDeviceBetweenTwoTriesIsNotPushedTo() {
    failedOnce();
    TestProbe<User.Delivery> session = rig.attach(LAPTOP, "s1", false);
    token(LAPTOP, "token of phone");
    rig.end(session, LAPTOP);
    rig.flush();
    // It was connected when it took the token: it knows of the entry, and is told of the next.
    rig.pass(PATIENCE);
    assertThat(rig.sends).isEmpty();
    mail(Mail.of(CHAT, 2, 2));
    rig.pass(PATIENCE);
    assertThat(rig.sends).hasSize(1);
    assertThat(sent().token()).isEqualTo("token of phone");
    // What comes of the phone's old push is nothing to the laptop's token.
    rig.answer(DELIVERED);
    nothingMore();
  }

  // ---- a clock that is set back

  @Test
  void aClockThatIsSetBackKeepsNothingWaiting() {
    rig.clock.advance(Duration.ofDays(400).toMillis());
    failedOnce();
    rig.pass(Duration.ofDays(-365));
    rig.flush();
    rig.pass(Duration.ofHours(1).plusMinutes(5));
    assertThat(rig.sends).hasSize(1);
    rig.answer(DELIVERED);
    mail(Mail.of(GROUP, 1, 1));
    rig.pass(PATIENCE);
    assertThat(rig.sends).hasSize(1);
  }

  @Test
  void aClockThatWasSetBackBeforeTheUserCameKeepsNothingWaiting() {
    rig.clock.advance(Duration.ofDays(400).toMillis());
    failedOnce();
    rig.clock.advance(Duration.ofDays(-365).toMillis());
    rig.crash();
    rig.flush();
    rig.pass(Duration.ofHours(1).plusMinutes(5));
    assertThat(rig.sends).hasSize(1);
  }

  @Test
  void whatWasPushedByAClockThatWasAheadDelaysTheNextByItsUsualTime() {
    rig.clock.advance(Duration.ofDays(400).toMillis());
    away(PHONE);
    mail(Mail.of(CHAT, 1, 1));
    rig.answer(DELIVERED);
    rig.clock.advance(Duration.ofDays(-365).toMillis());
    mail(Mail.of(CHAT, 2, 2));
    rig.pass(Duration.ofSeconds(35));
    assertThat(rig.sends).hasSize(1);
  }

  @Test
  void aDeadLetterIsToldAgainWhenTheClockIsSetBack() {
    rig.clock.advance(Duration.ofDays(400).toMillis());
    away(PHONE);
    mail(Mail.of(CHAT, 1, 1));
    rig.answer(new PushOutcome.Refused("BadTopic"));
    assertThat(rig.letters).hasSize(1);
    rig.pass(Duration.ofDays(-365));
    rig.flush();
    rig.pass(Duration.ofSeconds(70));
    assertThat(rig.letters).hasSize(2);
  }

  // ---- bounds

  @Test
  void onlySoManyAreOnTheirWay() {
    away(PHONE);
    for (int i = 0; i < 20; i++) {
      rig.tell(Mail.of(new ConversationId("g_" + i), 1, 1).deliver());
    }
    rig.flush();
    assertThat(rig.sends).hasSize(PushSender.IN_FLIGHT);
    List<ConversationId> seen = new ArrayList<>();
    while (!rig.sends.isEmpty()) {
      seen.add(rig.answer(DELIVERED).notification().conversationId());
      assertThat(rig.sends.size()).isLessThanOrEqualTo(PushSender.IN_FLIGHT);
    }
    assertThat(seen).hasSize(20).doesNotHaveDuplicates();
    assertThat(rig.durable().outbox().isEmpty()).isTrue();
  }

  @Test
  void aFullOutboxTakesNoMore() {
    away(PHONE);
    for (int i = 0; i <= PushSchedule.MOST; i++) {
      rig.tell(Mail.of(new ConversationId("g_" + i), 1, 1).deliver());
    }
    rig.flush();
    rig.pass(SOON);
    rig.remind();
    assertThat(rig.durable().outbox().all()).hasSize(PushSchedule.MOST);
    assertThat(rig.meters.counter(PushOutboxMeters.OWED, "outcome", "outbox_full").count())
        .isEqualTo(1);
    // The message itself is taken all the same.
    assertThat(rig.conversations)
        .contains(
            new Sent(
                new ConversationId("g_" + PushSchedule.MOST), new User.Dispatched(ALICE, 1, 1)));
  }

  // ---- again

  private Need again(long seq, boolean dry) {
    return rig.<UserPush.Answer>ask(to -> new UserPush.Again(CHAT, PHONE, seq, dry, to)).need();
  }

  private void spent() {
    mail(Mail.of(CHAT, 1, 2));
    rig.answer(new PushOutcome.Refused("BadTopic"));
    rig.tell(new UserInternal.LetterKept(rig.letters.getLast().reference()));
    rig.flush();
  }

  @Test
  void aDeadLetterIsPushedAgain() {
    away(PHONE);
    spent();
    mail(Mail.of(GROUP, 1, 1));
    rig.pass(SOON);
    rig.remind();
    rig.answer(DELIVERED);
    assertThat(again(2, true)).isEqualTo(Need.WAITS);
    assertThat(rig.sends).isEmpty();
    assertThat(again(2, false)).isEqualTo(Need.WAITS);
    assertThat(rig.sends).hasSize(1);
    assertThat(again(2, false)).isEqualTo(Need.WAITS);
    assertThat(rig.sends).hasSize(1);
    rig.crash();
    rig.pass(PATIENCE);
    assertThat(rig.sends).hasSize(2);
  }

  @Test
  void whoIsToldThatThereIsNoRoomIsOwedNothing() {
    away(PHONE);
    spent();
    mail(Mail.of(GROUP, 1, 1));
    TestProbe<UserPush.Answer> waiting = rig.kit.createTestProbe();
    for (int i = 0; i < PushSender.WAITING; i++) {
      rig.tell(new UserPush.Again(GROUP, PHONE, 1, false, waiting.getRef()));
    }
    assertThat(again(2, false)).isEqualTo(Need.FULL);
    assertThat(rig.durable().outbox().all()).extracting(PendingPush::id).containsExactly(GROUP);
    waiting.expectNoMessage(Duration.ZERO);
    rig.pass(SOON);
    rig.remind();
    for (int i = 0; i < PushSender.WAITING; i++) {
      assertThat(waiting.receiveMessage().need()).isEqualTo(Need.WAITS);
    }
    assertThat(again(2, false)).isEqualTo(Need.WAITS);
  }

  @Test
  void whatIsNotNeededAnyMoreIsNotPushedAgain() {
    away(PHONE);
    assertThat(again(2, false)).isEqualTo(Need.LEFT);
    spent();
    rig.attach(PHONE, "s2", false);
    ack(PHONE, "s2", CHAT, 2);
    assertThat(again(2, false)).isEqualTo(Need.FETCHED);
    mail(Mail.none(CHAT, 3).read(2, 0));
    assertThat(again(2, false)).isEqualTo(Need.READ);
    token(PHONE, null);
    assertThat(again(2, false)).isEqualTo(Need.NO_TOKEN);
    assertThat(rig.sends).isEmpty();
  }

  // ---- thirty days

  @Test
  void whatNobodyFetchedForThirtyDaysIsAnnouncedAsAGap() {
    away(PHONE);
    rig.attach(LAPTOP, "s1", false);
    long day = Duration.ofDays(1).toMillis();
    mail(Mail.of(CHAT, 1, 5));
    mail(Mail.of(GROUP, 1, 2));
    rig.clock.advance(11 * day);
    mail(Mail.of(CHAT, 6, 8));
    rig.clock.advance(18 * day);
    assertThat(expired()).containsExactly(0L, 0L);
    rig.clock.advance(2 * day);
    mail(Mail.of(CHAT, 9, 9));
    assertThat(expired()).containsExactlyInAnyOrder(5L, 2L);
    rig.crash();
    rig.clock.advance(10 * day);
    assertThat(expired()).containsExactlyInAnyOrder(8L, 2L);
    // It may be acknowledged past.
    rig.attach(PHONE, "s9", false);
    ack(PHONE, "s9", CHAT, 8);
    rig.flush();
    assertThat(rig.lag(rig.attach(PHONE, "s10", false)))
        .contains(new User.Lag(CHAT, 8, 9))
        .contains(new User.Lag(GROUP, 0, 2, 2));
  }

  private int visits;

  private List<Long> expired() {
    String session = "visit-" + visits++;
    List<User.Lag> lags = rig.lag(rig.attach(PHONE, session, false));
    return lags.stream().map(User.Lag::expired).toList();
  }
}
