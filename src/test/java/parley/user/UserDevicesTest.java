package parley.user;

import static org.assertj.core.api.Assertions.assertThat;
import static parley.user.UserTestData.ALICE;
import static parley.user.UserTestData.CHAT;
import static parley.user.UserTestData.GROUP;
import static parley.user.UserTestData.LAPTOP;
import static parley.user.UserTestData.PHONE;

import java.util.List;
import org.apache.pekko.actor.testkit.typed.javadsl.TestProbe;
import org.apache.pekko.actor.typed.ActorRef;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import parley.Marker;
import parley.model.DeviceId;
import parley.model.DeviceView;
import parley.model.ErrorCode;
import parley.model.Limits;
import parley.model.Presence;
import parley.user.UserHarness.Sent;
import parley.user.UserTestData.Mail;

/** Devices and their sessions: hello, replacement, removal, presence. */
class UserDevicesTest {

  private final UserHarness harness = new UserHarness();

  @BeforeEach
  void start() {
    harness.start();
  }

  @AfterEach
  void stop() {
    harness.close();
  }

  /** What a device has missed, as the user reports at its hello. */
  @Nested
  class Backlog {
    @Test
    void knownDeviceLearnsItsLagsOldestFirst() {
      harness.make();
      harness.attach(PHONE, "s1", false);
      harness.tell(Mail.of(GROUP, 1, 5).deliver());
      harness.tell(Mail.of(CHAT, 1, 3).deliver());
      harness.tell(new User.Acked(PHONE, "s1", List.of(new User.Ack(GROUP, 2, 5))));
      harness.flush();
      harness.restart();
      assertThat(harness.lag(harness.attach(PHONE, "s2", false)))
          .containsExactly(new Delivery.Lag(CHAT, 0, 3), new Delivery.Lag(GROUP, 2, 5));
    }

    @Test
    void absentDeviceLearnsOfForgottenEntriesAtItsNextHello() {
      harness.make();
      harness.end(harness.attach(PHONE, "s1", false), PHONE);
      harness.end(harness.attach(LAPTOP, "s2", false), LAPTOP);
      harness.tell(Mail.of(CHAT, 1, 3).deliver());
      harness.flush();
      harness.forget(CHAT);

      User.Deliver receipt = Mail.none(CHAT, 9).deliver();
      User.RowHeader header = new User.RowHeader(receipt.header().type(), 3, null, 1_003);
      harness.tell(
          new User.Deliver(CHAT, 9, header, receipt.member(), List.of(), receipt.receipts(), 4));
      harness.flush();
      assertThat(harness.conversations.getLast())
          .isEqualTo(new Sent(CHAT, new User.Dispatched(ALICE, 3, 9)));
      harness.tell(Mail.of(CHAT, 4, 4).version(10).deliver());
      harness.flush();
      assertThat(harness.conversations.getLast())
          .isEqualTo(new Sent(CHAT, new User.Dispatched(ALICE, 4, 10)));
      harness.restart();

      TestProbe<Delivery> phone = harness.attach(PHONE, "s3", false);
      assertThat(harness.lag(phone)).containsExactly(new Delivery.Lag(CHAT, 0, 4, 3, 3));
      harness.tell(new User.Acked(PHONE, "s3", List.of(new User.Ack(CHAT, 4, 4))));
      harness.end(phone, PHONE);
      harness.flush();
      harness.restart();
      assertThat(harness.lag(harness.attach(PHONE, "s4", false))).isEmpty();
      assertThat(harness.lag(harness.attach(LAPTOP, "s5", false)))
          .containsExactly(new Delivery.Lag(CHAT, 0, 4, 3, 3));
    }

    @Test
    void unknownOrFreshDeviceStartsAtTheCurrentHeads() {
      harness.make();
      harness.tell(Mail.of(CHAT, 1, 3).deliver());
      harness.attach(PHONE, "s1", false);
      harness.tell(Mail.of(CHAT, 4, 5).deliver());
      harness.attach(LAPTOP, "s2", false);
      harness.flush();
      harness.restart();
      assertThat(harness.lag(harness.attach(LAPTOP, "s3", false))).isEmpty();
      assertThat(harness.lag(harness.attach(PHONE, "s4", true))).isEmpty();
      harness.flush();
      harness.restart();
      assertThat(harness.lag(harness.attach(PHONE, "s5", false))).isEmpty();
      assertThat(harness.delivered()).isEmpty();
    }

    @Test
    void newDeviceIsDurableBeforeItIsAttached() {
      harness.make();
      harness.attach(PHONE, "s1", false);
      harness.crash();
      harness.tell(Mail.of(CHAT, 1, 2).deliver());
      assertThat(harness.lag(harness.attach(PHONE, "s2", false)))
          .containsExactly(new Delivery.Lag(CHAT, 0, 2));
    }

    @Test
    void deviceWithoutADurableWriteIsNotAttached() {
      harness.make();
      harness.failNextWrite();
      TestProbe<Delivery> session = harness.probe();
      harness.tellOnly(new User.Attach(ALICE, PHONE, "test", "s1", false, false, session.getRef()));
      harness.awaitTerminated();
      Marker.nothingMore(session);
    }

    /** The user notices the end of a session before the session's last acknowledgements arrive. */
    @Test
    void acknowledgementAfterTheEndOfItsSessionCounts() {
      harness.make();
      harness.tell(Mail.of(CHAT, 1, 1).deliver());
      TestProbe<Delivery> first = harness.attach(PHONE, "s1", false);
      harness.tell(Mail.of(CHAT, 2, 5).deliver());
      harness.end(first, PHONE);
      harness.tell(new User.Acked(PHONE, "s1", List.of(new User.Ack(CHAT, 3, 3))));
      assertThat(harness.lag(harness.attach(PHONE, "s2", false)))
          .containsExactly(new Delivery.Lag(CHAT, 3, 5));
      // The device has another session since, and may have lost what the first one received.
      harness.tell(new User.Acked(PHONE, "s1", List.of(new User.Ack(CHAT, 4, 4))));
      TestProbe<Delivery> third = harness.attach(PHONE, "s3", false);
      assertThat(harness.lag(third)).containsExactly(new Delivery.Lag(CHAT, 3, 5));
      harness.end(third, PHONE);
      harness.ask((ActorRef<User.DoneReply> to) -> new User.RemoveDevice(PHONE, to));
      harness.attach(PHONE, "s4", false);
      harness.tell(Mail.of(CHAT, 6, 6).deliver());
      harness.tell(new User.Acked(PHONE, "s3", List.of(new User.Ack(CHAT, 6, 6))));
      assertThat(harness.lag(harness.attach(PHONE, "s5", false)))
          .containsExactly(new Delivery.Lag(CHAT, 5, 6));
    }
  }

  /** Several connections of one device. */
  @Nested
  class Replacement {
    @Test
    void secondConnectionOfADeviceReplacesTheFirst() {
      harness.make();
      TestProbe<Delivery> first = harness.attach(PHONE, "s1", false);
      TestProbe<Delivery> second = harness.attach(PHONE, "s2", false);
      assertThat(harness.ended(first).why()).isEqualTo(Delivery.End.REPLACED);
      harness.tell(Mail.of(CHAT, 1, 1).deliver());
      harness.vital(second, Delivery.RowChanged.class);
      harness.vital(second, Delivery.Entries.class);
      Marker.nothingMore(first);
      harness.tell(new User.Acked(PHONE, "s1", List.of(new User.Ack(CHAT, 1, 1))));
      harness.flush();
      assertThat(harness.lag(harness.attach(PHONE, "s3", false)))
          .containsExactly(new Delivery.Lag(CHAT, 0, 1));
    }

    @Test
    void helloOfAnEndedConnectionReplacesNobody() {
      harness.make();
      TestProbe<Delivery> living = harness.attach(PHONE, "s1", false);
      TestProbe<Delivery> dead = harness.probe();
      dead.stop();
      harness.helloFrom(dead.getRef(), PHONE, "s2", false);
      // A later hello is answered only when it is known that the old session is dead.
      harness.awaitAnswered();
      harness.tell(Mail.of(CHAT, 1, 1).deliver());
      harness.vital(living, Delivery.RowChanged.class);
      harness.vital(living, Delivery.Entries.class);
    }
  }

  /** The answers to a session's checks. */
  @Nested
  class Check {
    @Test
    void checkReportsSentAndReceivedCounts() {
      harness.make();
      TestProbe<Delivery> session = harness.attach(PHONE, "s1", false);
      harness.tell(Mail.of(CHAT, 1, 1).deliver());
      harness.vital(session, Delivery.RowChanged.class);
      harness.vital(session, Delivery.Entries.class);
      harness.tell(new User.Acked(PHONE, "s1", List.of(new User.Ack(CHAT, 1, 1))));
      assertThat(check(session, "s1", 1)).isEqualTo(new Delivery.Checked(2, true));
      // Two more deliveries were sent and did not arrive; from now on both sides count the same.
      assertThat(check(session, "s1", 3)).isEqualTo(new Delivery.Checked(2, false));
      assertThat(check(session, "s1", 3)).isEqualTo(new Delivery.Checked(2, true));
    }

    @Test
    void replacedSessionLearnsAtItsCheck() {
      harness.make();
      TestProbe<Delivery> first = harness.attach(PHONE, "s1", false);
      harness.attach(PHONE, "s2", false);
      harness.ended(first);
      assertThat(check(first, "s1", 0)).extracting("why").isEqualTo(Delivery.End.REPLACED);
      harness.crash();
      assertThat(check(first, "s2", 0)).extracting("why").isEqualTo(Delivery.End.LOST);
      TestProbe<Delivery> stranger = harness.probe();
      harness.tell(new User.Check(new DeviceId("gone"), "s3", 0, stranger.getRef()));
      assertThat(harness.ended(stranger).why()).isEqualTo(Delivery.End.REMOVED);
    }

    private Delivery check(TestProbe<Delivery> session, String id, long acked) {
      harness.tell(new User.Check(PHONE, id, acked, session.getRef()));
      return session.receiveMessage();
    }
  }

  /** Sessions that attach to their user again. */
  @Nested
  class Return {
    @Test
    void returningSessionReplacesOnlyEarlierOnes() {
      harness.make();
      harness.end(harness.attach(PHONE, "s0", false), PHONE);
      TestProbe<Delivery> later = harness.resume(PHONE, "s2");
      later.expectMessageClass(Delivery.Attached.class);
      assertThat(harness.ended(harness.resume(PHONE, "s1")).why()).isEqualTo(Delivery.End.REPLACED);
      TestProbe<Delivery> latest = harness.resume(PHONE, "s3");
      harness.tell(
          new User.SessionAlive(latest.expectMessageClass(Delivery.ProbeSession.class).order()));
      latest.expectMessageClass(Delivery.Attached.class);
      assertThat(harness.ended(later).why()).isEqualTo(Delivery.End.REPLACED);
    }

    @Test
    void returningSessionGetsTheRowsOfThisIncarnationAgain() {
      harness.make();
      harness.end(harness.attach(PHONE, "s0", false), PHONE);
      harness.tell(Mail.of(CHAT, 1, 1).deliver());
      harness.flush();
      TestProbe<Delivery> session = harness.resume(PHONE, "s0");
      session.expectMessageClass(Delivery.Attached.class);
      Delivery.Numbered first = harness.numbered(session);
      assertThat(first.nr()).isEqualTo(1);
      assertThat(((Delivery.RowChanged) first.delivery()).row().conversationId()).isEqualTo(CHAT);
      // The journal may have less than a session has received.
      harness.restart();
      TestProbe<Delivery> again = harness.resume(PHONE, "s0");
      again.expectMessageClass(Delivery.Attached.class);
      harness.tell(Mail.of(CHAT, 1, 2).deliver());
      assertThat(harness.numbered(again).delivery()).isInstanceOf(Delivery.Entries.class);
    }

    @Test
    void returningSessionDoesNotRestoreARemovedDevice() {
      harness.make();
      assertThat(harness.ended(harness.resume(PHONE, "s1")).why()).isEqualTo(Delivery.End.REMOVED);
      assertThat(harness.devices()).isEmpty();
    }
  }

  /** More devices than a user may have. */
  @Nested
  class DeviceLimit {
    @Test
    void eleventhDeviceEvictsTheLongestUnseen() {
      harness.make();
      for (int i = 0; i < Limits.DEVICES; i++) {
        harness.clock.advance(1_000);
        TestProbe<Delivery> session = harness.attach(new DeviceId("d" + i), "s" + i, false);
        if (i != 0) {
          harness.end(session, new DeviceId("d" + i));
        }
      }
      harness.attach(PHONE, "p", false);
      assertThat(harness.devices())
          .extracting(view -> view.deviceId().value())
          .contains("d0", "phone")
          .doesNotContain("d1")
          .hasSize(Limits.DEVICES);
      harness.restart();
      assertThat(harness.devices()).hasSize(Limits.DEVICES);
    }

    @Test
    void reattachingDevicesAreNotEvicted() {
      harness.make();
      for (int i = 0; i < Limits.DEVICES; i++) {
        harness.attach(new DeviceId("d" + i), "s" + i, false);
      }
      harness.flush();
      harness.restart();
      assertThat(harness.ended(harness.hello(PHONE, "p", false)).why())
          .isEqualTo(Delivery.End.REFUSED);
      harness.clock.advance(130_000);
      harness.attach(PHONE, "p", false);
    }

    @Test
    void tenConnectedDevicesRefuseAnother() {
      harness.make();
      for (int i = 0; i < Limits.DEVICES; i++) {
        harness.attach(new DeviceId("d" + i), "s" + i, false);
      }
      Delivery.Ended ended = harness.ended(harness.hello(PHONE, "p", false));
      assertThat(ended.why()).isEqualTo(Delivery.End.REFUSED);
      assertThat(ended.refusal().code()).isEqualTo(ErrorCode.FORBIDDEN);
      assertThat(ended.refusal().message()).contains("device_id");
    }
  }

  /** The list of devices, their push tokens, and their removal. */
  @Nested
  class DeviceList {
    @Test
    void removedDeviceIsForgotten() {
      harness.make();
      TestProbe<Delivery> session = harness.attach(PHONE, "s1", false);
      harness.tell(Mail.of(CHAT, 1, 1).deliver());
      harness.vital(session, Delivery.RowChanged.class);
      harness.vital(session, Delivery.Entries.class);
      User.DoneReply done = harness.ask(to -> new User.RemoveDevice(PHONE, to));
      assertThat(done).isEqualTo(new User.Done());
      assertThat(harness.ended(session).why()).isEqualTo(Delivery.End.REMOVED);
      assertThat(harness.<User.DoneReply>ask(to -> new User.RemoveDevice(PHONE, to)))
          .isInstanceOf(User.Refused.class);
      assertThat(harness.devices()).isEmpty();
      assertThat(harness.lag(harness.attach(PHONE, "s2", false))).isEmpty();
    }

    @Test
    void pushTokenNeedsADeviceAndSurvivesAFreshHello() {
      harness.make();
      assertThat(harness.<User.DoneReply>ask(to -> new User.SetPushToken(PHONE, "apns", "t", to)))
          .isInstanceOf(User.Refused.class);
      harness.attach(PHONE, "s1", false);
      assertThat(harness.<User.DoneReply>ask(to -> new User.SetPushToken(PHONE, "apns", "t", to)))
          .isEqualTo(new User.Done());
      harness.attach(PHONE, "s1", true);
      assertThat(harness.durable().devices().get(PHONE))
          .extracting(Device::pushToken)
          .isEqualTo("t");
      harness.ask((ActorRef<User.DoneReply> to) -> new User.SetPushToken(PHONE, "apns", null, to));
      assertThat(harness.durable().devices().get(PHONE)).extracting(Device::pushToken).isNull();
    }

    @Test
    void deviceListShowsConnectionAndLastSeen() {
      harness.make();
      TestProbe<Delivery> session = harness.attach(PHONE, "s1", false);
      harness.clock.advance(5_000);
      assertThat(harness.devices()).containsExactly(new DeviceView(PHONE, "test", true, 6_000));
      harness.end(session, PHONE);
      harness.clock.advance(5_000);
      assertThat(harness.devices()).containsExactly(new DeviceView(PHONE, "test", false, 6_000));
      harness.flush();
      harness.restart();
      assertThat(harness.devices()).containsExactly(new DeviceView(PHONE, "test", false, 6_000));
    }
  }

  /** Presence. */
  @Nested
  class Watchers {
    @Test
    void watchersGetPresenceAtOnceAndOnChange() {
      harness.make();
      TestProbe<Delivery> watcher = harness.probe();
      harness.tell(new User.Watch(watcher.getRef(), true));
      // The answer to a watch is no change.
      assertThat(watcher.expectMessageClass(Delivery.PresenceSeen.class))
          .isEqualTo(new Delivery.PresenceSeen(new Presence(ALICE, Presence.Status.OFFLINE, 0), 0));
      TestProbe<Delivery> session = harness.attach(PHONE, "s1", false);
      Delivery.PresenceSeen online = watcher.expectMessageClass(Delivery.PresenceSeen.class);
      assertThat(online.presence().status()).isEqualTo(Presence.Status.ONLINE);
      assertThat(online.changedAt()).isEqualTo(harness.clock.millis());
      TestProbe<Delivery> other = harness.attach(LAPTOP, "s2", false);
      harness.ask((ActorRef<User.DoneReply> to) -> new User.SetStatus(Presence.Status.AWAY, to));
      assertThat(presence(watcher).status()).isEqualTo(Presence.Status.AWAY);
      harness.end(session, PHONE);
      harness.clock.advance(7);
      harness.end(other, LAPTOP);
      assertThat(presence(watcher)).isEqualTo(new Presence(ALICE, Presence.Status.OFFLINE, 1_007));
      harness.clock.advance(harness.settings.watchLease().toMillis());
      harness.attach(PHONE, "s3", false);
      Marker.nothingMore(watcher);
    }

    private static Presence presence(TestProbe<Delivery> watcher) {
      return watcher.expectMessageClass(Delivery.PresenceSeen.class).presence();
    }
  }
}
