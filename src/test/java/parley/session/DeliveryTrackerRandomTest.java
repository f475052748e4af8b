package parley.session;

import static org.assertj.core.api.Assertions.assertThat;
import static parley.session.SessionHarness.entries;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;
import parley.model.ConversationId;
import parley.user.Delivery;
import parley.user.User;

/** Random courses of a connection: nothing is lost, doubled or reordered. */
class DeliveryTrackerRandomTest {
  @Test
  void randomStepsNeverLoseDoubleOrReorderEntries() {
    long seed = System.nanoTime();
    System.out.println("DeliveryTrackerRandomTest seed " + seed);
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

  /** One random course of a connection, checked against what a client would have seen. */
  private static final class Life {
    private final Random random;
    private final DeliveryTrackerHarness port = new DeliveryTrackerHarness();
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
      List<Delivery.Lag> lags = new ArrayList<>();
      for (int i = 0; i < 1 + random.nextInt(5); i++) {
        Line line = new Line();
        line.written = random.nextInt(600);
        line.told = line.written;
        line.seen = random.nextBoolean() ? line.written : random.nextInt((int) line.written + 1);
        line.acked = line.seen;
        ConversationId id = new ConversationId("c" + i);
        lines.put(id, line);
        if (line.acked < line.told) {
          lags.add(new Delivery.Lag(id, line.acked, line.told));
        }
      }
      port.client = this::onFrame;
      port.claimsIn = (id, seq) -> line(id).mine.contains(seq);
      deliveryTracker.attached(lags);
      for (int i = 0; i < 600; i++) {
        step(random.nextInt(100));
        assertThat(deliveryTracker.unackedCount()).isBetween(0, 256);
        assertThat(deliveryTracker.heldCount()).isBetween(0, EntrySender.MAX_HELD);
      }
      finish();
    }

    private void step(int dice) {
      ConversationId id = pick(lines.keySet());
      step(dice, id, line(id));
      deliveryTracker.requestPages();
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
        deliveryTracker.waitTick();
      }
    }

    private void tell(ConversationId id, Line line) {
      if (line.told < line.written) {
        long next = line.told + 1;
        long from = random.nextInt(10) == 0 ? Math.max(1, line.told - 1) : next;
        long to = line.told + 1 + random.nextLong(line.written - line.told);
        // The tracker knows a repeated entry only while it remembers the conversation.
        boolean tracked = deliveryTracker.isTracked(id);
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
          deliveryTracker.sentBeforeEntry(id, seq);
        } else {
          deliveryTracker.sentAfterEntry(id, seq);
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
        // This client acknowledges the last entry it saw, even if one before it is missing.
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

    // The next seq that a message may have. An own entry is skipped once it was answered.
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
        deliveryTracker.waitTick();
        deliveryTracker.requestPages();
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
}
