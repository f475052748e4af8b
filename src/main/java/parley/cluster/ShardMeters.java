package parley.cluster;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.apache.pekko.actor.ActorRef;
import org.apache.pekko.actor.typed.Behavior;
import org.apache.pekko.actor.typed.javadsl.AbstractBehavior;
import org.apache.pekko.actor.typed.javadsl.ActorContext;
import org.apache.pekko.actor.typed.javadsl.Behaviors;
import org.apache.pekko.actor.typed.javadsl.Receive;
import org.apache.pekko.cluster.sharding.ClusterSharding;
import org.apache.pekko.cluster.sharding.ShardRegion;
import org.apache.pekko.pattern.Patterns;
import org.jspecify.annotations.Nullable;
import parley.serial.Local;

/**
 * Meters of cluster sharding on this node, by {@code entity}, the kind of entity: entities in
 * memory, shards, and shards that came and went. Asks the regions every {@link #INTERVAL}; each
 * asks its shards, which costs one message for each. So a shard that comes and goes between two
 * rounds is not seen.
 */
public final class ShardMeters extends AbstractBehavior<ShardMeters.Command> {
  /** Gauge: entities in the memory of this node. */
  public static final String ENTITIES = "parley.entities";

  /** Gauge: shards on this node. */
  public static final String SHARDS = "parley.shards";

  /**
   * Counter: shards that came to this node or left it, by {@code direction}. A shard comes with its
   * first entity.
   */
  public static final String MOVES = "parley.shards.moved";

  private static final Duration INTERVAL = Duration.ofSeconds(10);
  private static final Duration TIMEOUT = Duration.ofSeconds(5);

  /** The messages of this behaviour. */
  sealed interface Command extends Local {}

  private enum Tick implements Command {
    TICK
  }

  private record Answered(Kind kind, @Nullable Object answer) implements Command {}

  /** One kind of entity. */
  private static final class Kind {
    private final ActorRef region;
    private final Counter in;
    private final Counter out;
    private Set<String> shards = Set.of();
    private volatile long entities;
    private volatile int shardCount;

    Kind(ActorRef region, String name, MeterRegistry registry) {
      this.region = region;
      in = registry.counter(MOVES, "entity", name, "direction", "in");
      out = registry.counter(MOVES, "entity", name, "direction", "out");
      Gauge.builder(ENTITIES, this, kind -> kind.entities).tag("entity", name).register(registry);
      Gauge.builder(SHARDS, this, kind -> kind.shardCount).tag("entity", name).register(registry);
    }

    void update(ShardRegion.ShardRegionStats stats) {
      Map<String, Object> counts = stats.getStats();
      long sum = 0;
      for (Object count : counts.values()) {
        sum += ((Number) count).longValue();
      }
      // A shard that has not answered in time is still here.
      Set<String> now = new HashSet<>(counts.keySet());
      now.addAll(stats.getFailed());
      in.increment((double) now.stream().filter(shard -> !shards.contains(shard)).count());
      out.increment((double) shards.stream().filter(shard -> !now.contains(shard)).count());
      shards = now;
      shardCount = now.size();
      entities = sum;
    }
  }

  private final List<Kind> kinds = new ArrayList<>();

  /** How many shards of all kinds were on this node at the last look. */
  public static int shardsIn(MeterRegistry registry) {
    return (int) registry.find(SHARDS).gauges().stream().mapToDouble(Gauge::value).sum();
  }

  /** The behaviour. Start it when all kinds of entities are registered with sharding. */
  public static Behavior<Command> create(MeterRegistry registry) {
    return Behaviors.setup(
        context ->
            Behaviors.withTimers(
                timers -> {
                  timers.startTimerWithFixedDelay(Tick.TICK, Duration.ZERO, INTERVAL);
                  return new ShardMeters(context, registry);
                }));
  }

  private ShardMeters(ActorContext<Command> context, MeterRegistry registry) {
    super(context);
    ClusterSharding sharding = ClusterSharding.get(context.getSystem());
    for (String type : new TreeSet<>(sharding.getShardTypeNames())) {
      String name = type.toLowerCase(Locale.ROOT).replace('-', '_');
      kinds.add(new Kind(sharding.shardRegion(type), name, registry));
    }
  }

  @Override
  public Receive<Command> createReceive() {
    return newReceiveBuilder()
        .onMessage(Tick.class, tick -> ask())
        .onMessage(Answered.class, ShardMeters::answered)
        .build();
  }

  private Behavior<Command> ask() {
    for (Kind kind : kinds) {
      getContext()
          .pipeToSelf(
              Patterns.ask(kind.region, ShardRegion.getRegionStatsInstance(), TIMEOUT),
              (answer, failure) -> new Answered(kind, answer));
    }
    return this;
  }

  private static Behavior<Command> answered(Answered answered) {
    // Without an answer the last numbers stay: the region is busy, or the node is stopping.
    if (answered.answer() instanceof ShardRegion.ShardRegionStats stats) {
      answered.kind().update(stats);
    }
    return Behaviors.same();
  }
}
