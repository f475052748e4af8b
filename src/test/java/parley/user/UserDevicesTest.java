package parley.user;

import static org.assertj.core.api.Assertions.assertThat;
import static parley.user.UserFixtures.ALICE;
import static parley.user.UserFixtures.CHAT;
import static parley.user.UserFixtures.GROUP;
import static parley.user.UserFixtures.LAPTOP;
import static parley.user.UserFixtures.PHONE;

import java.util.List;
import org.apache.pekko.actor.testkit.typed.javadsl.TestProbe;
import org.apache.pekko.actor.typed.ActorRef;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import parley.Marker;
import parley.model.DeviceId;
import parley.model.DeviceView;
import parley.model.ErrorCode;
import parley.model.Limits;
import parley.model.Presence;
import parley.user.UserFixtures.Mail;
import parley.user.UserHarness.Sent;

/** Devices and their sessions: hello, replacement, removal, presence. */
class UserDevicesTest {

  private final UserHarness rig = new UserHarness();

  @BeforeEach
  void start() {
    rig.start();
  }

  @AfterEach
  void stop() {
    rig.close();
  }

  @Test
  void knownDeviceLearnsItsLagsOldestFirst() {
    rig.make();
    rig.attach(PHONE, "s1", false);
    rig.tell(Mail.of(GROUP, 1, 5).deliver());
    rig.tell(Mail.of(CHAT, 1, 3).deliver());
    rig.tell(new User.Acked(PHONE, "s1", List.of(new User.Ack(GROUP, 2, 5))));
    rig.flush();
    rig.restart();
    assertThat(rig.lag(rig.attach(PHONE, "s2", false)))
        .containsExactly(new Delivery.Lag(CHAT, 0, 3), new Delivery.Lag(GROUP, 2, 5));
  }

  @Test
  void absentDeviceLearnsOfForgottenEntriesAtItsNextHello() {
    rig.make();
    rig.end(rig.attach(PHONE, "s1", false), PHONE);
    rig.end(rig.attach(LAPTOP, "s2", false), LAPTOP);
    rig.tell(Mail.of(CHAT, 1, 3).deliver());
    rig.flush();
    rig.forget(CHAT);

    User.Deliver receipt = Mail.none(CHAT, 9).deliver();
    User.RowHeader header = new User.RowHeader(receipt.header().type(), 3, null, 1_003);
    rig.tell(new User.Deliver(CHAT, 9, header, receipt.member(), List.of(), receipt.receipts(), 4));
    rig.flush();
    assertThat(rig.conversations.getLast())
        .isEqualTo(new Sent(CHAT, new User.Dispatched(ALICE, 3, 9)));
    rig.tell(Mail.of(CHAT, 4, 4).version(10).deliver());
    rig.flush();
    assertThat(rig.conversations.getLast())
        .isEqualTo(new Sent(CHAT, new User.Dispatched(ALICE, 4, 10)));
    rig.restart();

    TestProbe<Delivery> phone = rig.attach(PHONE, "s3", false);
    assertThat(rig.lag(phone)).containsExactly(new Delivery.Lag(CHAT, 0, 4, 3, 3));
    rig.tell(new User.Acked(PHONE, "s3", List.of(new User.Ack(CHAT, 4, 4))));
    rig.end(phone, PHONE);
    rig.flush();
    rig.restart();
    assertThat(rig.lag(rig.attach(PHONE, "s4", false))).isEmpty();
    assertThat(rig.lag(rig.attach(LAPTOP, "s5", false)))
        .containsExactly(new Delivery.Lag(CHAT, 0, 4, 3, 3));
  }

  @Test
  void unknownOrFreshDeviceStartsAtTheCurrentHeads() {
    rig.make();
    rig.tell(Mail.of(CHAT, 1, 3).deliver());
    rig.attach(PHONE, "s1", false);
    rig.tell(Mail.of(CHAT, 4, 5).deliver());
    rig.attach(LAPTOP, "s2", false);
    rig.flush();
    rig.restart();
    assertThat(rig.lag(rig.attach(LAPTOP, "s3", false))).isEmpty();
    assertThat(rig.lag(rig.attach(PHONE, "s4", true))).isEmpty();
    rig.flush();
    rig.restart();
    assertThat(rig.lag(rig.attach(PHONE, "s5", false))).isEmpty();
    assertThat(rig.delivered()).isEmpty();
  }

  @Test
  void newDeviceIsDurableBeforeItIsAttached() {
    rig.make();
    rig.attach(PHONE, "s1", false);
    rig.crash();
    rig.tell(Mail.of(CHAT, 1, 2).deliver());
    assertThat(rig.lag(rig.attach(PHONE, "s2", false)))
        .containsExactly(new Delivery.Lag(CHAT, 0, 2));
  }

  @Test
  void deviceWithoutADurableWriteIsNotAttached() {
    rig.make();
    rig.failNextWrite();
    TestProbe<Delivery> session = rig.probe();
    rig.tellOnly(new User.Attach(ALICE, PHONE, "test", "s1", false, false, session.getRef()));
    rig.awaitTerminated();
    Marker.nothingMore(session);
  }

  /** The end of a session is noticed by a shorter way than its last acknowledgements take. */
  @Test
  void acknowledgementAfterTheEndOfItsSessionCounts() {
    rig.make();
    rig.tell(Mail.of(CHAT, 1, 1).deliver());
    TestProbe<Delivery> first = rig.attach(PHONE, "s1", false);
    rig.tell(Mail.of(CHAT, 2, 5).deliver());
    rig.end(first, PHONE);
    rig.tell(new User.Acked(PHONE, "s1", List.of(new User.Ack(CHAT, 3, 3))));
    assertThat(rig.lag(rig.attach(PHONE, "s2", false)))
        .containsExactly(new Delivery.Lag(CHAT, 3, 5));
    // The device has another one since, and may have lost what the first had.
    rig.tell(new User.Acked(PHONE, "s1", List.of(new User.Ack(CHAT, 4, 4))));
    TestProbe<Delivery> third = rig.attach(PHONE, "s3", false);
    assertThat(rig.lag(third)).containsExactly(new Delivery.Lag(CHAT, 3, 5));
    rig.end(third, PHONE);
    rig.ask((ActorRef<User.DoneReply> to) -> new User.RemoveDevice(PHONE, to));
    rig.attach(PHONE, "s4", false);
    rig.tell(Mail.of(CHAT, 6, 6).deliver());
    rig.tell(new User.Acked(PHONE, "s3", List.of(new User.Ack(CHAT, 6, 6))));
    assertThat(rig.lag(rig.attach(PHONE, "s5", false)))
        .containsExactly(new Delivery.Lag(CHAT, 5, 6));
  }

  @Test
  void secondConnectionOfADeviceReplacesTheFirst() {
    rig.make();
    TestProbe<Delivery> first = rig.attach(PHONE, "s1", false);
    TestProbe<Delivery> second = rig.attach(PHONE, "s2", false);
    assertThat(rig.ended(first).why()).isEqualTo(Delivery.End.REPLACED);
    rig.tell(Mail.of(CHAT, 1, 1).deliver());
    rig.vital(second, Delivery.RowChanged.class);
    rig.vital(second, Delivery.Entries.class);
    Marker.nothingMore(first);
    rig.tell(new User.Acked(PHONE, "s1", List.of(new User.Ack(CHAT, 1, 1))));
    rig.flush();
    assertThat(rig.lag(rig.attach(PHONE, "s3", false)))
        .containsExactly(new Delivery.Lag(CHAT, 0, 1));
  }

  @Test
  void checkReportsSentAndReceivedCounts() {
    rig.make();
    TestProbe<Delivery> session = rig.attach(PHONE, "s1", false);
    rig.tell(Mail.of(CHAT, 1, 1).deliver());
    rig.vital(session, Delivery.RowChanged.class);
    rig.vital(session, Delivery.Entries.class);
    rig.tell(new User.Acked(PHONE, "s1", List.of(new User.Ack(CHAT, 1, 1))));
    assertThat(check(session, "s1", 1)).isEqualTo(new Delivery.Checked(2, true));
    // Two more were sent, and did not come; from now on both count the same.
    assertThat(check(session, "s1", 3)).isEqualTo(new Delivery.Checked(2, false));
    assertThat(check(session, "s1", 3)).isEqualTo(new Delivery.Checked(2, true));
  }

  @Test
  void replacedSessionLearnsAtItsCheck() {
    rig.make();
    TestProbe<Delivery> first = rig.attach(PHONE, "s1", false);
    rig.attach(PHONE, "s2", false);
    rig.ended(first);
    assertThat(check(first, "s1", 0)).extracting("why").isEqualTo(Delivery.End.REPLACED);
    rig.crash();
    assertThat(check(first, "s2", 0)).extracting("why").isEqualTo(Delivery.End.LOST);
    TestProbe<Delivery> stranger = rig.probe();
    rig.tell(new User.Check(new DeviceId("gone"), "s3", 0, stranger.getRef()));
    assertThat(rig.ended(stranger).why()).isEqualTo(Delivery.End.REMOVED);
  }

  private Delivery check(TestProbe<Delivery> session, String id, long acked) {
    rig.tell(new User.Check(PHONE, id, acked, session.getRef()));
    return session.receiveMessage();
  }

  @Test
  void helloOfAnEndedConnectionReplacesNobody() {
    rig.make();
    TestProbe<Delivery> living = rig.attach(PHONE, "s1", false);
    TestProbe<Delivery> dead = rig.probe();
    dead.stop();
    rig.helloFrom(dead.getRef(), PHONE, "s2", false);
    // A later hello has its answer only after the dead one's is known.
    rig.awaitAnswered();
    rig.tell(Mail.of(CHAT, 1, 1).deliver());
    rig.vital(living, Delivery.RowChanged.class);
    rig.vital(living, Delivery.Entries.class);
  }

  @Test
  void returningSessionReplacesOnlyEarlierOnes() {
    rig.make();
    rig.end(rig.attach(PHONE, "s0", false), PHONE);
    TestProbe<Delivery> later = rig.resume(PHONE, "s2");
    later.expectMessageClass(Delivery.Attached.class);
    assertThat(rig.ended(rig.resume(PHONE, "s1")).why()).isEqualTo(Delivery.End.REPLACED);
    TestProbe<Delivery> latest = rig.resume(PHONE, "s3");
    rig.tell(new User.SessionAlive(latest.expectMessageClass(Delivery.ProbeSession.class).order()));
    latest.expectMessageClass(Delivery.Attached.class);
    assertThat(rig.ended(later).why()).isEqualTo(Delivery.End.REPLACED);
  }

  @Test
  void returningSessionGetsTheRowsOfThisIncarnationAgain() {
    rig.make();
    rig.end(rig.attach(PHONE, "s0", false), PHONE);
    rig.tell(Mail.of(CHAT, 1, 1).deliver());
    rig.flush();
    TestProbe<Delivery> session = rig.resume(PHONE, "s0");
    session.expectMessageClass(Delivery.Attached.class);
    Delivery.Numbered first = session.expectMessageClass(Delivery.Numbered.class);
    assertThat(first.nr()).isEqualTo(1);
    assertThat(((Delivery.RowChanged) first.delivery()).row().conversationId()).isEqualTo(CHAT);
    // The journal alone may know less than a session has been told.
    rig.restart();
    TestProbe<Delivery> again = rig.resume(PHONE, "s0");
    again.expectMessageClass(Delivery.Attached.class);
    rig.tell(Mail.of(CHAT, 1, 2).deliver());
    assertThat(again.expectMessageClass(Delivery.Numbered.class).delivery())
        .isInstanceOf(Delivery.Entries.class);
  }

  @Test
  void returningSessionDoesNotRestoreARemovedDevice() {
    rig.make();
    assertThat(rig.ended(rig.resume(PHONE, "s1")).why()).isEqualTo(Delivery.End.REMOVED);
    assertThat(rig.devices()).isEmpty();
  }

  @Test
  void eleventhDeviceEvictsTheLongestUnseen() {
    rig.make();
    for (int i = 0; i < Limits.DEVICES; i++) {
      rig.clock.advance(1_000);
      TestProbe<Delivery> session = rig.attach(new DeviceId("d" + i), "s" + i, false);
      if (i != 0) {
        rig.end(session, new DeviceId("d" + i));
      }
    }
    rig.attach(PHONE, "p", false);
    assertThat(rig.devices())
        .extracting(view -> view.deviceId().value())
        .contains("d0", "phone")
        .doesNotContain("d1")
        .hasSize(Limits.DEVICES);
    rig.restart();
    assertThat(rig.devices()).hasSize(Limits.DEVICES);
  }

  @Test
  void reattachingDevicesAreNotEvicted() {
    rig.make();
    for (int i = 0; i < Limits.DEVICES; i++) {
      rig.attach(new DeviceId("d" + i), "s" + i, false);
    }
    rig.flush();
    rig.restart();
    assertThat(rig.ended(rig.hello(PHONE, "p", false)).why()).isEqualTo(Delivery.End.REFUSED);
    rig.clock.advance(130_000);
    rig.attach(PHONE, "p", false);
  }

  @Test
  void tenConnectedDevicesRefuseAnother() {
    rig.make();
    for (int i = 0; i < Limits.DEVICES; i++) {
      rig.attach(new DeviceId("d" + i), "s" + i, false);
    }
    Delivery.Ended ended = rig.ended(rig.hello(PHONE, "p", false));
    assertThat(ended.why()).isEqualTo(Delivery.End.REFUSED);
    assertThat(ended.refusal().code()).isEqualTo(ErrorCode.FORBIDDEN);
    assertThat(ended.refusal().message()).contains("device_id");
  }

  @Test
  void removedDeviceIsForgotten() {
    rig.make();
    TestProbe<Delivery> session = rig.attach(PHONE, "s1", false);
    rig.tell(Mail.of(CHAT, 1, 1).deliver());
    session.receiveSeveralMessages(2);
    User.DoneReply done = rig.ask(to -> new User.RemoveDevice(PHONE, to));
    assertThat(done).isEqualTo(new User.Done());
    assertThat(rig.ended(session).why()).isEqualTo(Delivery.End.REMOVED);
    assertThat(rig.<User.DoneReply>ask(to -> new User.RemoveDevice(PHONE, to)))
        .isInstanceOf(User.Refused.class);
    assertThat(rig.devices()).isEmpty();
    assertThat(rig.lag(rig.attach(PHONE, "s2", false))).isEmpty();
  }

  @Test
  void pushTokenNeedsADeviceAndSurvivesAFreshHello() {
    rig.make();
    assertThat(rig.<User.DoneReply>ask(to -> new User.SetPushToken(PHONE, "apns", "t", to)))
        .isInstanceOf(User.Refused.class);
    rig.attach(PHONE, "s1", false);
    assertThat(rig.<User.DoneReply>ask(to -> new User.SetPushToken(PHONE, "apns", "t", to)))
        .isEqualTo(new User.Done());
    rig.attach(PHONE, "s1", true);
    assertThat(rig.durable().devices().get(PHONE)).extracting(Device::pushToken).isEqualTo("t");
    rig.ask((ActorRef<User.DoneReply> to) -> new User.SetPushToken(PHONE, "apns", null, to));
    assertThat(rig.durable().devices().get(PHONE)).extracting(Device::pushToken).isNull();
  }

  @Test
  void deviceListShowsConnectionAndLastSeen() {
    rig.make();
    TestProbe<Delivery> session = rig.attach(PHONE, "s1", false);
    rig.clock.advance(5_000);
    assertThat(rig.devices()).containsExactly(new DeviceView(PHONE, "test", true, 6_000));
    rig.end(session, PHONE);
    rig.clock.advance(5_000);
    assertThat(rig.devices()).containsExactly(new DeviceView(PHONE, "test", false, 6_000));
    rig.flush();
    rig.restart();
    assertThat(rig.devices()).containsExactly(new DeviceView(PHONE, "test", false, 6_000));
  }

  @Test
  void watchersGetPresenceAtOnceAndOnChange() {
    rig.make();
    TestProbe<Delivery> watcher = rig.probe();
    rig.tell(new User.Watch(watcher.getRef(), true));
    assertThat(presence(watcher)).isEqualTo(new Presence(ALICE, Presence.Status.OFFLINE, 0));
    TestProbe<Delivery> session = rig.attach(PHONE, "s1", false);
    assertThat(presence(watcher).status()).isEqualTo(Presence.Status.ONLINE);
    TestProbe<Delivery> other = rig.attach(LAPTOP, "s2", false);
    rig.ask((ActorRef<User.DoneReply> to) -> new User.SetStatus(Presence.Status.AWAY, to));
    assertThat(presence(watcher).status()).isEqualTo(Presence.Status.AWAY);
    rig.end(session, PHONE);
    rig.clock.advance(7);
    rig.end(other, LAPTOP);
    assertThat(presence(watcher)).isEqualTo(new Presence(ALICE, Presence.Status.OFFLINE, 1_007));
    rig.clock.advance(rig.settings.watchLease().toMillis());
    rig.attach(PHONE, "s3", false);
    Marker.nothingMore(watcher);
  }

  private static Presence presence(TestProbe<Delivery> watcher) {
    return watcher.expectMessageClass(Delivery.PresenceSeen.class).presence();
  }
}
