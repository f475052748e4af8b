package parley.user;

import java.time.Duration;
import org.apache.pekko.actor.testkit.typed.javadsl.ActorTestKit;
import org.apache.pekko.actor.testkit.typed.javadsl.ManualTime;
import org.apache.pekko.actor.testkit.typed.javadsl.TestProbe;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.cluster.sharding.typed.javadsl.ClusterSharding;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Which user a reminder wakes, and when it stops. */
class UserReminderTest {
  private final ActorTestKit kit =
      ActorTestKit.create(ManualTime.config().withFallback(UserTestData.serialization()));
  private final ManualTime time = ManualTime.get(kit.system());
  private final TestProbe<String> woken = kit.createTestProbe();
  private final TestProbe<ClusterSharding.ShardCommand> shard = kit.createTestProbe();
  private final TestProbe<User.Command> user = kit.createTestProbe();
  private final ActorRef<UserReminder.Command> reminder =
      kit.spawn(UserReminder.create(() -> woken.getRef().tell("up"), shard.getRef()));

  @AfterEach
  void stop() {
    kit.shutdownTestKit();
  }

  @Test
  void reminderWakesItsUserUntilItIsReleased() {
    reminder.tell(new UserReminder.Keep(4, user.getRef()));
    user.expectMessage(new UserPush.Reminded(4));
    time.expectNoMessageFor(Duration.ofSeconds(9), woken);
    time.timePasses(Duration.ofSeconds(1));
    woken.receiveMessage();
    time.expectNoMessageFor(UserReminder.WAKE_INTERVAL.minusSeconds(1), woken);
    time.timePasses(Duration.ofSeconds(1));
    woken.receiveMessage();
    reminder.tell(new UserReminder.Release());
    shard.expectMessageClass(ClusterSharding.Passivate.class);
    // It may be forgotten together with a promise that it makes now, so it makes none.
    reminder.tell(new UserReminder.Keep(5, user.getRef()));
    time.expectNoMessageFor(UserReminder.WAKE_INTERVAL.multipliedBy(3), woken, user);
    reminder.tell(new UserReminder.Stop());
    woken.expectTerminated(reminder);
  }
}
