package parley.user;

import static org.assertj.core.api.Assertions.assertThat;
import static parley.user.UserPushHarness.DELIVERED;
import static parley.user.UserPushHarness.PATIENCE;
import static parley.user.UserTestData.CHAT;
import static parley.user.UserTestData.GROUP;
import static parley.user.UserTestData.LAPTOP;
import static parley.user.UserTestData.PHONE;

import java.util.List;
import org.apache.pekko.actor.typed.ActorRef;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import parley.model.DeviceId;
import parley.model.ErrorCode;
import parley.push.PushOutcome;
import parley.user.UserInspection.NoPush;
import parley.user.UserInspection.Place;
import parley.user.UserInspection.Push;
import parley.user.UserInspection.PushState;
import parley.user.UserTestData.Mail;

/** What operators are told of an entry at a user's devices, and of the user. */
class UserInspectorTest {
  private final UserPushHarness push = new UserPushHarness();
  private final UserHarness harness = push.harness;

  @AfterEach
  void stop() {
    push.close();
  }

  private UserInspection.EntryStatus find(long seq, boolean wakes) {
    return (UserInspection.EntryStatus)
        harness.<UserInspection.EntryReply>ask(
            to -> new UserInspection.FindEntry(CHAT, seq, wakes, to));
  }

  private UserInspection.DeviceStatus at(DeviceId device, long seq) {
    return find(seq, true).devices().stream()
        .filter(one -> one.deviceId().equals(device))
        .findFirst()
        .orElseThrow();
  }

  private long now() {
    return harness.clock.millis();
  }

  @Test
  void anEntryWaitsForAPhoneAndIsAtTheLaptop() {
    push.away(PHONE);
    harness.attach(LAPTOP, "s1", false);
    push.mail(Mail.of(CHAT, 1, 2));
    UserInspection.EntryStatus status = find(2, true);
    assertThat(status.place()).isEqualTo(Place.INBOX);
    assertThat(status.receivedSeq()).isEqualTo(2);
    assertThat(status.node()).startsWith("pekko://");
    Push waits = new Push(PushState.PENDING, null, now() + PATIENCE.toMillis(), 0, null, 0);
    assertThat(status.devices())
        .containsExactly(
            new UserInspection.DeviceStatus(PHONE, false, false, false, waits),
            new UserInspection.DeviceStatus(LAPTOP, true, true, false, Push.none(NoPush.NO_TOKEN)));
    push.ack(LAPTOP, "s1", CHAT, 1);
    assertThat(at(LAPTOP, 1).acknowledged()).isTrue();
    assertThat(at(LAPTOP, 2).acknowledged()).isFalse();
  }

  @Test
  void aPushIsWithTheProviderAndThenSent() {
    push.away(PHONE);
    push.mail(Mail.of(CHAT, 1, 1));
    assertThat(at(PHONE, 1).push().state()).isEqualTo(PushState.IN_FLIGHT);
    harness.answer(DELIVERED);
    Push sent = new Push(PushState.SENT, null, 0, 0, null, now());
    assertThat(at(PHONE, 1).push()).isEqualTo(sent);
    // It stays known longer than the schedule needs it, and through later news.
    harness.pass(PATIENCE.multipliedBy(100));
    push.mail(Mail.of(CHAT, 2, 2));
    assertThat(at(PHONE, 1).push()).isEqualTo(sent);
    assertThat(at(PHONE, 2).push().state()).isEqualTo(PushState.IN_FLIGHT);
  }

  @Test
  void aPushThatFailedSaysHowOftenAndWhy() {
    push.failedOnce();
    Push failed = at(PHONE, 1).push();
    assertThat(failed.state()).isEqualTo(PushState.PENDING);
    assertThat(failed.tries()).isEqualTo(1);
    assertThat(failed.reason()).isEqualTo("timeout");
    assertThat(failed.due()).isGreaterThan(now());
  }

  @Test
  void aDeadLetterIsKnown() {
    push.away(PHONE);
    push.mail(Mail.of(CHAT, 1, 1));
    harness.answer(new PushOutcome.Refused("bad topic"));
    harness.tell(new UserInternal.PushDue());
    harness.tell(new UserInternal.LetterKept(harness.letters.getLast().reference()));
    harness.flush();
    Push dead = at(PHONE, 1).push();
    assertThat(dead.state()).isEqualTo(PushState.DEAD_LETTER);
    assertThat(dead.reason()).isEqualTo("bad topic");
    assertThat(dead.at()).isEqualTo(now());
  }

  @Test
  void whyThereIsNoPush() {
    push.away(PHONE);
    assertThat(at(PHONE, 1).push()).isEqualTo(Push.none(NoPush.NOT_RECEIVED));
    assertThat(find(1, true).place()).isEqualTo(Place.NONE);
    push.mail(Mail.of(CHAT, 1, 1).read(1, 0));
    assertThat(at(PHONE, 1).push()).isEqualTo(Push.none(NoPush.READ));
    assertThat(find(1, false).devices().getFirst().push()).isEqualTo(Push.none(NoPush.SILENT));
    assertThat(find(1, true).readSeq()).isEqualTo(1);
    harness.ask((ActorRef<User.DoneReply> to) -> new User.SetRowFlags(CHAT, true, null, null, to));
    push.mail(Mail.of(CHAT, 2, 2).read(1, 1));
    assertThat(at(PHONE, 2).push()).isEqualTo(Push.none(NoPush.MUTED));
    assertThat(find(2, true).muted()).isTrue();
    push.mail(Mail.of(CHAT, 3, 3).left(3));
    assertThat(at(PHONE, 3).push()).isEqualTo(Push.none(NoPush.LEFT));
    assertThat(find(3, true).place()).isEqualTo(Place.OUTSIDE);
  }

  @Test
  void aPushFromBeforeTheStartIsNotRemembered() {
    push.away(PHONE);
    push.mail(Mail.of(CHAT, 1, 1));
    harness.answer(DELIVERED);
    harness.restart();
    assertThat(at(PHONE, 1).push()).isEqualTo(Push.none(NoPush.NOT_REMEMBERED));
  }

  @Test
  void anEntryThatOnlyMemoryHasIsNotSaved() {
    harness.attach(LAPTOP, "s1", false);
    assertThat(at(LAPTOP, 1).handed()).isFalse();
    harness.tell(Mail.of(CHAT, 1, 1).deliver());
    assertThat(at(LAPTOP, 1).handed()).isTrue();
    assertThat(find(1, true).saved()).isFalse();
    harness.flush();
    assertThat(find(1, true).saved()).isTrue();
  }

  @Test
  void theUserAsAWhole() {
    push.away(PHONE);
    harness.attach(LAPTOP, "s1", false);
    push.mail(Mail.of(CHAT, 1, 2));
    push.mail(Mail.of(GROUP, 1, 1));
    push.ack(LAPTOP, "s1", CHAT, 2);
    harness.flush();
    UserInspection.Overview overview =
        (UserInspection.Overview)
            harness.<UserInspection.OverviewReply>ask(UserInspection.GetOverview::new);
    assertThat(overview)
        .isEqualTo(
            new UserInspection.Overview(
                overview.node(),
                2,
                0,
                2,
                true,
                List.of(
                    new UserInspection.DeviceOverview(
                        PHONE, "test", false, 1_000, "apns", true, 2, null, null),
                    new UserInspection.DeviceOverview(
                        LAPTOP, "test", true, now(), null, false, 1, "s1", overview.node())),
                null));
  }

  @Test
  void anUnknownUserIsNotFound() {
    try (UserHarness nobody = new UserHarness()) {
      nobody.start();
      UserInspection.EntryReply reply =
          nobody.ask(to -> new UserInspection.FindEntry(CHAT, 1, true, to));
      assertThat(((UserInspection.Unanswered) reply).refusal().code())
          .isEqualTo(ErrorCode.NOT_FOUND);
      UserInspection.OverviewReply overview = nobody.ask(UserInspection.GetOverview::new);
      assertThat(((UserInspection.Unanswered) overview).refusal().code())
          .isEqualTo(ErrorCode.NOT_FOUND);
    }
  }
}
