package parley.session;

import static org.assertj.core.api.Assertions.assertThat;
import static parley.session.SessionHarness.entries;

import java.util.List;
import org.junit.jupiter.api.Test;
import parley.model.ConversationId;
import parley.user.Delivery;
import parley.user.User;

/**
 * The connection that wrote an entry gets {@code sent} for it, and no later message overtakes that.
 */
class OwnEntriesTest {
  private static final ConversationId A = new ConversationId("a");
  private static final ConversationId B = new ConversationId("b");

  private final DeliveryTrackerHarness port = new DeliveryTrackerHarness();
  private final DeliveryTracker deliveryTracker = port.deliveries();

  @Test
  void anEntryAnsweredWithSentIsNotSentAsAMessage() {
    deliveryTracker.attached(List.of());
    deliveryTracker.sentBeforeEntry(A, 7);
    deliveryTracker.entries(A, entries(5, 8));
    assertThat(port.messages()).containsExactly("a5", "a6", "a8");
    assertThat(deliveryTracker.unackedCount()).isEqualTo(3);
    assertThat(deliveryTracker.coveredCount()).isZero();
  }

  @Test
  void anOwnEntryThatArrivesBeforeItsSentIsNotSentAsAMessage() {
    deliveryTracker.attached(List.of());
    port.claimed.add(2L);
    deliveryTracker.entries(A, entries(1, 2));
    assertThat(port.messages()).containsExactly("a1");
    deliveryTracker.sentAfterEntry(A, 2);
    assertThat(deliveryTracker.coveredCount()).isZero();
    deliveryTracker.entries(A, entries(3, 3));
    assertThat(port.messages()).containsExactly("a1", "a3");
  }

  @Test
  void noMessageOvertakesASent() {
    deliveryTracker.attached(List.of());
    port.claimed.add(2L);
    deliveryTracker.entries(A, entries(1, 3));
    deliveryTracker.entries(A, entries(4, 4));
    // A client that acknowledges 4 has not seen 2: its answer is still to come.
    deliveryTracker.ack(A, 4);
    assertThat(port.messages()).containsExactly("a1");
    assertThat(port.asks).isEmpty();
    assertThat(deliveryTracker.takeAcks()).containsExactly(new User.Ack(A, 1, 1));
    deliveryTracker.sentAfterEntry(A, 2);
    assertThat(port.messages()).containsExactly("a1", "a3", "a4");
    assertThat(port.asks).as("what waited needs no reading").isEmpty();
    assertThat(deliveryTracker.coveredCount()).isZero();
    deliveryTracker.ack(A, 4);
    assertThat(deliveryTracker.takeAcks()).endsWith(new User.Ack(A, 4, 4));
    assertThat(deliveryTracker.trackCount()).isZero();
  }

  @Test
  void anEarlierAcknowledgementDoesNotCoverALaterSent() {
    deliveryTracker.attached(List.of());
    deliveryTracker.entries(A, entries(1, 1));
    deliveryTracker.ack(A, 1);
    port.claimed.addAll(List.of(2L, 3L));
    deliveryTracker.entries(A, entries(2, 3));
    deliveryTracker.sentAfterEntry(A, 3);
    deliveryTracker.ack(A, 3);
    deliveryTracker.takeAcks();
    deliveryTracker.sentAfterEntry(A, 2);
    assertThat(deliveryTracker.takeAcks()).isEmpty();
    deliveryTracker.ack(A, 3);
    assertThat(deliveryTracker.takeAcks()).containsExactly(new User.Ack(A, 3, 3));
    // The same holds if both answers come before their entries.
    deliveryTracker.sentBeforeEntry(A, 5);
    deliveryTracker.ack(A, 5);
    deliveryTracker.sentBeforeEntry(A, 4);
    deliveryTracker.entries(A, entries(4, 5));
    assertThat(deliveryTracker.takeAcks()).isEmpty();
    deliveryTracker.ack(A, 5);
    assertThat(deliveryTracker.takeAcks()).containsExactly(new User.Ack(A, 5, 5));
    assertThat(deliveryTracker.trackCount()).isZero();
  }

  @Test
  void theAcknowledgementOfASentCountsOnceItsEntryHasArrived() {
    deliveryTracker.attached(List.of());
    deliveryTracker.sentBeforeEntry(A, 7);
    deliveryTracker.ack(A, 7);
    assertThat(deliveryTracker.takeAcks()).isEmpty();
    deliveryTracker.entries(A, entries(7, 7));
    assertThat(deliveryTracker.takeAcks()).containsExactly(new User.Ack(A, 7, 7));
    assertThat(deliveryTracker.trackCount()).isZero();
  }

  @Test
  void acknowledgementsDoNotCoverUnsentEntries() {
    deliveryTracker.attached(List.of(new Delivery.Lag(A, 0, 5)));
    deliveryTracker.sentBeforeEntry(A, 6);
    deliveryTracker.ack(A, 6);
    assertThat(deliveryTracker.takeAcks()).isEmpty();
    port.answer(A, 5);
    assertThat(port.messages()).hasSize(5);
    deliveryTracker.entries(A, entries(6, 6));
    assertThat(deliveryTracker.takeAcks()).isEmpty();
    deliveryTracker.ack(A, 1_000);
    assertThat(deliveryTracker.takeAcks()).containsExactly(new User.Ack(A, 6, 6));
  }

  @Test
  void anOwnEntryWhoseSentIsCancelledIsSentAsAMessage() {
    deliveryTracker.attached(List.of());
    port.claimed.add(2L);
    deliveryTracker.entries(A, entries(1, 3));
    deliveryTracker.sentCancelled(A, 2);
    assertThat(port.messages()).containsExactly("a1", "a2", "a3");
    assertThat(deliveryTracker.coveredCount()).isZero();
    deliveryTracker.ack(A, 3);
    assertThat(deliveryTracker.trackCount()).isZero();
  }

  @Test
  void entriesThatWaitForSeveralSentsFollowEachOfThem() {
    deliveryTracker.attached(List.of());
    port.claimed.addAll(List.of(2L, 4L));
    deliveryTracker.entries(A, entries(1, 3));
    deliveryTracker.entries(A, entries(4, 5));
    deliveryTracker.sentAfterEntry(A, 4);
    assertThat(port.messages()).containsExactly("a1");
    deliveryTracker.sentAfterEntry(A, 2);
    assertThat(port.messages()).containsExactly("a1", "a3", "a5");
    port.claimed.addAll(List.of(6L, 8L));
    deliveryTracker.entries(A, entries(6, 9));
    deliveryTracker.sentAfterEntry(A, 6);
    deliveryTracker.entries(A, entries(10, 10));
    assertThat(port.messages()).endsWith("a5", "a7");
    deliveryTracker.sentCancelled(A, 8);
    assertThat(port.messages()).endsWith("a7", "a8", "a9", "a10");
    assertThat(port.asks).isEmpty();
  }

  @Test
  void waitingEntriesOverTheBoundAreReadAgain() {
    deliveryTracker.attached(List.of());
    port.claimed.addAll(List.of(1L));
    deliveryTracker.entries(B, entries(1, 5));
    deliveryTracker.entries(A, entries(1, 30));
    deliveryTracker.entries(A, entries(31, 80));
    deliveryTracker.entries(A, entries(81, 81));
    deliveryTracker.sentAfterEntry(A, 1);
    // 64 entries may be held, and five of them wait in the other conversation.
    assertThat(port.messages()).hasSize(58).endsWith("a59");
    port.answer(A, 81);
    assertThat(port.messages()).hasSize(80).endsWith("a81");
    // An entry that went out is not held any more: there is room for 64 again.
    deliveryTracker.sentAfterEntry(B, 1);
    port.claimed.add(82L);
    deliveryTracker.entries(A, entries(82, 145));
    deliveryTracker.sentAfterEntry(A, 82);
    assertThat(port.messages()).endsWith("a145");
    assertThat(port.asks).isEmpty();
  }

  @Test
  void aPageThatWaitsForASentDoesNotShrinkTheNextPages() {
    deliveryTracker.attached(List.of(new Delivery.Lag(A, 0, 10), new Delivery.Lag(B, 0, 300)));
    port.claimed.add(13L);
    deliveryTracker.entries(A, entries(11, 14));
    port.answer(A, 14);
    port.answer(A, 14);
    assertThat(port.messages()).endsWith("a12");
    port.answer(B, 300);
    assertThat(port.asks).containsEntry(B, List.of(100L, 100L));
  }

  @Test
  void aPageHoldsEntriesThatWaitForASent() {
    deliveryTracker.attached(List.of(new Delivery.Lag(A, 0, 150)));
    port.claimed.add(151L);
    deliveryTracker.entries(A, entries(151, 152));
    port.answer(A, 152);
    port.answer(A, 152);
    assertThat(port.messages()).endsWith("a150");
    deliveryTracker.entries(A, entries(153, 153));
    deliveryTracker.sentAfterEntry(A, 151);
    assertThat(port.messages()).endsWith("a150", "a152", "a153");
    assertThat(port.asks).isEmpty();
  }

  @Test
  void aClientThatBecomesSlowGetsWaitingEntriesLater() {
    deliveryTracker.attached(List.of());
    port.claimed.add(1L);
    deliveryTracker.entries(A, entries(1, 2));
    port.slow = true;
    deliveryTracker.entries(A, entries(3, 3));
    deliveryTracker.sentAfterEntry(A, 1);
    assertThat(port.messages()).isEmpty();
    assertThat(deliveryTracker.heldCount()).isZero();
    port.slow = false;
    deliveryTracker.drained(true);
    port.answer(A, 3);
    assertThat(port.log).containsExactly("synced 0", "a2", "a3");
  }

  @Test
  void aGapAnnouncedWhileEntriesWaitKeepsItsPlace() {
    deliveryTracker.attached(List.of());
    port.claimed.add(2L);
    deliveryTracker.entries(A, entries(1, 3));
    deliveryTracker.gapSeen(A, 4, 6, "archived");
    deliveryTracker.entries(A, entries(7, 7));
    deliveryTracker.sentAfterEntry(A, 2);
    assertThat(port.log).containsExactly("synced 0", "a1", "a3");
    deliveryTracker.pageRefused(A);
    assertThat(port.log).containsExactly("synced 0", "a1", "a3", "gap a 4-7 not_found");
  }

  @Test
  void aGapReplacesEntriesThatWaitForTheirSent() {
    deliveryTracker.attached(List.of());
    port.claimed.add(2L);
    deliveryTracker.entries(A, entries(1, 3));
    assertThat(deliveryTracker.resumed(List.of(new Delivery.Lag(A, 1, 3, 3)))).isTrue();
    deliveryTracker.sentAfterEntry(A, 2);
    deliveryTracker.entries(A, entries(4, 4));
    assertThat(deliveryTracker.heldCount()).isZero();
    assertThat(port.log).containsExactly("synced 0", "a1", "gap a 2-3 expired", "a4");
    deliveryTracker.ack(A, 4);
    assertThat(deliveryTracker.trackCount()).isZero();
  }

  @Test
  void anOwnEntryMissedDuringALostUserIsReportedByItsSent() {
    deliveryTracker.attached(List.of());
    deliveryTracker.entries(A, entries(1, 1));
    port.claimed.addAll(List.of(1L, 3L));
    // The user entity died. 2 to 4 were delivered while no session was attached.
    assertThat(deliveryTracker.resumed(List.of(new Delivery.Lag(A, 0, 4)))).isTrue();
    port.answer(A, 4);
    assertThat(port.messages()).containsExactly("a1", "a2");
    deliveryTracker.sentAfterEntry(A, 3);
    assertThat(port.messages()).containsExactly("a1", "a2", "a4");
    deliveryTracker.ack(A, 4);
    assertThat(deliveryTracker.trackCount()).isZero();
    assertThat(deliveryTracker.coveredCount()).isZero();
  }
}
