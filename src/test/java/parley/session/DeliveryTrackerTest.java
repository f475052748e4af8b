package parley.session;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.Set;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import parley.model.ConversationId;
import parley.model.Entry;
import parley.model.EntryBody;
import parley.model.UserId;
import parley.user.User;

class DeliveryTrackerTest {
  private static final ConversationId A = new ConversationId("a");
  private static final ConversationId B = new ConversationId("b");
  private static final ConversationId C = new ConversationId("c");

  private final FakePort port = new FakePort();
  private final DeliveryTracker deliveryTracker = port.deliveries();

  @Test
  void liveEntriesGoStraightOut() {
    deliveryTracker.attached(List.of());
    deliveryTracker.entries(A, entries(5, 7));
    deliveryTracker.entries(A, entries(8, 8));
    assertThat(port.log).containsExactly("synced 0", "a5", "a6", "a7", "a8");
    assertThat(port.asks).isEmpty();
  }

  @Test
  void nothingIsRememberedOfWhatIsAcknowledged() {
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
  void theWindowHoldsBackAndRefills() {
    deliveryTracker.attached(List.of());
    deliveryTracker.entries(A, entries(1, 300));
    assertThat(port.messages()).hasSize(256);
    assertThat(port.asks).isEmpty();
    deliveryTracker.ack(A, 10);
    deliveryTracker.takeAcks();
    deliveryTracker.pump();
    assertThat(port.asks).containsEntry(A, List.of(256L, 10L));
    port.answer(A, 300);
    assertThat(port.messages()).hasSize(266).endsWith("a266");
    assertThat(deliveryTracker.unackedCount()).isEqualTo(256);
    deliveryTracker.ack(A, 266);
    port.answer(A, 300);
    assertThat(port.messages()).hasSize(300).endsWith("a300");
  }

  @Test
  void aLiveEntryBehindAHeldBackRangeWaits() {
    deliveryTracker.attached(List.of(new User.Lag(A, 0, 10)));
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
  void whatHasWaitedTooLongIsAGapAndTheRestIsSent() {
    deliveryTracker.attached(
        List.of(new User.Lag(A, 1, 8, 6), new User.Lag(B, 0, 2, 2), new User.Lag(C, 1, 2, 0)));
    assertThat(port.log).containsExactly("gap a 2-6 expired", "gap b 1-2 expired");
    port.answer(A, 8);
    port.answer(C, 2);
    assertThat(port.log)
        .containsExactly("gap a 2-6 expired", "gap b 1-2 expired", "a7", "a8", "c2", "synced 3");
    // It may be acknowledged past.
    deliveryTracker.ack(B, 2);
    deliveryTracker.ack(A, 6);
    assertThat(deliveryTracker.takeAcks())
        .containsExactlyInAnyOrder(new User.Ack(B, 2, 2), new User.Ack(A, 6, 6));
  }

  @Test
  void whereAllHasWaitedTooLongNothingIsReplayed() {
    deliveryTracker.attached(List.of(new User.Lag(A, 1, 8, 8), new User.Lag(B, 0, 2, 2)));
    assertThat(port.log).containsExactly("gap a 2-8 expired", "gap b 1-2 expired", "synced 0");
    assertThat(port.asks).isEmpty();
  }

  @Test
  void whatWasForgottenIsAGapOfThatReason() {
    deliveryTracker.attached(
        List.of(new User.Lag(A, 0, 8, 6, 6), new User.Lag(B, 0, 3, 3, 2), new User.Lag(C, 1, 2)));
    assertThat(port.log).containsExactly("gap a 1-6 forgotten", "gap b 1-3 expired");
  }

  @Test
  void theBacklogIsSyncedWhenAllOfItWasSent() {
    deliveryTracker.attached(
        List.of(new User.Lag(A, 5, 8), new User.Lag(B, 0, 2), new User.Lag(C, 1, 2)));
    assertThat(port.asks.keySet()).containsExactly(A, B);
    port.answer(B, 2);
    port.answer(A, 8);
    assertThat(port.log).doesNotContain("synced 6");
    port.answer(C, 2);
    assertThat(port.log).containsExactly("b1", "b2", "a6", "a7", "a8", "c2", "synced 6");
  }

  @Test
  void aBacklogOverTheWindowWaitsForAcknowledgements() {
    deliveryTracker.attached(List.of(new User.Lag(A, 0, 300)));
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
  void anAnsweredEntryIsNotToldAgain() {
    deliveryTracker.attached(List.of());
    deliveryTracker.sent(A, 7);
    deliveryTracker.entries(A, entries(5, 8));
    assertThat(port.messages()).containsExactly("a5", "a6", "a8");
    assertThat(deliveryTracker.unackedCount()).isEqualTo(3);
    assertThat(deliveryTracker.coveredCount()).isZero();
  }

  @Test
  void anEntryBeforeItsAnswerIsNotToldEither() {
    deliveryTracker.attached(List.of());
    port.claimed.add(2L);
    deliveryTracker.entries(A, entries(1, 2));
    assertThat(port.messages()).containsExactly("a1");
    deliveryTracker.said(A, 2);
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
    // Who acknowledges the highest it has seen has not seen 2.
    deliveryTracker.ack(A, 4);
    assertThat(port.messages()).containsExactly("a1");
    assertThat(port.asks).isEmpty();
    assertThat(deliveryTracker.takeAcks()).containsExactly(new User.Ack(A, 1, 1));
    deliveryTracker.said(A, 2);
    assertThat(port.messages()).containsExactly("a1", "a3", "a4");
    assertThat(port.asks).as("what waited needs no reading").isEmpty();
    assertThat(deliveryTracker.coveredCount()).isZero();
    deliveryTracker.ack(A, 4);
    assertThat(deliveryTracker.takeAcks()).endsWith(new User.Ack(A, 4, 4));
    assertThat(deliveryTracker.trackCount()).isZero();
  }

  @Test
  void anEarlierAcknowledgementIsNotAboutALaterSent() {
    deliveryTracker.attached(List.of());
    deliveryTracker.entries(A, entries(1, 1));
    deliveryTracker.ack(A, 1);
    port.claimed.addAll(List.of(2L, 3L));
    deliveryTracker.entries(A, entries(2, 3));
    deliveryTracker.said(A, 3);
    deliveryTracker.ack(A, 3);
    deliveryTracker.takeAcks();
    deliveryTracker.said(A, 2);
    assertThat(deliveryTracker.takeAcks()).isEmpty();
    deliveryTracker.ack(A, 3);
    assertThat(deliveryTracker.takeAcks()).containsExactly(new User.Ack(A, 3, 3));
    // The same where answers come before both entries.
    deliveryTracker.sent(A, 5);
    deliveryTracker.ack(A, 5);
    deliveryTracker.sent(A, 4);
    deliveryTracker.entries(A, entries(4, 5));
    assertThat(deliveryTracker.takeAcks()).isEmpty();
    deliveryTracker.ack(A, 5);
    assertThat(deliveryTracker.takeAcks()).containsExactly(new User.Ack(A, 5, 5));
    assertThat(deliveryTracker.trackCount()).isZero();
  }

  @Test
  void aPageThatWaitsForASentDoesNotMakeTheNextOnesSmaller() {
    deliveryTracker.attached(List.of(new User.Lag(A, 0, 10), new User.Lag(B, 0, 300)));
    port.claimed.add(13L);
    deliveryTracker.entries(A, entries(11, 14));
    port.answer(A, 14);
    port.answer(A, 14);
    assertThat(port.messages()).endsWith("a12");
    port.answer(B, 300);
    assertThat(port.asks).containsEntry(B, List.of(100L, 100L));
  }

  @Test
  void whatNoSentTellsAfterAllIsAMessage() {
    deliveryTracker.attached(List.of());
    port.claimed.add(2L);
    deliveryTracker.entries(A, entries(1, 3));
    deliveryTracker.unsaid(A, 2);
    assertThat(port.messages()).containsExactly("a1", "a2", "a3");
    assertThat(deliveryTracker.coveredCount()).isZero();
    deliveryTracker.ack(A, 3);
    assertThat(deliveryTracker.trackCount()).isZero();
  }

  @Test
  void whatWaitsForSeveralSentsGoesOutPieceByPiece() {
    deliveryTracker.attached(List.of());
    port.claimed.addAll(List.of(2L, 4L));
    deliveryTracker.entries(A, entries(1, 3));
    deliveryTracker.entries(A, entries(4, 5));
    deliveryTracker.said(A, 4);
    assertThat(port.messages()).containsExactly("a1");
    deliveryTracker.said(A, 2);
    assertThat(port.messages()).containsExactly("a1", "a3", "a5");
    port.claimed.addAll(List.of(6L, 8L));
    deliveryTracker.entries(A, entries(6, 9));
    deliveryTracker.said(A, 6);
    deliveryTracker.entries(A, entries(10, 10));
    assertThat(port.messages()).endsWith("a5", "a7");
    deliveryTracker.unsaid(A, 8);
    assertThat(port.messages()).endsWith("a7", "a8", "a9", "a10");
    assertThat(port.asks).isEmpty();
  }

  @Test
  void overTheBoundWhatWaitsForASentIsReadAgain() {
    deliveryTracker.attached(List.of());
    port.claimed.addAll(List.of(1L));
    deliveryTracker.entries(B, entries(1, 5));
    deliveryTracker.entries(A, entries(1, 30));
    deliveryTracker.entries(A, entries(31, 80));
    deliveryTracker.entries(A, entries(81, 81));
    deliveryTracker.said(A, 1);
    // Of 64 five wait in the other conversation.
    assertThat(port.messages()).hasSize(58).endsWith("a59");
    port.answer(A, 81);
    assertThat(port.messages()).hasSize(80).endsWith("a81");
    // Nothing is kept for those who are gone: there is room for as many again.
    deliveryTracker.said(B, 1);
    port.claimed.add(82L);
    deliveryTracker.entries(A, entries(82, 145));
    deliveryTracker.said(A, 82);
    assertThat(port.messages()).endsWith("a145");
    assertThat(port.asks).isEmpty();
  }

  @Test
  void aClientThatHasBecomeSlowGetsWhatWaitedLate() {
    deliveryTracker.attached(List.of());
    port.claimed.add(1L);
    deliveryTracker.entries(A, entries(1, 2));
    port.slow = true;
    deliveryTracker.entries(A, entries(3, 3));
    deliveryTracker.said(A, 1);
    assertThat(port.messages()).isEmpty();
    assertThat(deliveryTracker.heldCount()).isZero();
    port.slow = false;
    deliveryTracker.drained(true);
    port.answer(A, 3);
    assertThat(port.log).containsExactly("synced 0", "a2", "a3");
  }

  @Test
  void aGapThatIsToldWhileSomethingWaitsComesInItsPlace() {
    deliveryTracker.attached(List.of());
    port.claimed.add(2L);
    deliveryTracker.entries(A, entries(1, 3));
    deliveryTracker.gapSeen(A, 4, 6, "archived");
    deliveryTracker.entries(A, entries(7, 7));
    deliveryTracker.said(A, 2);
    assertThat(port.log).containsExactly("synced 0", "a1", "a3");
    deliveryTracker.pageRefused(A);
    assertThat(port.log).containsExactly("synced 0", "a1", "a3", "gap a 4-7 not_found");
  }

  @Test
  void anOwnEntryThatWasToldWhileNobodyListenedIsToldByItsSent() {
    deliveryTracker.attached(List.of());
    deliveryTracker.entries(A, entries(1, 1));
    port.claimed.addAll(List.of(1L, 3L));
    // Its user died; 2 to 4 were told meanwhile.
    assertThat(deliveryTracker.resumed(List.of(new User.Lag(A, 0, 4)))).isTrue();
    port.answer(A, 4);
    assertThat(port.messages()).containsExactly("a1", "a2");
    deliveryTracker.said(A, 3);
    assertThat(port.messages()).containsExactly("a1", "a2", "a4");
    deliveryTracker.ack(A, 4);
    assertThat(deliveryTracker.trackCount()).isZero();
    assertThat(deliveryTracker.coveredCount()).isZero();
  }

  @Test
  void aPageHoldsWhatWaitsForASent() {
    deliveryTracker.attached(List.of(new User.Lag(A, 0, 150)));
    port.claimed.add(151L);
    deliveryTracker.entries(A, entries(151, 152));
    port.answer(A, 152);
    port.answer(A, 152);
    assertThat(port.messages()).endsWith("a150");
    deliveryTracker.entries(A, entries(153, 153));
    deliveryTracker.said(A, 151);
    assertThat(port.messages()).endsWith("a150", "a152", "a153");
    assertThat(port.asks).isEmpty();
  }

  @Test
  void aGapGoesOverWhatWaitsForItsSent() {
    deliveryTracker.attached(List.of());
    port.claimed.add(2L);
    deliveryTracker.entries(A, entries(1, 3));
    assertThat(deliveryTracker.resumed(List.of(new User.Lag(A, 1, 3, 3)))).isTrue();
    deliveryTracker.said(A, 2);
    deliveryTracker.entries(A, entries(4, 4));
    assertThat(deliveryTracker.heldCount()).isZero();
    assertThat(port.log).containsExactly("synced 0", "a1", "gap a 2-3 expired", "a4");
    deliveryTracker.ack(A, 4);
    assertThat(deliveryTracker.trackCount()).isZero();
  }

  @Test
  void theRemovalOfAMemberIsSentOnceThoughItsUserTellsItAgain() {
    deliveryTracker.attached(List.of());
    deliveryTracker.entries(A, entries(42, 43));
    deliveryTracker.left(A);
    deliveryTracker.ack(A, 43);
    assertThat(deliveryTracker.trackCount()).isZero();
    for (int life = 0; life < 2; life++) {
      deliveryTracker.takeAcks();
      deliveryTracker.entries(A, entries(43, 43));
      deliveryTracker.left(A);
      assertThat(deliveryTracker.takeAcks()).containsExactly(new User.Ack(A, 43, 43));
      assertThat(deliveryTracker.resumed(List.of(new User.Lag(A, 42, 43)))).isTrue();
    }
    assertThat(port.messages()).containsExactly("a42", "a43");
    assertThat(deliveryTracker.trackCount()).isZero();
    // Added again, what was written meanwhile is not missing.
    deliveryTracker.sent(A, 51);
    deliveryTracker.entries(A, entries(50, 52));
    assertThat(port.log).containsExactly("synced 0", "a42", "a43", "a50", "a52");
  }

  @Test
  void whatIsToldAgainBeforeItIsAcknowledgedIsOfTheTimeBefore() {
    deliveryTracker.attached(List.of());
    deliveryTracker.entries(A, entries(43, 43));
    deliveryTracker.left(A);
    deliveryTracker.entries(A, entries(43, 43));
    deliveryTracker.ack(A, 43);
    deliveryTracker.entries(A, entries(50, 50));
    assertThat(port.log).containsExactly("synced 0", "a43", "a50");
  }

  @Test
  void whereItIsForgottenWhatWasSentTheConnectionCannotGoOn() {
    deliveryTracker.attached(List.of());
    List<ConversationId> ids = new ArrayList<>();
    for (int i = 0; i <= DeliveryTracker.ENDED; i++) {
      ConversationId id = new ConversationId("x" + i);
      ids.add(id);
      deliveryTracker.entries(id, entries(1, 3));
      deliveryTracker.ack(id, 3);
    }
    assertThat(deliveryTracker.resumed(List.of(new User.Lag(ids.get(1), 2, 3)))).isTrue();
    List<User.Lag> lost = List.of(new User.Lag(ids.getFirst(), 2, 4));
    assertThat(deliveryTracker.resumed(lost)).isFalse();
    // An answer says nothing of what was before it.
    deliveryTracker.sent(ids.getFirst(), 4);
    assertThat(deliveryTracker.resumed(lost)).isFalse();
    assertThat(port.messages()).hasSize(3 * ids.size());
  }

  @Test
  void anAcknowledgementOfAnAnswerCountsWhenItsEntryHasCome() {
    deliveryTracker.attached(List.of());
    deliveryTracker.sent(A, 7);
    deliveryTracker.ack(A, 7);
    assertThat(deliveryTracker.takeAcks()).isEmpty();
    deliveryTracker.entries(A, entries(7, 7));
    assertThat(deliveryTracker.takeAcks()).containsExactly(new User.Ack(A, 7, 7));
    assertThat(deliveryTracker.trackCount()).isZero();
  }

  @Test
  void whatWasNotSentIsNotAcknowledged() {
    deliveryTracker.attached(List.of(new User.Lag(A, 0, 5)));
    deliveryTracker.sent(A, 6);
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
  void acknowledgementsNeverGoBackAndStrangersAreIgnored() {
    deliveryTracker.attached(List.of());
    deliveryTracker.entries(A, entries(1, 5));
    deliveryTracker.ack(A, 4);
    deliveryTracker.ack(A, 2);
    deliveryTracker.ack(B, 100);
    assertThat(deliveryTracker.takeAcks()).containsExactly(new User.Ack(A, 4, 4));
    assertThat(deliveryTracker.unackedCount()).isEqualTo(1);
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
  void aClientSlowForAMomentGetsItLate() {
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
  void replayStopsWhereTheBufferIsFull() {
    deliveryTracker.attached(List.of(new User.Lag(A, 0, 50)));
    port.room = 20;
    port.answer(A, 50);
    assertThat(port.messages()).hasSize(20);
    assertThat(port.asks).isEmpty();
    port.room = Integer.MAX_VALUE;
    deliveryTracker.pump();
    assertThat(port.asks).containsEntry(A, List.of(20L, 20L));
    port.answer(A, 50);
    port.answer(A, 50);
    assertThat(port.log).hasSize(51).endsWith("synced 50");
  }

  @Test
  void aPageThatDoesNotComeIsAskedForAgainAfterARest() {
    deliveryTracker.attached(List.of(new User.Lag(A, 0, 3)));
    port.asks.clear();
    deliveryTracker.pageFailed(A);
    assertThat(port.asks).isEmpty();
    assertThat(deliveryTracker.rests()).isTrue();
    deliveryTracker.rested();
    port.asks.clear();
    deliveryTracker.pageFailed(A);
    deliveryTracker.rested();
    assertThat(port.asks).isEmpty();
    deliveryTracker.rested();
    port.answer(A, 3);
    assertThat(port.log).containsExactly("a1", "a2", "a3", "synced 3");
    assertThat(deliveryTracker.rests()).isFalse();
  }

  @Test
  void whatIsNotToBeHadIsAnnounced() {
    deliveryTracker.attached(List.of(new User.Lag(A, 2, 5), new User.Lag(B, 0, 1)));
    port.asks.clear();
    deliveryTracker.pageRefused(A);
    assertThat(port.log).containsExactly("gap a 3-5 not_found");
    deliveryTracker.page(B, List.of());
    for (int i = 1; i < DeliveryTracker.PATIENCE; i++) {
      while (port.asks.isEmpty()) {
        deliveryTracker.rested();
      }
      port.asks.clear();
      deliveryTracker.page(B, List.of());
    }
    assertThat(port.log).endsWith("gap b 1-1 missing", "synced 0");
  }

  @Test
  void aHoleInAPageIsAnnounced() {
    deliveryTracker.attached(List.of(new User.Lag(A, 0, 5)));
    port.asks.clear();
    List<Entry> page = new ArrayList<>(entries(1, 2));
    page.addAll(entries(5, 5));
    deliveryTracker.page(A, page);
    assertThat(port.log).containsExactly("a1", "a2", "gap a 3-4 missing", "a5", "synced 3");
  }

  @Test
  void theUsersOwnGapIsPassedOn() {
    deliveryTracker.attached(List.of());
    deliveryTracker.gapSeen(A, 3, 9, "archived");
    deliveryTracker.entries(A, entries(10, 10));
    assertThat(port.log).containsExactly("synced 0", "gap a 3-9 archived", "a10");
  }

  @Test
  void nothingIsLostDoubledOrReorderedWhateverHappens() {
    long seed = System.nanoTime();
    System.out.println("DeliveryTrackerTest seed " + seed);
    Random seeds = new Random(seed);
    for (int i = 0; i < 400; i++) {
      long one = seeds.nextLong();
      try {
        new Life(one).live();
      } catch (AssertionError | RuntimeException e) {
        throw new AssertionError("seed " + one, e);
      }
    }
  }

  /** One random life of a connection, checked against what a client would have seen. */
  private static final class Life {
    private final Random random;
    private final FakePort port = new FakePort();
    private final DeliveryTracker deliveryTracker = port.deliveries();
    private final Map<ConversationId, Line> lines = new LinkedHashMap<>();

    private static final class Line {
      long written; // in the conversation's journal
      long told; // by the user entity
      long seen; // by the client, contiguous
      long last; // by the client, at all
      long acked;
      final Set<Long> sent = new HashSet<>(); // answered to this client
      final Set<Long> mine = new HashSet<>(); // written by it, not answered
      final Set<Long> early = new HashSet<>(); // seen before what is before it
    }

    Life(long seed) {
      random = new Random(seed);
    }

    void live() {
      List<User.Lag> lags = new ArrayList<>();
      for (int i = 0; i < 1 + random.nextInt(5); i++) {
        Line line = new Line();
        line.written = random.nextInt(600);
        line.told = line.written;
        line.seen = random.nextBoolean() ? line.written : random.nextInt((int) line.written + 1);
        line.acked = line.seen;
        ConversationId id = new ConversationId("c" + i);
        lines.put(id, line);
        if (line.acked < line.told) {
          lags.add(new User.Lag(id, line.acked, line.told));
        }
      }
      port.client = this::onFrame;
      port.claimsIn = (id, seq) -> line(id).mine.contains(seq);
      deliveryTracker.attached(lags);
      for (int i = 0; i < 600; i++) {
        step(random.nextInt(100));
        assertThat(deliveryTracker.unackedCount()).isBetween(0, 256);
        assertThat(deliveryTracker.heldCount()).isBetween(0, DeliveryTracker.HELD);
      }
      finish();
    }

    private void step(int dice) {
      ConversationId id = pick(lines.keySet());
      step(dice, id, line(id));
      deliveryTracker.pump();
      for (User.Ack ack : deliveryTracker.takeAcks()) {
        Line line = line(ack.conversationId());
        assertThat(line.mine)
            .as("neither told nor announced as a gap, so not acknowledged")
            .allMatch(seq -> seq > ack.seq() || line.early.contains(seq));
      }
    }

    private void step(int dice, ConversationId id, Line line) {
      if (dice < 20) {
        for (int i = 0; i < 1 + random.nextInt(60); i++) {
          line.written++;
          if (random.nextInt(8) == 0) {
            line.mine.add(line.written);
          }
        }
      } else if (dice < 40) {
        tell(id, line);
      } else if (dice < 55) {
        answer(id, line);
      } else if (dice < 75) {
        if (!port.asks.isEmpty()) {
          page(pick(port.asks.keySet()));
        }
      } else if (dice < 90) {
        ack(id, line);
      } else if (dice < 93) {
        port.slow = true;
      } else if (dice < 97) {
        port.slow = false;
        deliveryTracker.drained(random.nextBoolean());
      } else {
        port.room = random.nextInt(4) == 0 ? random.nextInt(30) : Integer.MAX_VALUE;
        deliveryTracker.rested();
      }
    }

    private void tell(ConversationId id, Line line) {
      if (line.told < line.written) {
        long next = line.told + 1;
        long from = random.nextInt(10) == 0 ? Math.max(1, line.told - 1) : next;
        long to = line.told + 1 + random.nextLong(line.written - line.told);
        // A repeated entry is only known where something is still remembered.
        boolean tracked = deliveryTracker.remembers(id);
        line.told = to;
        deliveryTracker.entries(id, entries(tracked ? from : next, to));
      }
    }

    private void answer(ConversationId id, Line line) {
      if (!line.mine.isEmpty()) {
        long seq = pick(line.mine);
        line.mine.remove(seq);
        assertThat(line.sent.add(seq)).isTrue();
        boolean announced = !line.early.add(seq);
        line.last = Math.max(line.last, seq);
        catchUp(line);
        deliveryTracker.takeAcks();
        if (seq > line.told) {
          deliveryTracker.sent(id, seq);
        } else {
          deliveryTracker.said(id, seq);
        }
        if (!announced) {
          assertThat(deliveryTracker.takeAcks())
              .as("nobody can have acknowledged what goes out now")
              .noneMatch(ack -> ack.conversationId().equals(id) && ack.seq() >= seq);
        }
      }
    }

    private void page(ConversationId id) {
      int luck = random.nextInt(10);
      if (luck == 0) {
        port.asks.remove(id);
        deliveryTracker.pageFailed(id);
      } else {
        port.answer(id, line(id).written);
      }
    }

    private void ack(ConversationId id, Line line) {
      if (random.nextInt(4) == 0) {
        // As a client that takes what it saw last for all that it was to see.
        deliveryTracker.ack(id, line.last);
      } else if (line.seen > line.acked) {
        line.acked += 1 + random.nextLong(line.seen - line.acked);
        deliveryTracker.ack(id, random.nextInt(20) == 0 ? line.acked - 1 : line.acked);
        deliveryTracker.ack(id, line.acked);
      }
    }

    private void onFrame(ConversationId id, long from, long to, boolean gap) {
      Line line = line(id);
      line.last = Math.max(line.last, to);
      for (long seq = from; seq <= to; seq++) {
        if (gap && line.mine.contains(seq)) {
          line.early.add(seq);
          catchUp(line);
          continue;
        }
        if (gap && line.sent.contains(seq)) {
          continue; // a gap may span what is answered
        }
        assertThat(line.sent).as("answered and told").doesNotContain(seq);
        assertThat(line.mine).as("will be answered").doesNotContain(seq);
        catchUp(line);
        assertThat(seq).as("next of " + id).isEqualTo(next(line));
        line.seen = seq;
        catchUp(line);
      }
      assertThat(to).isLessThanOrEqualTo(line.told);
    }

    // The next seq a message may have: no own one whose answer is still to come is skipped.
    private long next(Line line) {
      long seq = line.seen + 1;
      while (line.sent.contains(seq)) {
        seq++;
      }
      return seq;
    }

    private static void catchUp(Line line) {
      while (line.early.contains(line.seen + 1)) {
        line.seen++;
      }
    }

    private void finish() {
      port.slow = false;
      port.room = Integer.MAX_VALUE;
      deliveryTracker.drained(true);
      for (int i = 0; i < 2_000; i++) {
        lines.forEach(
            (id, line) -> {
              while (!line.mine.isEmpty()) {
                answer(id, line);
              }
              while (line.told < line.written) {
                tell(id, line);
              }
              catchUp(line);
              line.acked = Math.max(line.acked, line.seen);
              deliveryTracker.ack(id, line.acked);
            });
        deliveryTracker.rested();
        deliveryTracker.pump();
        new ArrayList<>(port.asks.keySet()).forEach(id -> port.answer(id, line(id).written));
        if (deliveryTracker.trackCount() == 0) {
          break;
        }
      }
      lines.forEach((id, line) -> assertThat(line.seen).as("end of " + id).isEqualTo(line.written));
      assertThat(deliveryTracker.trackCount()).isZero();
      assertThat(deliveryTracker.unackedCount()).isZero();
      assertThat(deliveryTracker.coveredCount()).isZero();
      assertThat(deliveryTracker.heldCount()).isZero();
      assertThat(port.synced).isEqualTo(1);
    }

    private Line line(ConversationId id) {
      return Objects.requireNonNull(lines.get(id));
    }

    private <T> T pick(Set<T> set) {
      return new ArrayList<>(set).get(random.nextInt(set.size()));
    }
  }

  private interface Client {
    void see(ConversationId id, long from, long to, boolean gap);
  }

  private interface Claims {
    boolean mine(ConversationId id, long seq);
  }

  private static class FakePort implements DeliveryTracker.Port {
    final List<String> log = new ArrayList<>();
    final Map<ConversationId, List<Long>> asks = new LinkedHashMap<>();
    final Set<Long> claimed = new HashSet<>();
    boolean slow;
    int room = Integer.MAX_VALUE;
    int synced;
    Client client = (id, from, to, gap) -> {};
    Claims claimsIn = (id, seq) -> claimed.contains(seq);
    private final DeliveryTracker target = new DeliveryTracker(this);

    DeliveryTracker deliveries() {
      return target;
    }

    List<String> messages() {
      return log.stream().filter(l -> !l.contains(" ")).toList();
    }

    void answer(ConversationId id, long written) {
      List<Long> ask = asks.remove(id);
      assertThat(ask).as("asked for " + id).isNotNull();
      long after = ask.get(0);
      target.page(id, entries(after + 1, Math.min(written, after + ask.get(1))));
    }

    @Override
    public void message(ConversationId id, Entry entry, boolean live) {
      log.add(id.value() + entry.seq());
      if (room != Integer.MAX_VALUE) {
        room--;
      }
      client.see(id, entry.seq(), entry.seq(), false);
    }

    @Override
    public void gap(ConversationId id, long from, long to, String reason) {
      log.add("gap " + id + " " + from + "-" + to + " " + reason);
      client.see(id, from, to, true);
    }

    @Override
    public void synced(long messages) {
      synced++;
      log.add("synced " + messages);
    }

    @Override
    public void ask(ConversationId id, long after, int limit) {
      assertThat(asks.put(id, List.of(after, (long) limit))).as("one page at a time").isNull();
      assertThat(asks).hasSizeLessThanOrEqualTo(2);
    }

    @Override
    public boolean claims(ConversationId id, Entry entry) {
      return claimsIn.mine(id, entry.seq());
    }

    @Override
    public boolean replays() {
      return !slow && room > 0;
    }

    @Override
    public boolean slow() {
      return slow;
    }
  }

  static List<Entry> entries(long from, long to) {
    return LongStream.rangeClosed(from, to)
        .mapToObj(
            seq ->
                new Entry(
                    seq,
                    "m" + seq,
                    new UserId("bob"),
                    0,
                    null,
                    new EntryBody.Text("text", null, null, false)))
        .toList();
  }
}
