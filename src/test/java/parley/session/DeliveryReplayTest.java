package parley.session;

import static org.assertj.core.api.Assertions.assertThat;
import static parley.session.SessionHarness.entries;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import parley.model.ConversationId;
import parley.model.Entry;
import parley.user.Delivery;
import parley.user.User;

/**
 * Entries that a client lacks are read page by page; a gap announces entries that cannot be read.
 */
class DeliveryReplayTest {
  private static final ConversationId A = new ConversationId("a");
  private static final ConversationId B = new ConversationId("b");
  private static final ConversationId C = new ConversationId("c");

  private final DeliveryTrackerHarness port = new DeliveryTrackerHarness();
  private final DeliveryTracker deliveryTracker = port.deliveries();

  @Test
  void syncedFollowsTheWholeBacklog() {
    deliveryTracker.attached(
        List.of(new Delivery.Lag(A, 5, 8), new Delivery.Lag(B, 0, 2), new Delivery.Lag(C, 1, 2)));
    assertThat(port.asks.keySet()).containsExactly(A, B);
    port.answer(B, 2);
    port.answer(A, 8);
    assertThat(port.log).doesNotContain("synced 6");
    port.answer(C, 2);
    assertThat(port.log).containsExactly("b1", "b2", "a6", "a7", "a8", "c2", "synced 6");
  }

  @Test
  void aBacklogOverTheWindowWaitsForAcknowledgements() {
    deliveryTracker.attached(List.of(new Delivery.Lag(A, 0, 300)));
    for (int i = 0; i < 3; i++) {
      port.answer(A, 300);
    }
    assertThat(port.messages()).hasSize(256);
    assertThat(port.asks).isEmpty();
    deliveryTracker.ack(A, 256);
    port.answer(A, 300);
    assertThat(port.log).hasSize(301).endsWith("a300", "synced 300");
  }

  @Test
  void aLiveEntryBehindAHeldBackRangeWaits() {
    deliveryTracker.attached(List.of(new Delivery.Lag(A, 0, 10)));
    deliveryTracker.entries(A, entries(11, 12));
    deliveryTracker.entries(B, entries(1, 1));
    assertThat(port.log).containsExactly("b1");
    port.answer(A, 12);
    assertThat(port.messages()).hasSize(11).endsWith("a10");
    assertThat(port.log).endsWith("synced 10");
    port.answer(A, 12);
    assertThat(port.messages()).endsWith("a11", "a12");
  }

  @Test
  void replayStopsWhereTheBufferIsFull() {
    deliveryTracker.attached(List.of(new Delivery.Lag(A, 0, 50)));
    port.room = 20;
    port.answer(A, 50);
    assertThat(port.messages()).hasSize(20);
    assertThat(port.asks).isEmpty();
    port.room = Integer.MAX_VALUE;
    deliveryTracker.requestPages();
    assertThat(port.asks).containsEntry(A, List.of(20L, 20L));
    port.answer(A, 50);
    port.answer(A, 50);
    assertThat(port.log).hasSize(51).endsWith("synced 50");
  }

  @Test
  void aMissingPageIsRequestedAgainAfterAPause() {
    deliveryTracker.attached(List.of(new Delivery.Lag(A, 0, 3)));
    port.asks.clear();
    deliveryTracker.pageFailed(A);
    assertThat(port.asks).isEmpty();
    assertThat(deliveryTracker.hasWaiting()).isTrue();
    deliveryTracker.waitTick();
    port.asks.clear();
    deliveryTracker.pageFailed(A);
    deliveryTracker.waitTick();
    assertThat(port.asks).isEmpty();
    deliveryTracker.waitTick();
    port.answer(A, 3);
    assertThat(port.log).containsExactly("a1", "a2", "a3", "synced 3");
    assertThat(deliveryTracker.hasWaiting()).isFalse();
  }

  @Test
  void expiredEntriesAreAnnouncedAsAGapAndTheRestIsSent() {
    deliveryTracker.attached(
        List.of(
            new Delivery.Lag(A, 1, 8, 6),
            new Delivery.Lag(B, 0, 2, 2),
            new Delivery.Lag(C, 1, 2, 0)));
    assertThat(port.log).containsExactly("gap a 2-6 expired", "gap b 1-2 expired");
    port.answer(A, 8);
    port.answer(C, 2);
    assertThat(port.log)
        .containsExactly("gap a 2-6 expired", "gap b 1-2 expired", "a7", "a8", "c2", "synced 3");
    // The client may acknowledge past the gap.
    deliveryTracker.ack(B, 2);
    deliveryTracker.ack(A, 6);
    assertThat(deliveryTracker.takeAcks())
        .containsExactlyInAnyOrder(new User.Ack(B, 2, 2), new User.Ack(A, 6, 6));
  }

  @Test
  void nothingIsReplayedIfAllEntriesExpired() {
    deliveryTracker.attached(List.of(new Delivery.Lag(A, 1, 8, 8), new Delivery.Lag(B, 0, 2, 2)));
    assertThat(port.log).containsExactly("gap a 2-8 expired", "gap b 1-2 expired", "synced 0");
    assertThat(port.asks).isEmpty();
  }

  @Test
  void forgottenEntriesAreAnnouncedAsAGapWithThatReason() {
    deliveryTracker.attached(
        List.of(
            new Delivery.Lag(A, 0, 8, 6, 6),
            new Delivery.Lag(B, 0, 3, 3, 2),
            new Delivery.Lag(C, 1, 2)));
    assertThat(port.log).containsExactly("gap a 1-6 forgotten", "gap b 1-3 expired");
  }

  @Test
  void unavailableEntriesAreAnnouncedAsAGap() {
    deliveryTracker.attached(List.of(new Delivery.Lag(A, 2, 5), new Delivery.Lag(B, 0, 1)));
    port.asks.clear();
    deliveryTracker.pageRefused(A);
    assertThat(port.log).containsExactly("gap a 3-5 not_found");
    deliveryTracker.page(B, List.of());
    for (int i = 1; i < DeliveryTracker.MAX_EMPTY_PAGES; i++) {
      while (port.asks.isEmpty()) {
        deliveryTracker.waitTick();
      }
      port.asks.clear();
      deliveryTracker.page(B, List.of());
    }
    assertThat(port.log).endsWith("gap b 1-1 missing", "synced 0");
  }

  @Test
  void missingEntriesOfAPageAreAnnouncedAsAGap() {
    deliveryTracker.attached(List.of(new Delivery.Lag(A, 0, 5)));
    port.asks.clear();
    List<Entry> page = new ArrayList<>(entries(1, 2));
    page.addAll(entries(5, 5));
    deliveryTracker.page(A, page);
    assertThat(port.log).containsExactly("a1", "a2", "gap a 3-4 missing", "a5", "synced 3");
  }
}
