package parley.conversation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static parley.conversation.ConversationHarness.ANN;
import static parley.conversation.ConversationHarness.BOB;
import static parley.conversation.ConversationHarness.text;

import com.github.f4b6a3.ulid.UlidCreator;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.apache.pekko.stream.KillSwitches;
import org.apache.pekko.stream.UniqueKillSwitch;
import org.apache.pekko.stream.javadsl.Keep;
import org.apache.pekko.stream.javadsl.Sink;
import org.apache.pekko.stream.javadsl.Source;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import parley.model.ConversationId;
import parley.model.EntryIntent;
import parley.model.ErrorCode;
import parley.model.Refusal;
import parley.model.UserId;
import parley.snapshot.SnapshotSchedule;

/** How much a conversation reads for a sender with old ids, or with ids from a wrong clock. */
class OldIdSearchTest {
  private static final long YEAR_MILLIS = 365L * 86_400_000;

  /** Searches at once; more would have to wait in the conversation. */
  private static final int TOGETHER = 500;

  private static final int FILLING = (DedupeWindow.CAPACITY / TOGETHER + 2) * TOGETHER;

  private int filling;

  private final ConversationHarness h =
      new ConversationHarness(
          ConversationId.direct(ANN, BOB), ConversationHarness.IN_MEMORY, PausableJournal.PLUGIN);

  OldIdSearchTest() {
    h.settings(
        new ConversationSettings(
            Duration.ofMillis(1),
            Duration.ofMillis(20),
            Duration.ofHours(1),
            SnapshotSchedule.every(2_000),
            PausableJournal.PLUGIN));
  }

  @AfterEach
  void stop() {
    h.close();
  }

  private String ulid(long aheadMillis) {
    return UlidCreator.getUlid(h.clock.incrementAndGet() + aheadMillis).toString();
  }

  /** Writes so many entries of another sender that earlier ones leave the window. */
  private void fillWindow() {
    for (int i = 0; i < FILLING; i += TOGETHER) {
      for (int k = 0; k < TOGETHER; k++) {
        h.clock.incrementAndGet();
        h.tell(new Conversation.Post(BOB, "f" + filling++, text("t"), null, h.posts.getRef()));
      }
      h.posts.receiveSeveralMessages(TOGETHER, Duration.ofSeconds(20));
    }
  }

  private long read() {
    return PausableJournal.takeRead(h.kit.system().classicSystem());
  }

  @Test
  void idOfAFarFutureMakesNoLaterMessageSearchTheLog() {
    h.opening(ANN, BOB, "first");
    String future = ulid(YEAR_MILLIS);
    long seq = h.text(ANN, future, "from the future").seq();
    fillWindow();
    h.clock.addAndGet(2 * ClockLead.FAR_MILLIS);
    read();
    for (int i = 0; i < 20; i++) {
      h.text(ANN, ulid(0), "now");
    }
    assertThat(read()).isLessThan(2 * TOGETHER);
    assertThat(h.text(ANN, future, "again").seq()).isEqualTo(seq);
    h.restart();
    read();
    h.text(ANN, ulid(0), "now");
    assertThat(read()).isLessThan(2 * TOGETHER);
    assertThat(h.text(ANN, future, "again").seq()).isEqualTo(seq);
  }

  @Test
  void repeatedDuplicatesReadOneEntryEach() {
    h.opening(ANN, BOB, "first");
    h.text(ANN, ulid(YEAR_MILLIS), "from the future");
    List<String> ids = new ArrayList<>();
    List<Long> seqs = new ArrayList<>();
    // More ids than remembered locations.
    for (int i = 0; i < SearchedRanges.MAX_LOCATED + 76; i++) {
      ids.add(ulid(0));
      seqs.add(h.text(ANN, ids.get(i), "t").seq());
    }
    fillWindow();
    for (int round = 0; round < 2; round++) {
      read();
      for (int i = 0; i < ids.size(); i++) {
        Conversation.Posted again = h.text(ANN, ids.get(i), "t");
        assertThat(again.duplicate()).isTrue();
        assertThat(again.seq()).isEqualTo(seqs.get(i));
      }
      assertThat(read()).isLessThan(16L * ids.size());
    }
  }

  @Test
  void userWithoutBudgetIsRefusedAndOthersAreNot() {
    int budget = FILLING + FILLING / 2;
    h.searchBudget(budget);
    h.opening(ANN, BOB, "first");
    String old = ulid(0);
    String older = UlidCreator.getUlid(h.clock.get() - YEAR_MILLIS).toString();
    fillWindow();
    fillWindow();
    h.text(ANN, old, "new, but of an old time");
    // Another incarnation does not know what was read.
    h.restart();
    Conversation.PostReply refused = h.post(ANN, older, text("refused"));
    assertThat(refused).isInstanceOf(Conversation.PostRefused.class);
    Refusal refusal = ((Conversation.PostRefused) refused).refusal();
    assertThat(refusal.code()).isEqualTo(ErrorCode.RATE_LIMITED);
    assertThat(h.refusedSearches).hasValue(1);
    assertThat(h.text(ANN, ulid(0), "young").duplicate()).isFalse();
    assertThat(h.text(BOB, older, "of another").duplicate()).isFalse();
    // One second more, because the log has grown by two entries.
    h.nanos.addAndGet(TimeUnit.MILLISECONDS.toNanos(refusal.retryAfterMillis() + 1_000));
    assertThat(h.text(ANN, older, "later").duplicate()).isFalse();
  }

  @Test
  void longSearchNeedsATurnOfTheNode() {
    h.opening(ANN, BOB, "first");
    String old = ulid(0);
    fillWindow();
    List<UniqueKillSwitch> others = new ArrayList<>();
    for (int i = 0; i < LogScans.TURNS + LogScans.MAX_WAITING; i++) {
      others.add(
          h.scans
              .inTurn(new UserId("u" + i), Source.never())
              .viaMat(KillSwitches.single(), Keep.right())
              .to(Sink.ignore())
              .run(h.kit.system()));
    }
    // The streams start on other threads. When the queue is full, all turns are taken too.
    await().until(() -> h.scans.waiting() == LogScans.MAX_WAITING);
    read();
    ConversationHarness.assertRefused(h.post(ANN, old, text("late")), ErrorCode.UNAVAILABLE);
    assertThat(read()).isZero();
    others.forEach(UniqueKillSwitch::shutdown);
    // The streams end on other threads too, so the next post may still be refused.
    await()
        .until(
            () ->
                h.post(ANN, old, text("late")) instanceof Conversation.Posted posted
                    && !posted.duplicate());
  }

  @Test
  void failedSearchCostsOnlyWhatItHasRead() {
    h.searchBudget(FILLING + FILLING / 2);
    h.opening(ANN, BOB, "first");
    String old = ulid(0);
    fillWindow();
    fillWindow();
    PausableJournal.failNext(h.kit.system().classicSystem());
    ConversationHarness.assertRefused(h.post(ANN, old, text("lost")), ErrorCode.UNAVAILABLE);
    assertThat(h.text(ANN, old, "again").duplicate()).isFalse();
  }

  @Test
  void smallCursorStepsReadEachEntryOnce() {
    h.opening(ANN, BOB, "first");
    fillWindow();
    read();
    int steps = 200;
    for (int i = 1; i <= steps; i++) {
      h.read(ANN, 10L * i);
      assertThat(h.last(ANN).member().unread()).isEqualTo(FILLING + 1 - 10L * i);
    }
    assertThat(read()).isLessThan((long) TOGETHER * steps);
  }

  @Test
  void countsAreRightDespiteConcurrentDeletes() {
    long seed = Long.getLong("parley.seed", System.nanoTime());
    System.out.println("parley.seed=" + seed);
    Random random = new Random(seed);
    h.opening(ANN, BOB, "first");
    fillWindow();
    Set<Long> deleted = new HashSet<>();
    long read = 1;
    for (int i = 0; i < 60; i++) {
      for (int k = 0; k < 3; k++) {
        read += 1 + random.nextInt(random.nextBoolean() ? 20 : 100);
        h.tell(new Conversation.Read(ANN, read, h.reads.getRef()));
        long target = 2 + random.nextLong(Math.min(FILLING - 1, read + 300));
        h.post(BOB, "d" + i + "-" + k, new EntryIntent.Delete(target));
        deleted.add(target);
      }
      h.reads.receiveSeveralMessages(3, Duration.ofSeconds(20));
      long from = read;
      long unread = FILLING + 1 - read - deleted.stream().filter(seq -> seq > from).count();
      await("unread").until(() -> h.last(ANN).member().unread() == unread);
    }
  }
}
