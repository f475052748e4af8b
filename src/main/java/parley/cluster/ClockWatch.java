package parley.cluster;

import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.LongSupplier;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.Behavior;
import org.apache.pekko.actor.typed.javadsl.AbstractBehavior;
import org.apache.pekko.actor.typed.javadsl.ActorContext;
import org.apache.pekko.actor.typed.javadsl.Behaviors;
import org.apache.pekko.actor.typed.javadsl.Receive;
import org.apache.pekko.actor.typed.receptionist.Receptionist;
import org.apache.pekko.actor.typed.receptionist.ServiceKey;
import parley.serial.Local;
import parley.serial.Wire;

/**
 * Asks the other nodes for their time and reports the differences to the {@link ClusterClock}. An
 * answer that takes more than half a second is ignored, because it may be off by as much. Each
 * round asks at most {@value #NODES_PER_ROUND} nodes, in turn, so that the cost does not grow with
 * the square of the cluster. An answer counts for {@link #SAMPLE_LIFETIME}. A lost question or
 * answer is not repeated; later rounds ask again.
 */
public final class ClockWatch extends AbstractBehavior<ClockWatch.Command> {
  /** Most nodes that are asked in one round. */
  static final int NODES_PER_ROUND = 8;

  static final Duration ROUND_INTERVAL = Duration.ofSeconds(5);
  static final Duration SAMPLE_LIFETIME = Duration.ofMinutes(1);
  private static final Duration MAX_ROUND_TRIP = Duration.ofMillis(500);

  /** The receptionist lists the clock watches of all nodes under this key. */
  static final ServiceKey<Command> KEY = ServiceKey.create(Command.class, "clock-watch");

  /** The messages of a clock watch. */
  sealed interface Command {}

  /**
   * Asks for the node's time. The answer is {@link ClockTime}.
   *
   * @param round is returned in the answer
   */
  record AskTime(long round, ActorRef<ClockTime> replyTo) implements Command, Wire {}

  /**
   * The answer.
   *
   * @param millis the node's own clock, uncorrected, epoch milliseconds
   */
  record ClockTime(long round, long millis) implements Wire {}

  private record PeerTime(
      ActorRef<Command> from, long askedNanos, long askedMillis, ClockTime answer)
      implements Command, Local {}

  private record NoAnswer() implements Command, Local {}

  private record Listed(Receptionist.Listing listing) implements Command, Local {}

  private enum Tick implements Command, Local {
    TICK
  }

  private record Sample(long offset, long nanos) {}

  private final ClusterClock clock;
  private final LongSupplier nanos;
  private final Map<ActorRef<Command>, Sample> samples = new HashMap<>();
  private List<ActorRef<Command>> others = List.of();
  private long round;
  private int nextToAsk;

  /** The behaviour; one on each node. */
  public static Behavior<Command> create(ClusterClock clock, LongSupplier nanos) {
    return Behaviors.setup(
        context ->
            Behaviors.withTimers(
                timers -> {
                  timers.startTimerWithFixedDelay(Tick.TICK, ROUND_INTERVAL);
                  return new ClockWatch(context, clock, nanos);
                }));
  }

  private ClockWatch(ActorContext<Command> context, ClusterClock clock, LongSupplier nanos) {
    super(context);
    this.clock = clock;
    this.nanos = nanos;
    ActorRef<Receptionist.Command> receptionist = context.getSystem().receptionist();
    receptionist.tell(Receptionist.register(KEY, context.getSelf()));
    receptionist.tell(
        Receptionist.subscribe(
            KEY, context.messageAdapter(Receptionist.Listing.class, Listed::new)));
  }

  @Override
  public Receive<Command> createReceive() {
    return newReceiveBuilder().onAnyMessage(this::onCommand).build();
  }

  private Behavior<Command> onCommand(Command command) {
    switch (command) {
      case AskTime ask -> ask.replyTo().tell(new ClockTime(ask.round(), clock.ownMillis()));
      case PeerTime peerTime -> onAnswer(peerTime);
      case NoAnswer noAnswer -> {}
      case Listed listed -> onListing(listed.listing().getServiceInstances(KEY));
      case Tick tick -> ask();
    }
    return this;
  }

  private void onListing(Set<ActorRef<Command>> all) {
    others = new ArrayList<>(all);
    others.remove(getContext().getSelf());
    samples.keySet().retainAll(all);
    // Asks at once: a node that has just joined will write entries soon.
    ask();
  }

  private void ask() {
    reportSamples();
    for (int i = 0; i < Math.min(NODES_PER_ROUND, others.size()); i++) {
      ask(others.get(nextToAsk++ % others.size()));
    }
  }

  private void ask(ActorRef<Command> other) {
    long asked = ++round;
    long askedNanos = nanos.getAsLong();
    long askedMillis = clock.ownMillis();
    getContext()
        .ask(
            ClockTime.class,
            other,
            MAX_ROUND_TRIP,
            replyTo -> new AskTime(asked, replyTo),
            (answer, failure) ->
                answer == null
                    ? new NoAnswer()
                    : new PeerTime(other, askedNanos, askedMillis, answer));
  }

  private void onAnswer(PeerTime a) {
    long now = nanos.getAsLong();
    long trip = Duration.ofNanos(now - a.askedNanos()).toMillis();
    if (trip > MAX_ROUND_TRIP.toMillis() || !others.contains(a.from())) {
      return;
    }
    samples.put(a.from(), new Sample(a.answer().millis() - a.askedMillis() - trip / 2, now));
    reportSamples();
  }

  private void reportSamples() {
    long oldest = nanos.getAsLong() - SAMPLE_LIFETIME.toNanos();
    samples.values().removeIf(sample -> sample.nanos() - oldest < 0);
    clock.updateCorrection(samples.values().stream().map(Sample::offset).toList());
  }
}
