package parley.push;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.apache.pekko.actor.testkit.typed.javadsl.ActorTestKit;
import org.apache.pekko.actor.typed.ActorRef;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

/** Places in flight, the queue, pauses and deadlines; the test moves the clock. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class ProviderQueueTest {
  private static final PushOutcome DELIVERED = new PushOutcome.Delivered();
  private static final PushOutcome UNREACHABLE =
      new PushOutcome.Retry(null, FailureReasons.UNREACHABLE);
  private static final PushOutcome SLOW = new PushOutcome.Retry(null, FailureReasons.TIMEOUT);
  private static final PushOutcome BUSY = new PushOutcome.Retry(null, FailureReasons.BUSY);
  private static final long SECOND = Duration.ofSeconds(1).toNanos();

  private ActorTestKit kit;
  private ActorRef<PushService.Sent> nobody;

  @BeforeAll
  void open() {
    kit = ActorTestKit.create();
    nobody = kit.createTestProbe(PushService.Sent.class).getRef();
  }

  @AfterAll
  void close() {
    kit.shutdownTestKit();
  }

  /** What a queue did: {@code tickets} it sent, and {@code answers} by reference. */
  private final class World implements ProviderQueue.Callbacks {
    final List<Long> tickets = new ArrayList<>();
    final List<PushService.Sent> answers = new ArrayList<>();
    final ProviderQueue providerQueue;
    private long references;
    // Not from 0: System.nanoTime() may be anything, and wraps.
    long now = Long.MAX_VALUE - 2 * SECOND;

    World(int inFlight, int queue) {
      providerQueue =
          new ProviderQueue(new PushLimits(inFlight, queue, Duration.ofSeconds(10)), 100, this);
    }

    void offer() {
      providerQueue.offer(
          new PushService.Send(PushHarness.to(Platform.APNS, 1), references++, nobody), now);
    }

    void offer(int times) {
      for (int i = 0; i < times; i++) {
        offer();
      }
    }

    boolean answered(int ticket, PushOutcome pushOutcome) {
      return providerQueue.clientCompleted(ticket, pushOutcome, now);
    }

    PushService.Sent sent(int reference, PushOutcome pushOutcome) {
      return new PushService.Sent(reference, pushOutcome);
    }

    PushService.Sent unreachable(int reference, Duration after) {
      return sent(reference, new PushOutcome.Retry(after, FailureReasons.UNREACHABLE));
    }

    @Override
    public void send(long ticket, Notification notification) {
      tickets.add(ticket);
    }

    @Override
    public void answer(PushService.Send send, PushOutcome pushOutcome, long nanos) {
      answers.add(new PushService.Sent(send.reference(), pushOutcome));
    }
  }

  @Test
  void aFullQueueIsBusyAtOnce() {
    World world = new World(2, 3);
    world.offer(6);
    assertThat(world.tickets).containsExactly(0L, 1L);
    assertThat(world.providerQueue.inFlight()).isEqualTo(2);
    assertThat(world.providerQueue.queued()).isEqualTo(3);
    assertThat(world.answers).containsExactly(world.sent(5, BUSY));
  }

  @Test
  void anAnswerLetsTheNextNotificationGoInOrder() {
    World world = new World(1, 3);
    world.offer(3);
    world.answered(0, DELIVERED);
    world.answered(1, new PushOutcome.Gone(1, "x"));
    assertThat(world.tickets).containsExactly(0L, 1L, 2L);
    assertThat(world.answers)
        .containsExactly(world.sent(0, DELIVERED), world.sent(1, new PushOutcome.Gone(1, "x")));
  }

  @Test
  void atMostWhatTheClientCanDoAtOnce() {
    World world = new World(1, 0);
    ProviderQueue narrow = new ProviderQueue(new PushLimits(9, 9, Duration.ofSeconds(1)), 2, world);
    for (int i = 0; i < 5; i++) {
      narrow.offer(new PushService.Send(PushHarness.to(Platform.FCM, 1), i, nobody), 0);
    }
    assertThat(narrow.inFlight()).isEqualTo(2);
    assertThat(narrow.queued()).isEqualTo(3);
  }

  @Test
  void withoutAnAnswerInTimeItIsToldSoOnceAndItsPlaceIsHeld() {
    World world = new World(1, 2);
    world.offer();
    world.now += 4 * SECOND;
    world.offer();
    world.now += 6 * SECOND - 1;
    world.providerQueue.expire(world.now);
    assertThat(world.answers).isEmpty();
    assertThat(world.providerQueue.deadline()).hasValue(world.now + 1);

    world.now += 1;
    world.providerQueue.expire(world.now);
    assertThat(world.answers).containsExactly(world.sent(0, SLOW));
    assertThat(world.tickets).containsExactly(0L);
    assertThat(world.providerQueue.inFlight()).isEqualTo(1);

    // The late answer is passed to nobody, and its place is free.
    world.answered(0, DELIVERED);
    assertThat(world.answers).hasSize(1);
    assertThat(world.tickets).containsExactly(0L, 1L);
  }

  @Test
  void aRequestThatNeverLeftTheQueueIsBusyAndNeverSent() {
    World world = new World(1, 2);
    world.offer(3);
    world.now += 10 * SECOND;
    world.providerQueue.expire(world.now);
    assertThat(world.answers)
        .containsExactly(world.sent(0, SLOW), world.sent(1, BUSY), world.sent(2, BUSY));
    world.answered(0, SLOW);
    assertThat(world.tickets).containsExactly(0L);
    assertThat(world.providerQueue.deadline()).isEmpty();
    assertThat(world.providerQueue.inFlight()).isZero();
  }

  @Test
  void whereNobodyIsThereAllAreToldToWait() {
    World world = new World(2, 5);
    world.offer(4);
    assertThat(world.answered(0, UNREACHABLE)).isTrue();
    // Of the same attempt.
    assertThat(world.answered(1, UNREACHABLE)).isFalse();
    Duration pause = Duration.ofSeconds(1);
    assertThat(world.answers)
        .containsExactlyInAnyOrder(
            world.sent(0, UNREACHABLE),
            world.sent(1, UNREACHABLE),
            world.unreachable(2, pause),
            world.unreachable(3, pause));

    world.answers.clear();
    world.now += SECOND / 4;
    world.offer();
    assertThat(world.answers).containsExactly(world.unreachable(4, Duration.ofMillis(750)));
    assertThat(world.tickets).containsExactly(0L, 1L);
  }

  @Test
  void afterThePauseOneGoesAloneAndItsAnswerLetsTheOthersGo() {
    World world = new World(3, 5);
    world.offer();
    world.answered(0, UNREACHABLE);
    world.now += SECOND;
    world.offer(4);
    assertThat(world.tickets).containsExactly(0L, 1L);
    world.answered(1, new PushOutcome.Refused("any answer is one"));
    assertThat(world.tickets).containsExactly(0L, 1L, 2L, 3L, 4L);
  }

  @Test
  void thePauseDoublesToThirtySecondsAndBeginsAnewAfterAnAnswer() {
    World world = new World(1, 1);
    List<Long> pauses = new ArrayList<>();
    int ticket = 0;
    for (int i = 0; i < 8; i++) {
      world.offer();
      assertThat(world.answered(ticket++, UNREACHABLE)).isTrue();
      pauses.add(world.providerQueue.remainingPause(world.now).toSeconds());
      world.now += world.providerQueue.remainingPause(world.now).toNanos();
    }
    assertThat(pauses).containsExactly(1L, 2L, 4L, 8L, 16L, 30L, 30L, 30L);

    world.offer();
    world.answered(ticket++, DELIVERED);
    world.offer();
    world.answered(ticket++, UNREACHABLE);
    assertThat(world.providerQueue.remainingPause(world.now)).isEqualTo(Duration.ofSeconds(1));
  }

  /** A missing answer neither ends the trial nor makes a pause longer. */
  @Test
  void aTrialWithoutAnAnswerLeavesItAtOne() {
    World world = new World(3, 5);
    world.offer();
    world.answered(0, UNREACHABLE);
    world.now += SECOND;
    world.offer(3);
    world.answered(1, SLOW);
    assertThat(world.tickets).containsExactly(0L, 1L, 2L);
    assertThat(world.providerQueue.inFlight()).isEqualTo(1);
  }

  @Test
  void atTheEndAllAreTold() {
    World world = new World(1, 2);
    world.offer(3);
    world.providerQueue.stop(world.now);
    PushOutcome stopping = new PushOutcome.Retry(null, FailureReasons.STOPPING);
    assertThat(world.answers)
        .containsExactly(world.sent(0, stopping), world.sent(1, stopping), world.sent(2, stopping));
    world.answered(0, DELIVERED);
    assertThat(world.answers).hasSize(3);
    assertThat(world.tickets).containsExactly(0L);
  }
}
