package parley.user;

import static org.assertj.core.api.Assertions.assertThat;
import static parley.user.UserTestData.ALICE;
import static parley.user.UserTestData.GROUP;
import static parley.user.UserTestData.LAPTOP;
import static parley.user.UserTestData.PHONE;

import java.time.Duration;
import java.util.List;
import java.util.Objects;
import org.apache.pekko.actor.testkit.typed.javadsl.TestProbe;
import org.apache.pekko.actor.typed.ActorRef;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import parley.model.ErrorCode;
import parley.model.Refusal;

/** What operators do to a user: bans, and ended sessions. */
class BanTest {
  private static final long MINUTE = Duration.ofMinutes(1).toMillis();

  private final UserHarness harness = new UserHarness();

  @BeforeEach
  void start() {
    harness.start();
    harness.make();
  }

  @AfterEach
  void stop() {
    harness.close();
  }

  private void ban(int minutes) {
    User.DoneReply reply = harness.ask(to -> new UserAdministration.SetBan("spam", minutes, to));
    assertThat(reply).isEqualTo(new User.Done());
  }

  private void lift() {
    User.DoneReply reply = harness.ask(UserAdministration.LiftBan::new);
    assertThat(reply).isEqualTo(new User.Done());
  }

  private @Nullable Refusal banOfUser() {
    return ((User.Found) harness.<User.ProfileReply>ask(User.GetProfile::new)).ban();
  }

  private TestProbe<Delivery> say(String session, boolean resume) {
    TestProbe<Delivery> probe = harness.probe();
    harness.tell(new User.Attach(ALICE, PHONE, "test", session, false, resume, probe.getRef()));
    return probe;
  }

  @Test
  void aBannedUserAttachesNowhereAlsoAfterACrash() {
    ban(0);
    for (int i = 0; i < 2; i++) {
      Refusal refusal = Objects.requireNonNull(banOfUser());
      assertThat(refusal.code()).isEqualTo(ErrorCode.FORBIDDEN);
      assertThat(refusal.retryAfterMillis()).isZero();
      Delivery.Ended hello = say("1", false).expectMessageClass(Delivery.Ended.class);
      assertThat(hello.banned()).isTrue();
      assertThat(hello.why()).isEqualTo(Delivery.End.REFUSED);
      assertThat(hello.refusal()).isEqualTo(refusal);
      assertThat(say("1", true).expectMessageClass(Delivery.Ended.class).why())
          .isEqualTo(Delivery.End.REMOVED);
      User.GroupReply group = harness.ask(to -> new User.BeginGroup("ref", GROUP, 0, 0, to));
      assertThat(((User.Refused) group).refusal().code()).isEqualTo(ErrorCode.FORBIDDEN);
      harness.crash();
    }
    lift();
    assertThat(banOfUser()).isNull();
    harness.crash();
    assertThat(banOfUser()).isNull();
    say("2", false).expectMessageClass(Delivery.Attached.class);
  }

  @Test
  void sessionsEndBeforeTheAnswer() {
    TestProbe<Delivery> phone = harness.attach(PHONE, "1", false);
    TestProbe<Delivery> laptop = harness.attach(LAPTOP, "2", false);
    TestProbe<User.DoneReply> done = harness.done();
    harness.tell(new UserAdministration.SetBan("spam", 5, done.getRef()));
    for (TestProbe<Delivery> session : List.of(phone, laptop)) {
      Delivery.Ended ended = harness.ended(session);
      assertThat(ended.banned()).isTrue();
      assertThat(ended.refusal().retryAfterMillis()).isEqualTo(5 * MINUTE);
    }
    phone.stop();
    done.expectNoMessage(Duration.ofMillis(100));
    laptop.stop();
    done.expectMessage(new User.Done());
    assertThat(harness.devices()).noneMatch(device -> device.online());
  }

  /** A second operator must not be told that it is done while the first one's sessions go on. */
  @Test
  void aSecondBanWaitsForTheSessionsOfTheFirst() {
    TestProbe<Delivery> phone = harness.attach(PHONE, "1", false);
    TestProbe<User.DoneReply> first = harness.done();
    TestProbe<User.DoneReply> second = harness.done();
    harness.tell(new UserAdministration.SetBan("spam", 5, first.getRef()));
    harness.tell(new UserAdministration.SetBan("more spam", 9, second.getRef()));
    assertThat(harness.ended(phone).banned()).isTrue();
    second.expectNoMessage(Duration.ofMillis(100));
    phone.stop();
    first.expectMessage(new User.Done());
    second.expectMessage(new User.Done());
  }

  /** A session that does not end, such as one that is not read, is told again. */
  @Test
  void theAnswerDoesNotWaitForEver() {
    TestProbe<Delivery> phone = harness.attach(PHONE, "1", false);
    TestProbe<User.DoneReply> done = harness.done();
    harness.tell(new UserAdministration.SetBan("spam", 5, done.getRef()));
    done.expectMessage(Duration.ofSeconds(20), new User.Done());
    for (int i = 0; i <= AdministrationHandler.ROUNDS; i++) {
      assertThat(harness.ended(phone).banned()).isTrue();
    }
  }

  @Test
  void aBanEndsByTheClock() {
    ban(10);
    harness.tick(10 * MINUTE - 1);
    assertThat(Objects.requireNonNull(banOfUser()).retryAfterMillis()).isEqualTo(1);
    harness.crash();
    assertThat(banOfUser()).isNotNull();
    harness.tick(1);
    assertThat(banOfUser()).isNull();
    say("1", false).expectMessageClass(Delivery.Attached.class);
    // The clock is set back: by the clock, the ban has not ended yet.
    harness.tick(-MINUTE);
    assertThat(banOfUser()).isNotNull();
    harness.tick(Duration.ofDays(1).toMillis());
    assertThat(banOfUser()).isNull();
  }

  @Test
  void aLaterBanReplacesTheOneBefore() {
    ban(10);
    ban(0);
    harness.tick(Duration.ofDays(365).toMillis());
    assertThat(banOfUser()).isNotNull();
    ban(1);
    assertThat(Objects.requireNonNull(banOfUser()).retryAfterMillis()).isEqualTo(MINUTE);
  }

  @Test
  void aBanIsPartOfTheSnapshot() {
    ban(3);
    UserState again = UserState.of(ALICE, harness.durable().toSnapshot());
    assertThat(again.ban()).isEqualTo(harness.durable().ban());
    lift();
    assertThat(UserState.of(ALICE, harness.durable().toSnapshot()).ban()).isNull();
    int events = harness.journal().size();
    lift();
    assertThat(harness.journal()).hasSize(events);
  }

  @Test
  void operatorsSeeTheBanAndNobodyPrintsItsReason() {
    ban(3);
    UserInspection.Overview overview =
        (UserInspection.Overview)
            harness.<UserInspection.OverviewReply>ask(UserInspection.GetOverview::new);
    UserInspection.BanOverview ban = Objects.requireNonNull(overview.ban());
    assertThat(ban.reason()).isEqualTo("spam");
    assertThat(ban.until() - ban.at()).isEqualTo(3 * MINUTE);
    assertThat(overview + " " + harness.durable().ban() + " " + harness.journal())
        .doesNotContain("spam");
    harness.tick(3 * MINUTE);
    assertThat(
            ((UserInspection.Overview)
                    harness.<UserInspection.OverviewReply>ask(UserInspection.GetOverview::new))
                .ban())
        .isNull();
  }

  @Test
  void anUnknownUserIsNotBanned() {
    try (UserHarness nobody = new UserHarness()) {
      nobody.start();
      User.DoneReply reply = nobody.ask(to -> new UserAdministration.SetBan("spam", 0, to));
      assertThat(((User.Refused) reply).refusal().code()).isEqualTo(ErrorCode.NOT_FOUND);
    }
  }

  // ---- sessions

  private TestProbe<Delivery> attach(String session, @Nullable String sid, boolean laptop) {
    TestProbe<Delivery> probe = harness.probe();
    harness.tell(
        new User.Attach(
            ALICE, laptop ? LAPTOP : PHONE, "test", session, false, false, probe.getRef(), sid));
    probe.expectMessageClass(Delivery.Attached.class);
    return probe;
  }

  private User.DoneReply end(@Nullable String session) {
    TestProbe<User.DoneReply> done = harness.done();
    ActorRef<User.DoneReply> to = done.getRef();
    harness.tell(new UserAdministration.EndSessions(session, to));
    return done.receiveMessage(Duration.ofSeconds(20));
  }

  /** A message to the session's node can be lost, so the answer waits for its end. */
  @Test
  void theEndOfSessionsIsAnsweredWhenTheyHaveEnded() {
    TestProbe<Delivery> phone = attach("1", "a", false);
    TestProbe<User.DoneReply> done = harness.done();
    harness.tell(new UserAdministration.EndSessions(null, done.getRef()));
    assertThat(harness.ended(phone).why()).isEqualTo(Delivery.End.REMOVED);
    done.expectNoMessage(Duration.ofMillis(100));
    assertThat(harness.ended(phone).why()).as("told again").isEqualTo(Delivery.End.REMOVED);
    phone.stop();
    done.expectMessage(new User.Done());
  }

  /** It waits to be asked whether it is alive, because the device has a session already. */
  @Test
  void aSessionThatJustAttachesIsRefused() {
    for (String ended : new String[] {null, "2"}) {
      String sid = "late " + ended;
      TestProbe<Delivery> old = attach("1 " + ended, "old " + ended, false);
      TestProbe<Delivery> late = harness.probe();
      harness.tell(new User.Attach(ALICE, PHONE, "test", "2", false, false, late.getRef(), sid));
      Delivery.ProbeSession probe = late.expectMessageClass(Delivery.ProbeSession.class);
      TestProbe<User.DoneReply> done = harness.done();
      harness.tell(new UserAdministration.EndSessions(ended, done.getRef()));
      assertThat(late.expectMessageClass(Delivery.Ended.class).refusal().code())
          .isEqualTo(ErrorCode.UNAUTHENTICATED);
      harness.tell(new User.SessionAlive(probe.order()));
      old.stop();
      done.expectMessage(Duration.ofSeconds(20), new User.Done());
      late.expectNoMessage(Duration.ofMillis(100));
      assertThat(harness.durable().hasLoginEnded(sid)).isTrue();
    }
  }

  @Test
  void oneSessionEndsWithItsLogin() {
    TestProbe<Delivery> phone = attach("1", "a", false);
    TestProbe<Delivery> laptop = attach("2", "b", true);
    assertThat(end("1")).isEqualTo(new User.Done());
    assertThat(harness.ended(phone).why()).isEqualTo(Delivery.End.REMOVED);
    laptop.expectNoMessage();
    assertThat(harness.durable().hasLoginEnded("a")).isTrue();
    assertThat(harness.durable().hasLoginEnded("b")).isFalse();
    assertThat(harness.endedLogins).as("the account is told").containsExactly("alice a");
    assertThat(((User.Refused) end("1")).refusal().code()).isEqualTo(ErrorCode.NOT_FOUND);
  }

  @Test
  void allSessionsEndAndTheLoginsOfDevicesThatAreAway() {
    harness.end(attach("0", "away", true), LAPTOP);
    TestProbe<Delivery> phone = attach("1", "a", false);
    TestProbe<Delivery> laptop = attach("2", null, true);
    assertThat(end(null)).isEqualTo(new User.Done());
    for (TestProbe<Delivery> session : List.of(phone, laptop)) {
      assertThat(harness.ended(session).why()).isEqualTo(Delivery.End.REMOVED);
    }
    assertThat(harness.durable().hasLoginEnded("a")).isTrue();
    assertThat(harness.durable().hasLoginEnded("away")).isTrue();
    assertThat(end(null)).isEqualTo(new User.Done());
  }

  @Test
  void operatorsSeeEachSession() {
    attach("s-1", "a", false);
    UserInspection.Overview overview =
        (UserInspection.Overview)
            harness.<UserInspection.OverviewReply>ask(UserInspection.GetOverview::new);
    UserInspection.DeviceOverview device = overview.devices().getFirst();
    assertThat(device.sessionId()).isEqualTo("s-1");
    assertThat(device.sessionNode()).isEqualTo(overview.node());
  }
}
