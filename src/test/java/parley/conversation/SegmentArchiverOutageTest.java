package parley.conversation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.github.f4b6a3.ulid.UlidCreator;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CopyOnWriteArrayList;
import org.apache.pekko.actor.testkit.typed.javadsl.TestProbe;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import parley.model.Entry;
import parley.model.EntryIntent;
import parley.model.ErrorCode;
import parley.model.HistoryPage;
import parley.model.HistoryPage.Tier;
import parley.model.LastMessage;

/** What a conversation answers while the cold tier cannot be read. */
@Timeout(90)
class SegmentArchiverOutageTest {

  private static ColdTierHarness harness() {
    ConversationHarness h = ConversationHarness.direct();
    h.opening(ConversationHarness.ANN, ConversationHarness.BOB, "first");
    return new ColdTierHarness(h);
  }

  @Test
  void unavailablePreviewIsNotRetriedAtEveryTick() {
    try (ColdTierHarness harness = harness()) {
      harness.texts(1_199);
      harness.days(31);
      long hot = harness.h.text(ConversationHarness.ANN, "hot", "hot").seq();
      for (int i = 0; i < 2 * RecentEntries.ENTRIES; i++) {
        harness.h.post(ConversationHarness.BOB, "r" + i, new EntryIntent.React(1, "+"));
      }
      harness.archive();
      assertThat(harness.state().archive().archivedTo()).isEqualTo(1_200);
      harness.tier.fault = MemoryTier.Fault.DOWN;
      List<Long> looks = new CopyOnWriteArrayList<>();
      harness.tier.onRead = () -> looks.add(harness.h.clock.get());
      harness.h.post(ConversationHarness.ANN, "d", new EntryIntent.Delete(hot));
      // The clock may advance between a read and its failure, at which the pause begins. So a pause
      // can be longer than expected, never shorter.
      await()
          .atMost(Duration.ofSeconds(30))
          .until(
              () -> {
                harness.h.clock.addAndGet(250);
                return looks.size() >= 4;
              });
      for (int i = 0; i < 3; i++) {
        assertThat(looks.get(i + 1) - looks.get(i)).isGreaterThanOrEqualTo(1_000L << i);
      }
      harness.tier.fault = MemoryTier.Fault.NONE;
      await()
          .untilAsserted(
              () -> {
                harness.h.clock.addAndGet(10_000);
                assertThat(harness.h.last(ConversationHarness.ANN).header().lastMessage())
                    .isNotNull()
                    .extracting(LastMessage::seq)
                    .isEqualTo(1_200L);
              });
    }
  }

  @Test
  void outageRefusesOnlyRequestsThatNeedTheColdTier() {
    try (ColdTierHarness harness = harness()) {
      String ulid = UlidCreator.getUlid(harness.h.clock.get()).toString();
      long seq = harness.h.text(ConversationHarness.ANN, ulid, "two").seq();
      harness.texts(10_600);
      harness.days(31);
      harness.texts(600);
      harness.archive();
      for (MemoryTier.Fault fault : List.of(MemoryTier.Fault.SLOW, MemoryTier.Fault.DOWN)) {
        harness.tier.fault = fault;
        if (fault == MemoryTier.Fault.SLOW) {
          for (int i = 0; i < 2 * HistoryPages.IN_FLIGHT; i++) {
            harness.h.tell(
                new Conversation.GetPage(
                    ConversationHarness.BOB,
                    null,
                    5L,
                    10,
                    false,
                    harness.h.kit.system().ignoreRef()));
          }
          harness.h.tell(
              new Conversation.Post(
                  ConversationHarness.BOB,
                  "slow",
                  new EntryIntent.React(2, "+"),
                  null,
                  harness.h.kit.system().ignoreRef()));
        } else {
          harness.h.restart();
          assertThat(harness.page(ConversationHarness.ANN, 5, 10)).isEmpty();
          Conversation.PostReply retry =
              harness.h.post(
                  ConversationHarness.ANN, ulid, new EntryIntent.Text("again", null, List.of()));
          assertThat(((Conversation.PostRefused) retry).refusal().code())
              .isEqualTo(ErrorCode.UNAVAILABLE);
        }
        long hot = harness.state().archive().archivedTo() + 1;
        assertThat(harness.page(ConversationHarness.ANN, hot, 10).orElseThrow().tier())
            .isEqualTo(Tier.HOT);
        assertThat(
                harness.h.post(
                    ConversationHarness.ANN, "e-" + fault, new EntryIntent.React(hot, "+")))
            .isInstanceOf(Conversation.Posted.class);
      }
      harness.tier.fault = MemoryTier.Fault.NONE;
      assertThat(harness.h.text(ConversationHarness.ANN, ulid, "again").seq()).isEqualTo(seq);
      assertThat(harness.page(ConversationHarness.ANN, 5, 10)).isPresent();
    }
  }

  @Test
  void outageCutsAPageAcrossTheBorder() {
    try (ColdTierHarness harness = harness()) {
      harness.texts(1_199);
      harness.days(31);
      harness.texts(600);
      harness.archive();
      HistoryPage whole = harness.before(ConversationHarness.BOB, 1_231L, 50).orElseThrow();
      assertThat(whole.tier()).isEqualTo(Tier.MIXED);
      for (MemoryTier.Fault fault : List.of(MemoryTier.Fault.SLOW, MemoryTier.Fault.DOWN)) {
        harness.tier.fault = fault;
        HistoryPage hot = harness.before(ConversationHarness.BOB, 1_231L, 50).orElseThrow();
        assertThat(hot.entries()).isEqualTo(whole.entries().subList(20, 50));
        assertThat(hot.entries().getFirst().seq()).isEqualTo(1_201);
        assertThat(hot.hasMore()).isTrue();
        assertThat(hot.tier()).isEqualTo(Tier.HOT);
      }
      // The whole page is in the cold tier, so it cannot be read. A page forwards never begins in
      // the middle.
      assertThat(harness.before(ConversationHarness.BOB, 1_201L, 50)).isEmpty();
      assertThat(harness.page(ConversationHarness.BOB, 1_180, 50)).isEmpty();
      harness.tier.fault = MemoryTier.Fault.NONE;
      assertThat(harness.before(ConversationHarness.BOB, 1_231L, 50)).contains(whole);
    }
  }

  @Test
  void firstPageCutAtTheBorderHasMore() {
    try (ColdTierHarness harness = harness()) {
      harness.texts(19);
      harness.days(61);
      harness.texts(20);
      harness.archive();
      assertThat(harness.state().archive().archivedTo()).isEqualTo(20);
      harness.texts(600);
      assertThat(harness.before(ConversationHarness.BOB, 31L, 50).orElseThrow().hasMore())
          .isFalse();
      harness.tier.fault = MemoryTier.Fault.DOWN;
      HistoryPage cut = harness.before(ConversationHarness.BOB, 31L, 50).orElseThrow();
      assertThat(cut.entries()).hasSize(10);
      assertThat(cut.hasMore()).isTrue();
    }
  }

  @Test
  void outageLimitsTheNewestPageToMemory() {
    try (ColdTierHarness harness = harness()) {
      harness.texts(1_199);
      harness.days(31);
      harness.archive();
      assertThat(harness.state().archive().archivedTo()).isEqualTo(1_200);
      int inMemory = RecentEntries.ENTRIES;
      HistoryPage whole =
          harness.before(ConversationHarness.BOB, null, inMemory + 10).orElseThrow();
      harness.tier.fault = MemoryTier.Fault.DOWN;
      HistoryPage rest = harness.before(ConversationHarness.BOB, null, inMemory + 10).orElseThrow();
      assertThat(rest.tier()).isEqualTo(Tier.MEMORY);
      assertThat(rest.hasMore()).isTrue();
      assertThat(rest.entries()).isEqualTo(whole.entries().subList(10, inMemory + 10));
    }
  }

  @Test
  void uncountableCursorIsRetriedAndThenGivenUp() {
    try (ColdTierHarness harness = harness()) {
      harness.texts(1_199);
      harness.days(31);
      harness.texts(600);
      harness.archive();
      harness.h.restart();
      harness.tier.fault = MemoryTier.Fault.DOWN;
      harness.tier.reads.set(0);
      TestProbe<Conversation.ReadReply> reader = harness.h.kit.createTestProbe();
      harness.h.tell(new Conversation.Read(ConversationHarness.BOB, 5, reader.getRef()));
      assertThat(reader.receiveMessage()).isInstanceOf(Conversation.Refused.class);
      await()
          .atMost(Duration.ofSeconds(30))
          .until(() -> harness.tier.reads.get() == CursorMoves.MAX_TRIES);
      // More ticks and writes cause no further attempt.
      harness.texts(100);
      assertThat(harness.tier.reads).hasValue(CursorMoves.MAX_TRIES);
      assertThat(Objects.requireNonNull(harness.state().member(ConversationHarness.BOB)).read())
          .isZero();
      harness.tier.fault = MemoryTier.Fault.NONE;
      // When the move is given up, requests that wait for it are refused. So this one is repeated
      // until it is not refused.
      await()
          .until(
              () -> {
                harness.h.tell(new Conversation.Read(ConversationHarness.BOB, 5, reader.getRef()));
                return reader.receiveMessage() instanceof Conversation.ReadDone;
              });
      assertThat(Objects.requireNonNull(harness.state().member(ConversationHarness.BOB)).read())
          .isEqualTo(5);
    }
  }

  @Test
  void archivedEntriesAreNeverRedispatched() {
    try (ColdTierHarness harness = harness()) {
      harness.texts(50);
      harness.days(31);
      harness.archive();
      assertThat(harness.state().archive().archivedTo()).isEqualTo(51);
      // Only entries that every member has acknowledged are archived, and the plan records that.
      assertThat(harness.state().dispatchedTo()).isEqualTo(51);
      harness.texts(5);
      harness.h.told.clear();
      harness.tier.fault = MemoryTier.Fault.DOWN;
      harness.tier.reads.set(0);
      harness.h.restart();
      long next = harness.h.text(ConversationHarness.ANN, "live", "live").seq();
      await()
          .until(
              () ->
                  harness.h.entries(ConversationHarness.BOB).stream()
                      .map(Entry::seq)
                      .toList()
                      .contains(next));
      assertThat(harness.h.entries(ConversationHarness.BOB).getFirst().seq()).isGreaterThan(51);
      assertThat(harness.tier.reads).hasValue(0);
    }
  }
}
