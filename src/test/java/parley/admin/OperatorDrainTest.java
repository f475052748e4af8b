package parley.admin;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.pekko.Done;
import org.apache.pekko.actor.testkit.typed.javadsl.ActorTestKit;
import org.apache.pekko.actor.testkit.typed.javadsl.ManualTime;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** A drain that an operator begins: its steps, its progress, and what undoes it. */
class OperatorDrainTest {
  private static final Duration UNREADY = Duration.ofSeconds(15);
  private static final Duration TIME = Duration.ofMinutes(2);

  private final ActorTestKit kit = ActorTestKit.create(ManualTime.config());
  private final ManualTime time = ManualTime.get(kit.system());
  private final Readiness readiness = new Readiness();
  private final AtomicLong nanos = new AtomicLong();
  private final AtomicInteger open = new AtomicInteger(70);
  private final List<String> calls = new ArrayList<>();
  private CompletableFuture<Done> left = new CompletableFuture<>();

  private final OperatorDrain drain =
      new OperatorDrain(
          kit.system(),
          readiness,
          new OperatorDrain.Sockets() {
            @Override
            public CompletionStage<Done> leave(Duration over) {
              calls.add("leave " + over.toSeconds());
              left = new CompletableFuture<>();
              return left;
            }

            @Override
            public void accept() {
              calls.add("accept");
            }
          },
          open::get,
          () -> 900,
          UNREADY,
          TIME,
          nanos::get);

  @AfterEach
  void stop() {
    kit.shutdownTestKit();
  }

  private void pass(Duration some) {
    nanos.addAndGet(some.toNanos());
    time.timePasses(some);
  }

  private OperatorDrain.Progress progress(String state, int before, long seconds) {
    return new OperatorDrain.Progress(state, before, open.get(), seconds, 900);
  }

  @Test
  void clientsLeaveAfterLoadBalancersKnow() {
    assertThat(drain.start()).as("the node has not started").isFalse();
    assertThat(drain.progress().state()).isEqualTo("starting");
    readiness.serving();
    assertThat(drain.progress()).isEqualTo(progress("serving", 0, 0));
    assertThat(drain.start()).isTrue();
    assertThat(drain.start()).isFalse();
    assertThat(readiness.isServing()).isFalse();
    assertThat(drain.progress()).isEqualTo(progress("announced", 70, 135));
    assertThat(calls).isEmpty();
    pass(UNREADY);
    assertThat(calls).containsExactly("leave 120");
    open.set(30);
    assertThat(drain.progress()).isEqualTo(progress("leaving", 70, 120));
    pass(Duration.ofSeconds(100));
    assertThat(drain.progress().secondsLeft()).isEqualTo(20);
    open.set(0);
    left.complete(Done.done());
    assertThat(drain.progress()).isEqualTo(progress("drained", 70, 0));
    // Nothing but a call undoes it.
    readiness.serving();
    assertThat(readiness.isServing()).isFalse();
    assertThat(drain.cancel()).isTrue();
    assertThat(readiness.isServing()).isTrue();
    assertThat(drain.cancel()).isFalse();
    assertThat(calls).containsExactly("leave 120", "accept");
  }

  @Test
  void whatACancelledDrainStillDoesIsIgnored() {
    readiness.serving();
    drain.start();
    drain.cancel();
    pass(UNREADY);
    assertThat(calls).containsExactly("accept");
    drain.start();
    pass(UNREADY);
    CompletableFuture<Done> first = left;
    drain.cancel();
    drain.start();
    first.complete(Done.done());
    assertThat(drain.progress().state()).isEqualTo("announced");
  }

  @Test
  void aStopIsNotUndone() {
    readiness.serving();
    drain.start();
    assertThat(readiness.stopping()).as("load balancers know").isTrue();
    assertThat(drain.cancel()).isFalse();
    assertThat(drain.start()).isFalse();
    assertThat(drain.progress().state()).isEqualTo("stopping");
    assertThat(readiness.isServing()).isFalse();
  }
}
