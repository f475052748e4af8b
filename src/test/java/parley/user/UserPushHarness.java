package parley.user;

import static org.assertj.core.api.Assertions.assertThat;
import static parley.user.UserTestData.CHAT;
import static parley.user.UserTestData.PHONE;

import java.time.Duration;
import java.util.List;
import org.apache.pekko.actor.testkit.typed.javadsl.TestProbe;
import org.apache.pekko.actor.typed.ActorRef;
import org.jspecify.annotations.Nullable;
import parley.model.ConversationId;
import parley.model.DeviceId;
import parley.push.Notification;
import parley.push.PushOutcome;
import parley.user.UserTestData.Mail;

/** A user with Apple devices that are pushed to; the test plays the provider. */
final class UserPushHarness implements AutoCloseable {
  /** How long a device may take to fetch a message before it is pushed to. */
  static final Duration PATIENCE = Duration.ofSeconds(5);

  /** How long a push is pending before the user asks for a reminder. */
  static final Duration SOON = Duration.ofMillis(PushSender.REMINDER_DELAY_MILLIS);

  static final Duration MOMENT = Duration.ofMillis(1);
  static final PushOutcome DELIVERED = new PushOutcome.Delivered();

  final UserHarness harness = new UserHarness();

  UserPushHarness() {
    harness.pushes();
    harness.start();
    harness.make();
  }

  @Override
  public void close() {
    harness.close();
  }

  /** Registers an Apple token, or removes it. */
  void token(DeviceId device, @Nullable String token) {
    harness.ask((ActorRef<User.DoneReply> to) -> new User.SetPushToken(device, "apns", token, to));
  }

  /** A device connects once, registers a token, and disconnects. */
  void away(DeviceId device) {
    TestProbe<Delivery> session = harness.attach(device, "first-" + device, false);
    token(device, "token of " + device);
    harness.end(session, device);
    harness.flush();
  }

  /** Delivers a message, and flushes. */
  void mail(Mail mail) {
    harness.tell(mail.deliver());
    harness.flush();
  }

  /** The newest push. */
  Notification sent() {
    return harness.sends.getLast().notification();
  }

  /** A session acknowledges. */
  void ack(DeviceId device, String session, ConversationId id, long seq) {
    harness.tell(new User.Acked(device, session, List.of(new User.Ack(id, seq, 0))));
  }

  /** The user starts again, and from now on changes of lively rows may wait in memory. */
  void restartWithWaitingChanges() {
    harness.changesMayWait();
    harness.start();
    harness.make();
  }

  /** How far conversations were told that the user has their entries in memory. */
  List<User.Holding> held() {
    return List.copyOf(harness.conversations).stream()
        .map(UserHarness.Sent::message)
        .filter(User.Holding.class::isInstance)
        .map(User.Holding.class::cast)
        .toList();
  }

  /** Lets a push fail once, so that it waits for its next attempt. */
  void failedOnce() {
    away(PHONE);
    mail(Mail.of(CHAT, 1, 1));
    harness.answer(new PushOutcome.Retry(null, "timeout"));
    assertThat(harness.durable().outbox().isEmpty()).isFalse();
  }
}
