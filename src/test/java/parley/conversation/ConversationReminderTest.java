package parley.conversation;

import java.time.Duration;
import org.apache.pekko.actor.testkit.typed.javadsl.ActorTestKit;
import org.apache.pekko.actor.testkit.typed.javadsl.ManualTime;
import org.apache.pekko.actor.testkit.typed.javadsl.TestProbe;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.cluster.sharding.typed.javadsl.ClusterSharding;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import parley.model.ConversationId;

/** When a reminder wakes its conversation, and when it stops. */
class ConversationReminderTest {
  private static final ConversationId ID = ConversationId.group("1");

  private final ActorTestKit kit =
      ActorTestKit.create(ManualTime.config().withFallback(ConversationHarness.IN_MEMORY));
  private final ManualTime time = ManualTime.get(kit.system());
  private final TestProbe<String> woken = kit.createTestProbe();
  private final TestProbe<ClusterSharding.ShardCommand> shard = kit.createTestProbe();
  private final TestProbe<Conversation.Command> conversation = kit.createTestProbe();
  private final ActorRef<ConversationReminder.Command> reminder =
      kit.spawn(ConversationReminder.create(ID, () -> woken.getRef().tell("up"), shard.getRef()));

  @AfterEach
  void stop() {
    kit.shutdownTestKit();
  }

  private void keep(long nr) {
    reminder.tell(new ConversationReminder.Keep(nr, conversation.getRef()));
  }

  @Test
  void recoveredReminderWakesItsConversationUntilItAnswers() {
    time.timePasses(ConversationReminder.FIRST_WAKE_DELAY);
    woken.receiveMessage();
    time.timePasses(ConversationReminder.WAKE_INTERVAL);
    woken.receiveMessage();
    keep(3);
    conversation.expectMessage(new Conversation.Kept(3));
    time.expectNoMessageFor(ConversationReminder.WAKE_INTERVAL.multipliedBy(3), woken);
  }

  @Test
  void conversationThatStopsWithoutAReleaseIsWoken() {
    keep(1);
    conversation.expectMessage(new Conversation.Kept(1));
    time.expectNoMessageFor(ConversationReminder.WAKE_INTERVAL, woken);
    conversation.stop();
    woken.expectNoMessage(Duration.ofMillis(200));
    time.timePasses(ConversationReminder.FIRST_WAKE_DELAY);
    woken.receiveMessage();
  }

  /**
   * The release was in flight while the conversation moved to another node and asked from there.
   */
  @Test
  void releaseOfAnEarlierIncarnationKeepsTheReminderOfTheNext() {
    TestProbe<Conversation.Command> before = kit.createTestProbe();
    reminder.tell(new ConversationReminder.Keep(1, before.getRef()));
    before.expectMessage(new Conversation.Kept(1));
    keep(1);
    conversation.expectMessage(new Conversation.Kept(1));
    reminder.tell(new ConversationReminder.Release(before.getRef()));
    keep(2);
    conversation.expectMessage(new Conversation.Kept(2));
    shard.expectNoMessage();
  }

  @Test
  void releasedReminderWakesNobody() {
    keep(1);
    conversation.expectMessage(new Conversation.Kept(1));
    reminder.tell(new ConversationReminder.Release(conversation.getRef()));
    shard.expectMessageClass(ClusterSharding.Passivate.class);
    keep(2);
    time.expectNoMessageFor(
        ConversationReminder.WAKE_INTERVAL.multipliedBy(2), woken, conversation);
    reminder.tell(new ConversationReminder.Stop());
    woken.expectTerminated(reminder);
  }

  /** The reminder became durable before the request arrived. */
  @Test
  void adoptedReminderConfirmsAndWakesItsConversation() {
    TestProbe<ConversationReminder.Adopted> adopted = kit.createTestProbe();
    reminder.tell(new ConversationReminder.Adopt(adopted.getRef()));
    adopted.expectMessage(new ConversationReminder.Adopted(ID));
    time.timePasses(ConversationReminder.FIRST_WAKE_DELAY);
    woken.receiveMessage();
    reminder.tell(new ConversationReminder.Release(conversation.getRef()));
    shard.expectMessageClass(ClusterSharding.Passivate.class);
    reminder.tell(new ConversationReminder.Adopt(adopted.getRef()));
    adopted.expectNoMessage();
  }

  /** Another node's first write may still be in flight. */
  @Test
  void missingConversationIsCheckedFourTimesOver90Seconds() {
    reminder.tell(new ConversationReminder.NotThere());
    for (int wake = 1; wake <= ConversationReminder.MAX_FRUITLESS_WAKES; wake++) {
      shard.expectNoMessage(Duration.ofMillis(50));
      time.timePasses(
          wake == 1 ? ConversationReminder.FIRST_WAKE_DELAY : ConversationReminder.WAKE_INTERVAL);
      woken.receiveMessage();
      reminder.tell(new ConversationReminder.NotThere());
      if (wake < ConversationReminder.MAX_FRUITLESS_WAKES) {
        // A repeated answer counts once.
        for (int i = 0; i < 5; i++) {
          reminder.tell(new ConversationReminder.NotThere());
        }
      }
    }
    shard.expectMessageClass(ClusterSharding.Passivate.class);
    time.expectNoMessageFor(ConversationReminder.WAKE_INTERVAL.multipliedBy(2), woken);
  }

  @Test
  void conversationCreatedMeanwhileKeepsItsReminder() {
    for (int wake = 1; wake < ConversationReminder.MAX_FRUITLESS_WAKES; wake++) {
      time.timePasses(
          wake == 1 ? ConversationReminder.FIRST_WAKE_DELAY : ConversationReminder.WAKE_INTERVAL);
      woken.receiveMessage();
      reminder.tell(new ConversationReminder.NotThere());
    }
    keep(1);
    conversation.expectMessage(new Conversation.Kept(1));
    // A late message of an earlier incarnation.
    reminder.tell(new ConversationReminder.NotThere());
    conversation.stop();
    for (int wake = 1; wake < ConversationReminder.MAX_FRUITLESS_WAKES; wake++) {
      woken.expectNoMessage(Duration.ofMillis(100));
      time.timePasses(
          wake == 1 ? ConversationReminder.FIRST_WAKE_DELAY : ConversationReminder.WAKE_INTERVAL);
      woken.receiveMessage();
      reminder.tell(new ConversationReminder.NotThere());
    }
    shard.expectNoMessage();
  }
}
