package parley.conversation;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import parley.model.Entry;
import parley.model.HistoryPage;
import parley.model.HistoryPage.Tier;
import parley.model.Limits;

/**
 * Pages that cross the border between the journal and the cold tier: the tier that they name, and
 * what happens when the border moves.
 */
@Timeout(90)
class TierBorderPagesTest {
  private static void large(ColdTierHarness harness, String name) {
    for (int i = 0; i < 50; i++) {
      harness.h.text(ConversationHarness.ANN, name + i, "x".repeat(Limits.CONTENT_BYTES));
    }
  }

  private static ConversationHarness held() {
    ConversationHarness h = ConversationHarness.direct();
    ConversationSettings now = h.settings();
    h.settings(
        new ConversationSettings(
            now.cursorFlushDelay(),
            now.tick(),
            now.idle(),
            now.snapshots(),
            PausableJournal.PLUGIN));
    h.opening(ConversationHarness.ANN, ConversationHarness.BOB, "first");
    return h;
  }

  /**
   * Checks a page that was shortened to its size in bytes: its tier, and its first or last seq; 0
   * is any.
   */
  private static void cut(HistoryPage page, Tier tier, long first, long last) {
    assertThat(page.entries()).hasSizeBetween(6, 20);
    if (first > 0) {
      assertThat(page.entries().getFirst().seq()).isEqualTo(first);
    } else {
      assertThat(page.entries().getLast().seq()).isEqualTo(last);
    }
    assertThat(page.hasMore()).isTrue();
    assertThat(page.tier()).isEqualTo(tier);
  }

  @Test
  void cutPageNamesTheTierOfTheEntriesItShows() {
    ConversationHarness h = ConversationHarness.direct();
    h.opening(ConversationHarness.ANN, ConversationHarness.BOB, "first");
    try (ColdTierHarness harness = new ColdTierHarness(h)) {
      large(harness, "cold");
      harness.days(61);
      large(harness, "hot");
      harness.texts(RecentEntries.ENTRIES + 44);
      harness.archive();
      assertThat(harness.state().archive().archivedTo()).isEqualTo(51);
      assertThat(harness.state().firstSeqInMemory()).isEqualTo(101 + 44 + 1);
      // Each page would cross a border, if all of its entries fitted.
      cut(harness.page(ConversationHarness.BOB, 1, 100).orElseThrow(), Tier.COLD, 2, 0);
      cut(harness.before(ConversationHarness.BOB, 102L, 100).orElseThrow(), Tier.HOT, 0, 101);
      cut(harness.page(ConversationHarness.BOB, 60, 100).orElseThrow(), Tier.HOT, 61, 0);
      cut(harness.page(ConversationHarness.BOB, 46, 100).orElseThrow(), Tier.MIXED, 47, 0);
      cut(harness.before(ConversationHarness.BOB, 57L, 50).orElseThrow(), Tier.MIXED, 0, 56);
    }
  }

  @Test
  void pageArchivedDuringTheReadComesFromTheColdTier() {
    ConversationHarness h = held();
    try (ColdTierHarness harness = new ColdTierHarness(h)) {
      harness.texts(1_199);
      harness.days(61);
      List<Entry> expected = harness.page(ConversationHarness.BOB, 100, 50).orElseThrow().entries();
      int pages = HistoryPages.IN_FLIGHT + 1;
      try (var hold =
          new PausableJournal.Hold(h.kit.system().classicSystem(), HistoryPages.IN_FLIGHT)) {
        // The last read waits for the others.
        for (int i = 0; i < pages; i++) {
          h.tell(
              new Conversation.GetPage(
                  ConversationHarness.BOB, null, 100L, 50, false, h.pages.getRef()));
        }
        harness.archive();
        assertThat(hold.left()).isZero();
        assertThat(harness.state().archive().removedTo())
            .isEqualTo(harness.state().archive().archivedEvent())
            .isPositive();
      }
      for (int i = 0; i < pages; i++) {
        assertThat(h.pages.receiveMessage(Duration.ofSeconds(20)))
            .isInstanceOfSatisfying(
                Conversation.Page.class,
                reply -> {
                  assertThat(reply.page().entries()).isEqualTo(expected);
                  assertThat(reply.page().tier()).isEqualTo(Tier.COLD);
                });
      }
      // No read holds a place in a queue any more, in the conversation or in the tier.
      long last = harness.state().lastSeq();
      harness.texts(600);
      assertThat(harness.page(ConversationHarness.BOB, last, 50).orElseThrow().tier())
          .isEqualTo(Tier.HOT);
      assertThat(harness.page(ConversationHarness.BOB, last - 10, 50).orElseThrow().tier())
          .isEqualTo(Tier.MIXED);
    }
  }

  @Test
  void pageAcrossAMovedBorderComesFromBothTiers() {
    ConversationHarness h = held();
    try (ColdTierHarness harness = new ColdTierHarness(h)) {
      harness.texts(1_199);
      harness.days(61);
      harness.texts(600);
      harness.archive();
      HistoryPage whole = harness.page(ConversationHarness.BOB, 1_180, 50).orElseThrow();
      assertThat(whole.tier()).isEqualTo(Tier.MIXED);
      harness.days(61);
      try (var hold = new PausableJournal.Hold(h.kit.system().classicSystem(), 1)) {
        h.tell(
            new Conversation.GetPage(
                ConversationHarness.BOB, null, 1_180L, 50, false, h.pages.getRef()));
        harness.archive();
        assertThat(hold.left()).isZero();
      }
      assertThat(h.pages.receiveMessage(Duration.ofSeconds(20)))
          .isInstanceOfSatisfying(
              Conversation.Page.class,
              reply -> {
                assertThat(reply.page().entries()).isEqualTo(whole.entries());
                assertThat(reply.page().tier()).isEqualTo(Tier.COLD);
              });
    }
  }
}
