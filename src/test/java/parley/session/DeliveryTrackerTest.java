package parley.session;

import static org.assertj.core.api.Assertions.assertThat;
import static parley.session.SessionHarness.entries;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import parley.model.ConversationId;
import parley.user.Delivery;
import parley.user.User;

/** New entries are sent once and in order, within the window, until they are acknowledged. */
class DeliveryTrackerTest {
  private static final ConversationId A = new ConversationId("a");
  private static final ConversationId B = new ConversationId("b");

  private final DeliveryTrackerHarness port = new DeliveryTrackerHarness();
  private final DeliveryTracker deliveryTracker = port.deliveries();

  @Test
  void liveEntriesAreSentAtOnce() {
    deliveryTracker.attached(List.of());
    deliveryTracker.entries(A, entries(5, 7));
    deliveryTracker.entries(A, entries(8, 8));
    assertThat(port.log).containsExactly("synced 0", "a5", "a6", "a7", "a8");
    assertThat(port.asks).isEmpty();
  }

  @Test
  void acknowledgedEntriesAreForgotten() {
    deliveryTracker.attached(List.of());
    deliveryTracker.entries(A, entries(1, 3));
    deliveryTracker.ack(A, 2);
    assertThat(deliveryTracker.unackedCount()).isEqualTo(1);
    deliveryTracker.ack(A, 3);
    assertThat(deliveryTracker.trackCount()).isZero();
    assertThat(deliveryTracker.takeAcks()).containsExactly(new User.Ack(A, 3, 3));
  }

  @Test
  void theSameEntryTwiceIsSentOnce() {
    deliveryTracker.attached(List.of());
    deliveryTracker.entries(A, entries(1, 3));
    deliveryTracker.entries(A, entries(2, 4));
    assertThat(port.log).containsExactly("synced 0", "a1", "a2", "a3", "a4");
  }

  @Test
  void theWindowHoldsBackEntriesUntilOthersAreAcknowledged() {
    deliveryTracker.attached(List.of());
    deliveryTracker.entries(A, entries(1, 300));
    assertThat(port.messages()).hasSize(256);
    assertThat(port.asks).isEmpty();
    deliveryTracker.ack(A, 10);
    deliveryTracker.takeAcks();
    deliveryTracker.requestPages();
    assertThat(port.asks).containsEntry(A, List.of(256L, 10L));
    port.answer(A, 300);
    assertThat(port.messages()).hasSize(266).endsWith("a266");
    assertThat(deliveryTracker.unackedCount()).isEqualTo(256);
    deliveryTracker.ack(A, 266);
    port.answer(A, 300);
    assertThat(port.messages()).hasSize(300).endsWith("a300");
  }

  @Test
  void acknowledgementsNeverGoBackAndUnknownConversationsAreIgnored() {
    deliveryTracker.attached(List.of());
    deliveryTracker.entries(A, entries(1, 5));
    deliveryTracker.ack(A, 4);
    deliveryTracker.ack(A, 2);
    deliveryTracker.ack(B, 100);
    assertThat(deliveryTracker.takeAcks()).containsExactly(new User.Ack(A, 4, 4));
    assertThat(deliveryTracker.unackedCount()).isEqualTo(1);
  }

  @Test
  void aGapThatTheUserAnnouncesIsPassedOn() {
    deliveryTracker.attached(List.of());
    deliveryTracker.gapSeen(A, 3, 9, "archived");
    deliveryTracker.entries(A, entries(10, 10));
    assertThat(port.log).containsExactly("synced 0", "gap a 3-9 archived", "a10");
  }

  @Test
  void aSlowClientGetsAGapOncePerConversation() {
    deliveryTracker.attached(List.of());
    deliveryTracker.entries(A, entries(1, 1));
    port.slow = true;
    deliveryTracker.entries(A, entries(2, 5));
    deliveryTracker.entries(A, entries(6, 6));
    deliveryTracker.entries(B, entries(9, 9));
    assertThat(port.messages()).containsExactly("a1");
    port.slow = false;
    deliveryTracker.drained(true);
    deliveryTracker.entries(A, entries(7, 7));
    assertThat(port.log)
        .containsExactly("synced 0", "a1", "gap a 2-6 slow", "gap b 9-9 slow", "a7");
    deliveryTracker.ack(A, 7);
    assertThat(deliveryTracker.takeAcks()).containsExactly(new User.Ack(A, 7, 7));
  }

  @Test
  void aClientThatIsSlowForAMomentGetsItsEntriesLate() {
    deliveryTracker.attached(List.of());
    port.slow = true;
    deliveryTracker.entries(A, entries(2, 5));
    assertThat(port.asks).isEmpty();
    port.slow = false;
    deliveryTracker.drained(false);
    port.answer(A, 5);
    assertThat(port.messages()).containsExactly("a2", "a3", "a4", "a5");
  }

  @Test
  void theRemovalOfAMemberIsSentOnceEvenIfTheUserRepeatsIt() {
    deliveryTracker.attached(List.of());
    deliveryTracker.entries(A, entries(42, 43));
    deliveryTracker.userLeft(A);
    deliveryTracker.ack(A, 43);
    assertThat(deliveryTracker.trackCount()).isZero();
    for (int life = 0; life < 2; life++) {
      deliveryTracker.takeAcks();
      deliveryTracker.entries(A, entries(43, 43));
      deliveryTracker.userLeft(A);
      assertThat(deliveryTracker.takeAcks()).containsExactly(new User.Ack(A, 43, 43));
      assertThat(deliveryTracker.resumed(List.of(new Delivery.Lag(A, 42, 43)))).isTrue();
    }
    assertThat(port.messages()).containsExactly("a42", "a43");
    assertThat(deliveryTracker.trackCount()).isZero();
    // The member is added again. Entries in between are not missing.
    deliveryTracker.sentBeforeEntry(A, 51);
    deliveryTracker.entries(A, entries(50, 52));
    assertThat(port.log).containsExactly("synced 0", "a42", "a43", "a50", "a52");
  }

  @Test
  void aRemovalRepeatedBeforeItsAcknowledgementIsNotSentAgain() {
    deliveryTracker.attached(List.of());
    deliveryTracker.entries(A, entries(43, 43));
    deliveryTracker.userLeft(A);
    deliveryTracker.entries(A, entries(43, 43));
    deliveryTracker.ack(A, 43);
    deliveryTracker.entries(A, entries(50, 50));
    assertThat(port.log).containsExactly("synced 0", "a43", "a50");
  }

  @Test
  void resumeFailsWhenTheProgressOfAConversationIsForgotten() {
    deliveryTracker.attached(List.of());
    List<ConversationId> ids = new ArrayList<>();
    for (int i = 0; i <= TrackedConversations.MAX_IDLE; i++) {
      ConversationId id = new ConversationId("x" + i);
      ids.add(id);
      deliveryTracker.entries(id, entries(1, 3));
      deliveryTracker.ack(id, 3);
    }
    assertThat(deliveryTracker.resumed(List.of(new Delivery.Lag(ids.get(1), 2, 3)))).isTrue();
    List<Delivery.Lag> lost = List.of(new Delivery.Lag(ids.getFirst(), 2, 4));
    assertThat(deliveryTracker.resumed(lost)).isFalse();
    // An answer says nothing about earlier entries.
    deliveryTracker.sentBeforeEntry(ids.getFirst(), 4);
    assertThat(deliveryTracker.resumed(lost)).isFalse();
    assertThat(port.messages()).hasSize(3 * ids.size());
  }
}
