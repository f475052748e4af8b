package parley.calendar;

import java.time.Duration;
import java.time.InstantSource;
import java.util.function.BiConsumer;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.ActorSystem;
import org.apache.pekko.cluster.sharding.typed.javadsl.ClusterSharding;
import org.apache.pekko.cluster.sharding.typed.javadsl.Entity;
import org.apache.pekko.cluster.sharding.typed.javadsl.ShardedDaemonProcess;
import parley.model.ConversationId;

/**
 * The calendar of a cluster: its buckets by sharding, its clocks kept running on some node each.
 */
public final class ShardedCalendar implements Calendar {
  private static final Duration EVERY = Duration.ofSeconds(1);

  private final ClusterSharding sharding;

  private ShardedCalendar(ClusterSharding sharding) {
    this.sharding = sharding;
  }

  /**
   * Registers buckets with the cluster and starts the clocks.
   *
   * @param due asks a conversation to archive, for that day; at most once
   */
  public static ShardedCalendar init(
      ActorSystem<?> system, InstantSource time, BiConsumer<ConversationId, Long> due) {
    return init(system, time, EVERY, due);
  }

  /** The same with another time between two looks of a clock. */
  public static ShardedCalendar init(
      ActorSystem<?> system,
      InstantSource time,
      Duration every,
      BiConsumer<ConversationId, Long> due) {
    ClusterSharding sharding = ClusterSharding.get(system);
    sharding.init(
        Entity.of(
                Bucket.KEY, entity -> Bucket.create(entity.getEntityId(), time, entity.getShard()))
            .withStopMessage(Bucket.stop()));
    ShardedCalendar calendar = new ShardedCalendar(sharding);
    ShardedDaemonProcess.get(system)
        .init(
            Clock.Command.class,
            "archive-clock",
            Clock.CLOCKS,
            number -> Clock.create(number, time, every, calendar.ways(due)),
            Clock.Tick.STOP);
    return calendar;
  }

  private Clock.Ways ways(BiConsumer<ConversationId, Long> due) {
    return new Clock.Ways() {
      @Override
      public void bucket(long day, int slot, Bucket.Command message) {
        sharding.entityRefFor(Bucket.KEY, Bucket.name(day, slot)).tell(message);
      }

      @Override
      public void conversation(ConversationId id, long day) {
        due.accept(id, day);
      }
    };
  }

  @Override
  public void register(ConversationId id, long day, ActorRef<Bucket.Answer> replyTo) {
    tell(id, day, new Bucket.Register(id, replyTo));
  }

  @Override
  public void finished(ConversationId id, long day) {
    tell(id, day, new Bucket.Finished(id));
  }

  private void tell(ConversationId id, long day, Bucket.Command message) {
    sharding.entityRefFor(Bucket.KEY, Bucket.name(day, Bucket.slot(id))).tell(message);
  }
}
