package parley.conversation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static parley.conversation.ConversationHarness.ANN;
import static parley.conversation.ConversationHarness.BOB;
import static parley.conversation.ConversationHarness.assertRefused;
import static parley.conversation.ConversationHarness.seqs;

import java.util.List;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import parley.model.Entry;
import parley.model.EntryBody;
import parley.model.EntryIntent;
import parley.model.ErrorCode;
import parley.model.HistoryPage.Tier;

/** Pages, previews and unread counts. */
class ConversationHistoryTest {

  @Test
  void deletedTextIsGoneFromPagesEditsAndPreviews() {
    try (ConversationHarness h = ConversationHarness.direct()) {
      h.opening(ANN, BOB, "c1");
      h.text(ANN, "c2", "secret");
      h.post(ANN, "c3", new EntryIntent.Edit(2, "secret too"));
      assertThat(h.preview(BOB)).isEqualTo("secret too");
      Entry edited = h.page(BOB, null, null, 10, false).entries().get(1);
      assertThat(edited.body()).isEqualTo(new EntryBody.Text("secret too", null, null, true));
      assertRefused(h.post(BOB, "c4", new EntryIntent.Delete(2)), ErrorCode.FORBIDDEN);
      assertRefused(h.post(BOB, "c4", new EntryIntent.Edit(2, "no")), ErrorCode.FORBIDDEN);
      assertThat(h.last(BOB).member().unread()).isEqualTo(2);
      h.post(ANN, "c5", new EntryIntent.Delete(2));
      assertThat(h.last(BOB).member().unread()).isEqualTo(1);
      assertThat(h.preview(BOB)).isEqualTo("hello");
      List<Entry> page = h.page(BOB, null, null, 10, false).entries();
      assertThat(page.get(1).deleted()).isTrue();
      assertThat(page.get(2).body()).isEqualTo(new EntryBody.Edit(2, null));
      assertRefused(h.post(ANN, "c6", new EntryIntent.Edit(2, "no")), ErrorCode.FORBIDDEN);
      assertRefused(h.post(ANN, "c7", new EntryIntent.React(2, "+")), ErrorCode.FORBIDDEN);
      assertRefused(h.post(ANN, "c8", new EntryIntent.Delete(99)), ErrorCode.NOT_FOUND);
      assertRefused(h.post(ANN, "c9", new EntryIntent.Edit(3, "no")), ErrorCode.FORBIDDEN);
    }
  }

  @Test
  void previewOlderThanMemoryIsReadFromTheLog() {
    try (ConversationHarness h = ConversationHarness.direct()) {
      h.opening(ANN, BOB, "c1");
      h.text(ANN, "c2", "last");
      for (int i = 0; i < 2 * RecentEntries.ENTRIES; i++) {
        h.post(BOB, "r" + i, new EntryIntent.React(1, "+"));
      }
      h.post(ANN, "d", new EntryIntent.Delete(2));
      await()
          .untilAsserted(
              () -> {
                assertThat(h.last(BOB).header().lastMessage()).isNotNull();
                assertThat(h.preview(BOB)).isEqualTo("hello");
              });
      h.restart();
      int before = h.events().size();
      h.post(ANN, "d2", new EntryIntent.Delete(1));
      await()
          .until(
              () ->
                  h.events().stream()
                      .skip(before)
                      .anyMatch(ConversationEvent.PreviewRestored.class::isInstance));
      // The cursor is durable, and after the next answer it has also been sent to the members.
      h.page(ANN, null, 0L, 1, false);
      assertThat(h.last(BOB).header().lastMessage()).isNull();
    }
  }

  @Test
  void unreadIsCountedFromTheLogForAnyCursor() {
    try (ConversationHarness h = ConversationHarness.direct()) {
      h.opening(ANN, BOB, "c0");
      for (int i = 1; i < 1_000; i++) {
        h.text(i % 10 == 0 ? BOB : ANN, "c" + i, "t");
      }
      h.post(ANN, "d1", new EntryIntent.Delete(300));
      assertThat(h.last(BOB).member().unread()).isEqualTo(900);
      h.read(BOB, 100);
      // 101 to 1000 are 900, of which 90 are Bob's own and one is deleted.
      assertThat(h.last(BOB).member().unread()).isEqualTo(809);
      h.read(BOB, 50);
      assertThat(h.last(BOB).member().read()).isEqualTo(100);
      h.restart();
      h.read(BOB, 990);
      assertThat(h.last(BOB).member().unread()).isEqualTo(9);
      h.read(BOB, 5_000);
      assertThat(h.last(BOB).member().unread()).isZero();
      assertThat(h.last(BOB).member().read()).isEqualTo(1_001);
      assertThat(h.last(ANN).member().peerRead()).isEqualTo(1_001);
    }
  }

  @Test
  void pagesFromMemoryEqualPagesFromTheLog() {
    try (ConversationHarness h = ConversationHarness.direct()) {
      h.opening(ANN, BOB, "c0");
      for (int i = 1; i < 700; i++) {
        h.text(ANN, "c" + i, "t" + i);
      }
      h.post(ANN, "e", new EntryIntent.Edit(10, "edited"));
      var newest = h.page(BOB, null, null, 50, false);
      assertThat(newest.tier()).isEqualTo(Tier.MEMORY);
      assertThat(seqs(newest.entries()))
          .isEqualTo(LongStream.rangeClosed(652, 701).boxed().toList());
      assertThat(newest.hasMore()).isTrue();
      var old = h.page(BOB, 21L, null, 20, false);
      assertThat(old.tier()).isEqualTo(Tier.HOT);
      assertThat(seqs(old.entries())).isEqualTo(LongStream.rangeClosed(1, 20).boxed().toList());
      assertThat(old.hasMore()).isFalse();
      assertThat(((EntryBody.Text) old.entries().get(9).body()).content()).isEqualTo("edited");
      long before = 701 - RecentEntries.ENTRIES - 50;
      var mixed = h.page(BOB, null, before, 100, false);
      assertThat(mixed.tier()).isEqualTo(Tier.MIXED);
      assertThat(seqs(mixed.entries()))
          .isEqualTo(LongStream.rangeClosed(before + 1, before + 100).boxed().toList());
      assertThat(h.page(BOB, null, 0L, 1, false).entries().getFirst().seq()).isEqualTo(1);
      assertThat(h.page(BOB, null, 701L, 5, false).entries()).isEmpty();
      assertThat(h.page(BOB, 1L, null, 5, false).entries()).isEmpty();
      h.restart();
      assertThat(h.page(BOB, 21L, null, 20, false).entries()).isEqualTo(old.entries());
    }
  }

  @Test
  void pageIsBoundedInBytesFromTheRequestedSide() {
    try (ConversationHarness h = ConversationHarness.direct()) {
      h.opening(ANN, BOB, "c0");
      String large = "\u0001".repeat(16_000);
      for (int i = 1; i < 20; i++) {
        h.text(ANN, "c" + i, large);
      }
      var newest = h.page(BOB, null, null, 20, false);
      assertThat(seqs(newest.entries())).containsExactly(19L, 20L);
      assertThat(newest.hasMore()).isTrue();
      var after = h.page(BOB, null, 1L, 20, false);
      assertThat(seqs(after.entries())).containsExactly(2L, 3L);
      assertThat(after.hasMore()).isTrue();
    }
  }
}
