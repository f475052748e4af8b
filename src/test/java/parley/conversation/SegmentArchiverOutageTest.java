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

  private static ColdTierHarness rig() {
    ConversationHarness h = ConversationHarness.direct();
    h.opening(ConversationHarness.ANN, ConversationHarness.BOB, "first");
    return new ColdTierHarness(h);
  }

  @Test
  void unavailablePreviewIsNotRetriedAtEveryTick() {
    try (ColdTierHarness rig = rig()) {
      rig.texts(1_199);
      rig.days(31);
      long hot = rig.h.text(ConversationHarness.ANN, "hot", "hot").seq();
      for (int i = 0; i < 2 * RecentEntries.ENTRIES; i++) {
        rig.h.post(ConversationHarness.BOB, "r" + i, new EntryIntent.React(1, "+"));
      }
      rig.archive();
      assertThat(rig.state().archive().archivedTo()).isEqualTo(1_200);
      rig.tier.fault = MemoryTier.Fault.DOWN;
      List<Long> looks = new CopyOnWriteArrayList<>();
      rig.tier.onRead = () -> looks.add(rig.h.clock.get());
      rig.h.post(ConversationHarness.ANN, "d", new EntryIntent.Delete(hot));
      // Steps may come between a look and its failure, from which it waits: never less, though.
      await()
          .atMost(Duration.ofSeconds(30))
          .until(
              () -> {
                rig.h.clock.addAndGet(250);
                return looks.size() >= 4;
              });
      for (int i = 0; i < 3; i++) {
        assertThat(looks.get(i + 1) - looks.get(i)).isGreaterThanOrEqualTo(1_000L << i);
      }
      rig.tier.fault = MemoryTier.Fault.NONE;
      await()
          .untilAsserted(
              () -> {
                rig.h.clock.addAndGet(10_000);
                assertThat(rig.h.last(ConversationHarness.ANN).header().lastMessage())
                    .isNotNull()
                    .extracting(LastMessage::seq)
                    .isEqualTo(1_200L);
              });
    }
  }

  @Test
  void outageRefusesOnlyRequestsThatNeedTheColdTier() {
    try (ColdTierHarness rig = rig()) {
      String ulid = UlidCreator.getUlid(rig.h.clock.get()).toString();
      long seq = rig.h.text(ConversationHarness.ANN, ulid, "two").seq();
      rig.texts(10_600);
      rig.days(31);
      rig.texts(600);
      rig.archive();
      for (MemoryTier.Fault fault : List.of(MemoryTier.Fault.SLOW, MemoryTier.Fault.DOWN)) {
        rig.tier.fault = fault;
        if (fault == MemoryTier.Fault.SLOW) {
          for (int i = 0; i < 2 * HistoryPages.IN_FLIGHT; i++) {
            rig.h.tell(
                new Conversation.GetPage(
                    ConversationHarness.BOB, null, 5L, 10, false, rig.h.kit.system().ignoreRef()));
          }
          rig.h.tell(
              new Conversation.Post(
                  ConversationHarness.BOB,
                  "slow",
                  new EntryIntent.React(2, "+"),
                  null,
                  rig.h.kit.system().ignoreRef()));
        } else {
          rig.h.restart();
          assertThat(rig.page(ConversationHarness.ANN, 5, 10)).isEmpty();
          Conversation.PostReply retry =
              rig.h.post(
                  ConversationHarness.ANN, ulid, new EntryIntent.Text("again", null, List.of()));
          assertThat(((Conversation.PostRefused) retry).refusal().code())
              .isEqualTo(ErrorCode.UNAVAILABLE);
        }
        long hot = rig.state().archive().archivedTo() + 1;
        assertThat(rig.page(ConversationHarness.ANN, hot, 10).orElseThrow().tier())
            .isEqualTo(Tier.HOT);
        assertThat(
                rig.h.post(ConversationHarness.ANN, "e-" + fault, new EntryIntent.React(hot, "+")))
            .isInstanceOf(Conversation.Posted.class);
      }
      rig.tier.fault = MemoryTier.Fault.NONE;
      assertThat(rig.h.text(ConversationHarness.ANN, ulid, "again").seq()).isEqualTo(seq);
      assertThat(rig.page(ConversationHarness.ANN, 5, 10)).isPresent();
    }
  }

  @Test
  void outageCutsAPageAcrossTheBorder() {
    try (ColdTierHarness rig = rig()) {
      rig.texts(1_199);
      rig.days(31);
      rig.texts(600);
      rig.archive();
      HistoryPage whole = rig.before(ConversationHarness.BOB, 1_231L, 50).orElseThrow();
      assertThat(whole.tier()).isEqualTo(Tier.MIXED);
      for (MemoryTier.Fault fault : List.of(MemoryTier.Fault.SLOW, MemoryTier.Fault.DOWN)) {
        rig.tier.fault = fault;
        HistoryPage hot = rig.before(ConversationHarness.BOB, 1_231L, 50).orElseThrow();
        assertThat(hot.entries()).isEqualTo(whole.entries().subList(20, 50));
        assertThat(hot.entries().getFirst().seq()).isEqualTo(1_201);
        assertThat(hot.hasMore()).isTrue();
        assertThat(hot.tier()).isEqualTo(Tier.HOT);
      }
      // What is wholly there is not to be had, and nobody begins in the middle who reads forward.
      assertThat(rig.before(ConversationHarness.BOB, 1_201L, 50)).isEmpty();
      assertThat(rig.page(ConversationHarness.BOB, 1_180, 50)).isEmpty();
      rig.tier.fault = MemoryTier.Fault.NONE;
      assertThat(rig.before(ConversationHarness.BOB, 1_231L, 50)).contains(whole);
    }
  }

  @Test
  void firstPageCutAtTheBorderHasMore() {
    try (ColdTierHarness rig = rig()) {
      rig.texts(19);
      rig.days(61);
      rig.texts(20);
      rig.archive();
      assertThat(rig.state().archive().archivedTo()).isEqualTo(20);
      rig.texts(600);
      assertThat(rig.before(ConversationHarness.BOB, 31L, 50).orElseThrow().hasMore()).isFalse();
      rig.tier.fault = MemoryTier.Fault.DOWN;
      HistoryPage cut = rig.before(ConversationHarness.BOB, 31L, 50).orElseThrow();
      assertThat(cut.entries()).hasSize(10);
      assertThat(cut.hasMore()).isTrue();
    }
  }

  @Test
  void outageLimitsTheNewestPageToMemory() {
    try (ColdTierHarness rig = rig()) {
      rig.texts(1_199);
      rig.days(31);
      rig.archive();
      assertThat(rig.state().archive().archivedTo()).isEqualTo(1_200);
      int inMemory = RecentEntries.ENTRIES;
      HistoryPage whole = rig.before(ConversationHarness.BOB, null, inMemory + 10).orElseThrow();
      rig.tier.fault = MemoryTier.Fault.DOWN;
      HistoryPage rest = rig.before(ConversationHarness.BOB, null, inMemory + 10).orElseThrow();
      assertThat(rest.tier()).isEqualTo(Tier.MEMORY);
      assertThat(rest.hasMore()).isTrue();
      assertThat(rest.entries()).isEqualTo(whole.entries().subList(10, inMemory + 10));
    }
  }

  @Test
  void uncountableCursorIsRetriedAndThenGivenUp() {
    try (ColdTierHarness rig = rig()) {
      rig.texts(1_199);
      rig.days(31);
      rig.texts(600);
      rig.archive();
      rig.h.restart();
      rig.tier.fault = MemoryTier.Fault.DOWN;
      rig.tier.reads.set(0);
      TestProbe<Conversation.ReadReply> reader = rig.h.kit.createTestProbe();
      rig.h.tell(new Conversation.Read(ConversationHarness.BOB, 5, reader.getRef()));
      assertThat(reader.receiveMessage()).isInstanceOf(Conversation.Refused.class);
      await()
          .atMost(Duration.ofSeconds(30))
          .until(() -> rig.tier.reads.get() == CursorMoves.MAX_TRIES);
      // More ticks, more writes: nobody tries again.
      rig.texts(100);
      assertThat(rig.tier.reads).hasValue(CursorMoves.MAX_TRIES);
      assertThat(Objects.requireNonNull(rig.state().member(ConversationHarness.BOB)).read())
          .isZero();
      rig.tier.fault = MemoryTier.Fault.NONE;
      // The move that is given up takes whoever waits with it, so this one asks until it is not.
      await()
          .until(
              () -> {
                rig.h.tell(new Conversation.Read(ConversationHarness.BOB, 5, reader.getRef()));
                return reader.receiveMessage() instanceof Conversation.ReadDone;
              });
      assertThat(Objects.requireNonNull(rig.state().member(ConversationHarness.BOB)).read())
          .isEqualTo(5);
    }
  }

  @Test
  void archivedEntriesAreNeverRedispatched() {
    try (ColdTierHarness rig = rig()) {
      rig.texts(50);
      rig.days(31);
      rig.archive();
      assertThat(rig.state().archive().archivedTo()).isEqualTo(51);
      // Only what every member's user has acknowledged is archived: that is written down with it.
      assertThat(rig.state().dispatchedTo()).isEqualTo(51);
      rig.texts(5);
      rig.h.told.clear();
      rig.tier.fault = MemoryTier.Fault.DOWN;
      rig.tier.reads.set(0);
      rig.h.restart();
      long next = rig.h.text(ConversationHarness.ANN, "live", "live").seq();
      await()
          .until(
              () ->
                  rig.h.entries(ConversationHarness.BOB).stream()
                      .map(Entry::seq)
                      .toList()
                      .contains(next));
      assertThat(rig.h.entries(ConversationHarness.BOB).getFirst().seq()).isGreaterThan(51);
      assertThat(rig.tier.reads).hasValue(0);
    }
  }
}
