package parley.app;

import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.Tags;
import io.micrometer.core.instrument.Timer;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.pekko.actor.Cancellable;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.ActorSystem;
import org.apache.pekko.actor.typed.DispatcherSelector;
import org.apache.pekko.actor.typed.javadsl.Behaviors;
import org.apache.pekko.dispatch.ExecutionContexts;
import parley.serial.Local;
import parley.telemetry.Buckets;
import parley.telemetry.Telemetry;

/**
 * Measures how long messages wait for a thread of each dispatcher. Once a second the scheduler
 * sends one message to one actor of each dispatcher, which records the message's age. The next is
 * not sent before the last was handled, so a dispatcher that hangs gets no queue of them; a gauge
 * shows how long the unhandled one has waited.
 */
final class MailboxProbes {
  /** Timer: how long the message waited, by {@code dispatcher}. */
  static final String DELAY = "parley.mailbox.delay";

  /** Gauge: how long the message that is not handled yet has waited; 0 if there is none. */
  static final String WAITING = "parley.mailbox.waiting";

  private static final Duration INTERVAL = Duration.ofSeconds(1);

  /** The measured dispatchers by the value of the label. */
  static final Map<String, String> DISPATCHERS =
      Map.of(
          "default", "pekko.actor.default-dispatcher",
          "internal", "pekko.actor.internal-dispatcher",
          "blocking", "parley.dispatchers.blocking",
          "journal_reads", "parley.dispatchers.journal-reads");

  private enum Probe implements Local {
    PROBE
  }

  /** The probe of one dispatcher. */
  private static final class Dispatcher {
    private static final long NONE = 0;

    private final ActorRef<Probe> actor;
    private final Timer delay;

    /** When the message in the mailbox was sent, by the clock of nanoseconds. */
    private final AtomicLong sentAt = new AtomicLong(NONE);

    private final String name;
    private volatile double lastSeconds;

    Dispatcher(ActorSystem<?> system, Telemetry telemetry, String name, String id) {
      this.name = name;
      Tags tags = Tags.of("dispatcher", name);
      delay = Buckets.timer(telemetry.registry(), DELAY, tags);
      Gauge.builder(WAITING, this, Dispatcher::waitingSeconds)
          .tags(tags)
          .baseUnit("seconds")
          .register(telemetry.registry());
      actor =
          system.systemActorOf(
              Behaviors.receiveMessage(
                  probe -> {
                    handled();
                    return Behaviors.same();
                  }),
              "mailbox-probe-" + name,
              DispatcherSelector.fromConfig(id));
    }

    void send() {
      long now = System.nanoTime();
      if (sentAt.compareAndSet(NONE, now == NONE ? 1 : now)) {
        actor.tell(Probe.PROBE);
      }
    }

    private void handled() {
      long waited = System.nanoTime() - sentAt.getAndSet(NONE);
      delay.record(waited, TimeUnit.NANOSECONDS);
      lastSeconds = waited / 1e9;
    }

    private double waitingSeconds() {
      long sent = sentAt.get();
      return sent == NONE ? 0 : (System.nanoTime() - sent) / 1e9;
    }
  }

  /** The dispatchers that messages pass on their way; the others may be busy with long work. */
  private static final Set<String> ON_THE_WAY = Set.of("default", "internal");

  private final List<Dispatcher> onTheWay;

  private MailboxProbes(List<Dispatcher> onTheWay) {
    this.onTheWay = onTheWay;
  }

  /** How long the last message of a dispatcher waited, or the present one waits now; seconds. */
  double longestWait() {
    double longest = 0;
    for (Dispatcher one : onTheWay) {
      longest = Math.max(longest, Math.max(one.lastSeconds, one.waitingSeconds()));
    }
    return longest;
  }

  /** Starts the probes. They end with the system. */
  static MailboxProbes start(ActorSystem<?> system, Telemetry telemetry) {
    List<Dispatcher> all =
        new TreeMap<>(DISPATCHERS)
            .entrySet().stream()
                .map(one -> new Dispatcher(system, telemetry, one.getKey(), one.getValue()))
                .toList();
    // Sends from the scheduler's own thread, so that no dispatcher measures another one.
    Cancellable unused =
        system
            .scheduler()
            .scheduleAtFixedRate(
                Duration.ZERO,
                INTERVAL,
                () -> all.forEach(Dispatcher::send),
                ExecutionContexts.fromExecutor(Runnable::run));
    return new MailboxProbes(all.stream().filter(one -> ON_THE_WAY.contains(one.name)).toList());
  }
}
