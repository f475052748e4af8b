package parley.user;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import parley.model.ConversationId;

/** How many ends of pushes a user remembers, and which. */
class RecentPushesTest {
  private static PendingPush.Key key(int number) {
    return new PendingPush.Key(new ConversationId("g_" + number), 1);
  }

  @Test
  void theOldestIsForgotten() {
    RecentPushes recent = new RecentPushes();
    for (int i = 0; i < RecentPushes.KEPT; i++) {
      recent.sent(key(i), 1, 0, i);
    }
    recent.deadLettered(key(0), 2, 3, "timeout", 99);
    recent.sent(key(1_000), 1, 0, 100);
    assertThat(recent.covering(key(1), 1)).isNull();
    assertThat(recent.covering(key(0), 1)).isEqualTo(new RecentPushes.Outcome(2, 99, 3, "timeout"));
    assertThat(recent.covering(key(1_000), 1)).isNotNull();
  }

  @Test
  void aPushCoversTheEntriesUpToItsOwn() {
    RecentPushes recent = new RecentPushes();
    recent.sent(key(1), 5, 0, 7);
    assertThat(recent.covering(key(1), 4)).isNotNull();
    assertThat(recent.covering(key(1), 5)).isNotNull();
    assertThat(recent.covering(key(1), 6)).isNull();
    assertThat(recent.covering(key(2), 1)).isNull();
  }
}
