package parley.user;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static parley.user.UserTestData.ALICE;
import static parley.user.UserTestData.CHAT;
import static parley.user.UserTestData.PHONE;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.persistence.testkit.javadsl.PersistenceTestKit;
import org.apache.pekko.persistence.testkit.javadsl.SnapshotTestKit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import parley.model.ConversationId;
import parley.model.ConversationType;
import parley.model.LastMessage;
import parley.model.UserId;
import parley.serial.SerializedSizes;
import parley.snapshot.SnapshotSchedule;
import parley.user.UserTestData.Mail;

/** What a user leaves in the store while it lives on. */
class UserGrowthTest {
  private static final String ID = "user|" + ALICE;

  /** The events of {@link #start}. */
  private static final long EVENTS_OF_THE_START = 2;

  /** As the settings of {@link UserHarness}. */
  private static final long SNAPSHOT_EVERY = 5;

  private final UserHarness harness = new UserHarness();

  @AfterEach
  void stop() {
    harness.close();
  }

  private void start() {
    harness.start();
    harness.make();
    harness.attach(PHONE, "s1", false);
  }

  /** One event each. */
  private void events(int from, int to) {
    for (int i = from; i <= to; i++) {
      harness.tell(Mail.of(CHAT, i, i).deliver());
      harness.tell(new UserInternal.Flush());
    }
  }

  /**
   * The same. Waits for each snapshot and for the removal that follows it: a removal that finds an
   * earlier one at work is left to the next snapshot.
   */
  private void eventsWithSnapshots(int from, int to) {
    for (int i = from; i <= to; i++) {
      events(i, i);
      long number = EVENTS_OF_THE_START + i;
      long due = number - number % SNAPSHOT_EVERY;
      await().until(() -> newestSnapshot() == due && snapshots().size() <= 2);
    }
  }

  private List<Long> snapshots() {
    return SnapshotTestKit.create(harness.kit.system()).persistedInStorage(ID).stream()
        .map(one -> one.first().sequenceNr())
        .toList();
  }

  private long newestSnapshot() {
    return snapshots().stream().mapToLong(Long::longValue).max().orElse(0);
  }

  private void settled(int mostEvents) {
    await()
        .untilAsserted(
            () -> {
              assertThat(harness.journal()).hasSizeLessThanOrEqualTo(mostEvents);
              assertThat(snapshots()).hasSize(2);
            });
  }

  @Test
  void eventsThatTheOlderSnapshotCoversAreRemovedAfterADay() {
    start();
    eventsWithSnapshots(1, 50);
    settled(100);
    assertThat(harness.journal()).as("not a day old").hasSizeGreaterThan(50);
    harness.clock.advance(Duration.ofDays(1).toMillis());
    eventsWithSnapshots(51, 80);
    harness.clock.advance(Duration.ofDays(1).toMillis());
    eventsWithSnapshots(81, 90);
    settled(40);
    UserSnapshot before = harness.durable().toSnapshot();
    harness.restart();
    assertThat(harness.durable().toSnapshot()).isEqualTo(before);
    assertThat(harness.inbox().getFirst().lastSeq()).isEqualTo(90);
  }

  /** Also if its newest snapshot is gone, it starts from the older one. */
  @Test
  void theOlderSnapshotHasAllEventsThatItNeeds() {
    start();
    for (int day = 0; day < 5; day++) {
      eventsWithSnapshots(day * 10 + 1, day * 10 + 10);
      harness.clock.advance(Duration.ofDays(1).toMillis());
    }
    settled(30);
    UserSnapshot before = harness.durable().toSnapshot();
    SnapshotTestKit snapshots = SnapshotTestKit.create(harness.kit.system());
    var older = snapshots.persistedInStorage(ID).getFirst();
    snapshots.clearByPersistenceId(ID);
    snapshots.persistForRecovery(ID, List.of(older));
    harness.restart();
    assertThat(harness.durable().toSnapshot()).isEqualTo(before);
  }

  @Test
  void aUserWithoutItsBeginningDoesNotStartAsANewOne() {
    start();
    events(1, 3);
    List<UserEvent> journal = harness.journal();
    PersistenceTestKit store = PersistenceTestKit.create(harness.kit.system());
    store.clearByPersistenceId(ID);
    SnapshotTestKit.create(harness.kit.system()).clearByPersistenceId(ID);
    store.persistForRecovery(ID, new ArrayList<Object>(journal.subList(1, journal.size())));
    ActorRef<User.Command> user =
        harness.kit.spawn(
            UserSharding.create(
                ALICE,
                new UserDependencies(
                    harness.settings,
                    (to, message) -> {},
                    AccountLogins.NONE,
                    harness.clock,
                    PushDependencies.off(),
                    harness.entityMeters),
                harness.shard.getRef()));
    harness.kit.createTestProbe().expectTerminated(user, Duration.ofSeconds(10));
  }

  @Test
  void aLargeInboxIsStoredLessOften() {
    harness.settings =
        new UserSettings(
            Duration.ofDays(1),
            Duration.ZERO,
            Duration.ofDays(1),
            Duration.ofSeconds(150),
            new SnapshotSchedule(50, 200));
    start();
    for (int i = 0; i < 60; i++) {
      harness.tell(Mail.of(new ConversationId("g_" + i), 1, 1).deliver());
      harness.flush();
    }
    int more = 1;
    while (harness.journal().size() < 205) {
      events(more, more);
      more++;
    }
    await().untilAsserted(() -> assertThat(snapshots()).containsExactly(200L));
  }

  /** The schedule uses an estimate; it is within a factor of two of what is stored. */
  @Test
  void theSizeOfASnapshotIsEstimated() {
    try (SerializedSizes sizes = new SerializedSizes()) {
      for (int rows : new int[] {10, 1_000, 5_000}) {
        UserState state = inbox(rows);
        assertThat(sizes.of(state.toSnapshot()))
            .as(rows + " rows")
            .isBetween((int) state.snapshotBytes() / 2, (int) state.snapshotBytes() * 2);
      }
    }
  }

  /** Of ordinary rows: names and messages of random words. */
  static UserState inbox(int rows) {
    Random random = new Random(1);
    UserState state = new UserState(ALICE);
    for (int i = 0; i < rows; i++) {
      long at = 1_700_000_000_000L + random.nextInt(1_000_000_000);
      String other = "u_" + Long.toString(random.nextLong(1L << 62), 32) + "01ABCDEFGHJKM";
      long last = 1L + random.nextInt(2_000);
      state
          .rows()
          .put(
              new VisibleRow(
                  new ConversationId("d_" + other),
                  last + 3,
                  ConversationType.DIRECT,
                  words(random, 2),
                  null,
                  1,
                  last,
                  new LastMessage(last, new UserId(other), "text", words(random, 10), at),
                  at,
                  last,
                  last,
                  last,
                  0,
                  last,
                  last,
                  false,
                  false,
                  false,
                  null,
                  null,
                  0));
    }
    return state;
  }

  private static String words(Random random, int count) {
    List<String> all = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      StringBuilder word = new StringBuilder();
      for (int letters = 2 + random.nextInt(7); letters > 0; letters--) {
        word.append((char) ('a' + random.nextInt(26)));
      }
      all.add(word.toString());
    }
    return String.join(" ", all);
  }
}
