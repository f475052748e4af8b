package parley.user;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.List;
import org.apache.pekko.actor.testkit.typed.javadsl.TestProbe;
import org.junit.jupiter.api.Test;
import parley.model.ConversationId;
import parley.model.ErrorCode;
import parley.model.Refusal;

/** Which groups a user has begun, and how many more it may. */
class StartedGroupsTest {
  private static final long DAY = Duration.ofDays(1).toMillis();
  private static final long NOW = 1_800_000_000_000L;

  private static ConversationId id(int i) {
    return new ConversationId("g_" + i);
  }

  private static StartedGroups groups(int size, long at) {
    StartedGroups all = new StartedGroups();
    for (int i = 0; i < size; i++) {
      all.add(new StartedGroups.Begun(id(i), "ref-" + i, at + i));
    }
    return all;
  }

  @Test
  void groupQuotaCoversTheLastDay() {
    StartedGroups all = groups(3, NOW);
    assertThat(all.retryAfter(4, NOW + 10)).isZero();
    assertThat(all.retryAfter(3, NOW + 10)).isEqualTo(DAY - 10);
    assertThat(all.retryAfter(2, NOW + 10)).as("lowered").isEqualTo(DAY - 9);
    assertThat(all.retryAfter(3, NOW + DAY)).isZero();
    assertThat(all.retryAfter(2, NOW + DAY)).isEqualTo(1);
    assertThat(all.retryAfter(0, NOW + 10)).isZero();
  }

  @Test
  void clientRefIsKeptForADay() {
    StartedGroups all = groups(3, NOW);
    assertThat(all.find("ref-1", NOW + DAY)).isEqualTo(id(1));
    assertThat(all.find("ref-1", NOW + DAY + 1)).isNull();
    assertThat(all.find("ref-9", NOW)).isNull();
    // Another group has this reference now.
    all.add(new StartedGroups.Begun(id(7), "ref-1", NOW + DAY + 1));
    assertThat(all.find("ref-1", NOW + DAY + 2)).isEqualTo(id(7));
  }

  @Test
  void startedGroupsAreBounded() {
    StartedGroups all = groups(User.GROUPS_KEPT, NOW);
    // Without a quota no group is forgotten for lack of room: the next one has to wait.
    assertThat(all.retryAfter(0, NOW + 5_000)).isEqualTo(DAY - 5_000);
    assertThat(all.retryAfter(User.GROUPS_KEPT * 2, NOW + 5_000)).isPositive();
    all.add(new StartedGroups.Begun(id(5_000), null, NOW + 5_000));
    assertThat(all.all()).hasSize(User.GROUPS_KEPT);
    all.add(new StartedGroups.Begun(id(5_001), null, NOW + DAY + 5_000));
    assertThat(all.all()).hasSize(1);
  }

  @Test
  void wrongClockDoesNotBlockTheQuota() {
    StartedGroups all = groups(3, NOW + 400 * DAY);
    assertThat(all.retryAfter(3, NOW)).isZero();
    assertThat(all.find("ref-1", NOW)).isNull();
    StartedGroups hours = groups(3, NOW + 3 * DAY / 24);
    assertThat(hours.retryAfter(3, NOW)).isBetween(DAY, DAY + 3 * DAY / 24);
  }

  private static ConversationId begun(User.GroupReply reply) {
    return ((User.GroupBegun) reply).conversationId();
  }

  @Test
  void startedGroupsSurviveARestart() {
    try (UserHarness harness = new UserHarness()) {
      harness.start();
      TestProbe<User.GroupReply> me = harness.kit.createTestProbe();
      harness.tell(
          new User.Ensure(
              "alice", "Alice", harness.kit.<User.ProfileReply>createTestProbe().getRef()));
      for (int life = 0; life < 4; life++) {
        List<UserEvent> first =
            harness.tell(new User.BeginGroup("ref-" + life, id(life), 4, 0, me.getRef()));
        assertThat(first).hasSize(1);
        assertThat(begun(me.receiveMessage())).isEqualTo(id(life));
        harness.clock.advance(1_000);
        harness.restart();
        // Nothing is written a second time, and the second id is not used.
        for (int i = 0; i <= life; i++) {
          assertThat(harness.tell(new User.BeginGroup("ref-" + i, id(99), 4, 500, me.getRef())))
              .isEmpty();
          assertThat(begun(me.receiveMessage())).isEqualTo(id(i));
        }
      }
      harness.tell(new User.BeginGroup(null, id(5), 4, 0, me.getRef()));
      Refusal refusal = ((User.Refused) me.receiveMessage()).refusal();
      assertThat(refusal.code()).isEqualTo(ErrorCode.RATE_LIMITED);
      assertThat(refusal.retryAfterMillis()).isEqualTo(DAY - 4_000);
      harness.clock.advance(DAY - 4_000);
      assertThat(harness.tell(new User.BeginGroup(null, id(5), 4, 0, me.getRef()))).hasSize(1);
      assertThat(begun(me.receiveMessage())).isEqualTo(id(5));
      // Over the message rate no group is begun.
      harness.clock.advance(DAY);
      assertThat(harness.tell(new User.BeginGroup("new", id(6), 4, 700, me.getRef()))).isEmpty();
      refusal = ((User.Refused) me.receiveMessage()).refusal();
      assertThat(refusal).isEqualTo(Refusal.rateLimited("too many messages", 700));
    }
  }
}
