package parley.user;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static parley.user.UserTestData.ALICE;
import static parley.user.UserTestData.CHAT;
import static parley.user.UserTestData.LAPTOP;
import static parley.user.UserTestData.PHONE;

import org.apache.pekko.actor.testkit.typed.javadsl.TestProbe;
import org.apache.pekko.actor.typed.ActorRef;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import parley.model.DeviceId;
import parley.model.ErrorCode;
import parley.user.UserTestData.Mail;

/** Logins that end: through the account, and with a device. */
class LoginEndNoticesTest {
  private final UserHarness harness = new UserHarness();

  @BeforeEach
  void start() {
    harness.pushes();
    harness.start();
    harness.make();
  }

  @AfterEach
  void stop() {
    harness.close();
  }

  private TestProbe<Delivery> say(
      DeviceId device, String session, boolean resume, @Nullable String sid) {
    TestProbe<Delivery> probe = harness.probe();
    harness.tell(
        new User.Attach(ALICE, device, "test", session, false, resume, probe.getRef(), sid));
    return probe;
  }

  private TestProbe<Delivery> hello(DeviceId device, String session, String sid) {
    TestProbe<Delivery> probe = say(device, session, false, sid);
    probe.expectMessageClass(Delivery.Attached.class);
    return probe;
  }

  private User.DoneReply end(String sid) {
    return harness.ask((ActorRef<User.DoneReply> to) -> new User.EndLogin(sid, to));
  }

  private User.DoneReply remove(DeviceId device) {
    return harness.ask((ActorRef<User.DoneReply> to) -> new User.RemoveDevice(device, to));
  }

  private static void removed(TestProbe<Delivery> session) {
    Delivery.Ended ended =
        (Delivery.Ended)
            session
                .fishForMessage(
                    java.time.Duration.ofSeconds(5),
                    said ->
                        said instanceof Delivery.Ended
                            ? org.apache.pekko.actor.testkit.typed.javadsl.FishingOutcomes
                                .complete()
                            : org.apache.pekko.actor.testkit.typed.javadsl.FishingOutcomes
                                .continueAndIgnore())
                .getLast();
    assertThat(ended.why()).isEqualTo(Delivery.End.REMOVED);
  }

  private void refused(String sid) {
    Delivery.Ended hello = say(PHONE, "later", false, sid).expectMessageClass(Delivery.Ended.class);
    assertThat(hello.why()).isEqualTo(Delivery.End.REFUSED);
    assertThat(hello.refusal().code()).isEqualTo(ErrorCode.UNAUTHENTICATED);
    removed(say(PHONE, "later", true, sid));
  }

  @Test
  void endedLoginClosesItsSessionsAndOpensNoneAlsoAfterACrash() {
    TestProbe<Delivery> phone = hello(PHONE, "1", "a");
    TestProbe<Delivery> laptop = hello(LAPTOP, "2", "b");
    assertThat(end("a")).isEqualTo(new User.Done());
    removed(phone);
    laptop.expectNoMessage();
    refused("a");
    int events = harness.journal().size();
    assertThat(end("a")).isEqualTo(new User.Done());
    assertThat(harness.journal()).hasSize(events);
    harness.crash();
    refused("a");
    hello(PHONE, "3", "c");
    assertThat(harness.endedLogins).as("the account said it").isEmpty();
  }

  /** The end of the login that a device used last stops its pushes. */
  @Test
  void loginOfTheLastHelloIsKnownAfterACrash() {
    harness.end(hello(PHONE, "1", "a"), PHONE);
    harness.end(hello(PHONE, "2", "b"), PHONE);
    harness.flush();
    hello(PHONE, "3", "a");
    // Nothing was flushed since.
    harness.crash();
    end("b");
    assertThat(harness.durable().devices().get(PHONE))
        .satisfies(phone -> assertThat(phone.signedOut()).isFalse());
    end("a");
    assertThat(harness.durable().devices().get(PHONE))
        .satisfies(phone -> assertThat(phone.signedOut()).isTrue());
  }

  @Test
  void sessionThatMissedTheEndLearnsAtItsNextCheck() {
    TestProbe<Delivery> phone = hello(PHONE, "1", "a");
    end("a");
    removed(phone);
    harness.tell(new User.Check(PHONE, "1", 0, phone.getRef()));
    assertThat(phone.expectMessageClass(Delivery.Ended.class).why()).isEqualTo(Delivery.End.LOST);
    removed(say(PHONE, "1", true, "a"));
  }

  @Test
  void deviceWithoutALoginGetsNoPushUntilItsNextHello() {
    TestProbe<Delivery> phone = hello(PHONE, "1", "a");
    harness.ask((ActorRef<User.DoneReply> to) -> new User.SetPushToken(PHONE, "apns", "t", to));
    harness.end(phone, PHONE);
    harness.flush();
    harness.tell(Mail.of(CHAT, 1, 1).deliver());
    harness.flush();
    harness.tell(new UserInternal.PushDue());
    assertThat(harness.sends).hasSize(1);

    // Another login of the device, not the one that it used last, changes nothing.
    end("other");
    harness.crash();
    end("a");
    harness.crash();
    harness.tell(Mail.of(CHAT, 2, 2).deliver());
    harness.flush();
    harness.tell(new UserInternal.PushDue());
    assertThat(harness.sends.stream().filter(send -> send.notification().seq() == 2)).isEmpty();

    TestProbe<Delivery> again = hello(PHONE, "2", "c");
    harness.end(again, PHONE);
    harness.flush();
    harness.tell(Mail.of(CHAT, 3, 3).deliver());
    harness.flush();
    harness.tell(new UserInternal.PushDue());
    assertThat(harness.sends.getLast().notification().seq()).isEqualTo(3);
  }

  @Test
  void removedDeviceEndsAllLoginsItEverUsed() {
    harness.end(hello(PHONE, "1", "a"), PHONE);
    harness.flush();
    harness.crash();
    TestProbe<Delivery> laptop = hello(LAPTOP, "2", "a");
    TestProbe<Delivery> phone = hello(PHONE, "3", "b");
    assertThat(remove(PHONE)).isEqualTo(new User.Done());
    removed(phone);
    removed(laptop);
    assertThat(harness.endedLogins).containsExactlyInAnyOrder("alice a", "alice b");
    refused("a");
    refused("b");
  }

  @Test
  void unreachableAccountIsNotifiedAfterRestart() {
    harness.accountsAway = true;
    hello(PHONE, "1", "a");
    assertThat(remove(PHONE)).isEqualTo(new User.Done());
    assertThat(harness.endedLogins).containsExactly("alice a");
    harness.accountsAway = false;
    harness.crash();
    await().until(() -> harness.endedLogins.size() == 2);
    await()
        .until(
            () ->
                harness.journal().getLast() instanceof UserEvent.Flushed last
                    && last.ended().stream().anyMatch(EndedLogin::confirmed));
    harness.crash();
    refused("a");
    assertThat(harness.endedLogins).hasSize(2);
  }

  @Test
  void newLoginOfADeviceIsDurableBeforeItsSessionIsAttached() {
    harness.end(hello(PHONE, "1", "a"), PHONE);
    harness.flush();
    hello(PHONE, "2", "b");
    // Nothing was flushed since.
    harness.crash();
    assertThat(remove(PHONE)).isEqualTo(new User.Done());
    assertThat(harness.endedLogins).containsExactlyInAnyOrder("alice a", "alice b");
    refused("b");
  }

  @Test
  void boundLoginCostsNoWrite() {
    harness.end(hello(PHONE, "1", "a"), PHONE);
    harness.flush();
    int events = harness.journal().size();
    hello(PHONE, "2", "a");
    assertThat(harness.journal()).hasSize(events);
  }

  @Test
  void loginDroppedForAnotherEnds() {
    TestProbe<Delivery> laptop = hello(LAPTOP, "l", "s0");
    for (int i = 0; i < Device.MAX_LOGINS; i++) {
      harness.end(hello(PHONE, "p" + i, "s" + i), PHONE);
    }
    assertThat(harness.endedLogins).isEmpty();
    // A login that the device has used before drops none.
    harness.end(hello(PHONE, "again", "s" + (Device.MAX_LOGINS - 1)), PHONE);
    assertThat(harness.endedLogins).isEmpty();
    hello(PHONE, "one more", "new");
    removed(laptop);
    await().untilAsserted(() -> assertThat(harness.endedLogins).containsExactly("alice s0"));
    refused("s0");
    harness.crash();
    refused("s0");
    assertThat(remove(PHONE)).isEqualTo(new User.Done());
    assertThat(harness.endedLogins).hasSize(Device.MAX_LOGINS + 1).contains("alice new");
  }

  @Test
  void loginDroppedByAFreshDeviceEnds() {
    for (int i = 0; i < Device.MAX_LOGINS; i++) {
      harness.end(hello(PHONE, "p" + i, "s" + i), PHONE);
    }
    TestProbe<Delivery> probe = harness.probe();
    harness.tell(new User.Attach(ALICE, PHONE, "test", "x", true, false, probe.getRef(), "new"));
    probe.expectMessageClass(Delivery.Attached.class);
    await().untilAsserted(() -> assertThat(harness.endedLogins).containsExactly("alice s0"));
    refused("s0");
  }

  @Test
  void endedLoginsAreBounded() {
    for (int i = 0; i < EndedLogin.MAX_REMEMBERED + 1; i++) {
      end("s" + i);
    }
    refused("s" + EndedLogin.MAX_REMEMBERED);
    refused("s1");
    hello(PHONE, "1", "s0");
    harness.clock.advance(EndedLogin.REMEMBER_MILLIS + 1);
    end("last");
    hello(LAPTOP, "2", "s1");
  }
}
