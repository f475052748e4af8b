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
 * The calendar of a cluster: sharded buckets, and clocks of which each always runs on some node.
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
      ActorSystem<?> system,
      InstantSource time,
      CalendarMeters meters,
      BiConsumer<ConversationId, Long> due) {
    return init(system, time, EVERY, meters, due);
  }

  /** As above, with another interval of the clocks' timer. */
  public static ShardedCalendar init(
      ActorSystem<?> system,
      InstantSource time,
      Duration every,
      CalendarMeters meters,
      BiConsumer<ConversationId, Long> due) {
    ClusterSharding sharding = ClusterSharding.get(system);
    sharding.init(
        Entity.of(
                CalendarBucket.KEY,
                entity -> CalendarBucket.create(entity.getEntityId(), time, entity.getShard()))
            .withStopMessage(CalendarBucket.stop()));
    ShardedCalendar calendar = new ShardedCalendar(sharding);
    ShardedDaemonProcess.get(system)
        .init(
            CalendarClock.Command.class,
            "archive-clock",
            CalendarClock.CLOCKS,
            number -> CalendarClock.create(number, time, every, calendar.recipients(due), meters),
            CalendarClock.Tick.STOP);
    return calendar;
  }

  private CalendarClock.Recipients recipients(BiConsumer<ConversationId, Long> due) {
    return new CalendarClock.Recipients() {
      @Override
      public void tellBucket(long day, int slot, CalendarBucket.Command message) {
        sharding.entityRefFor(CalendarBucket.KEY, CalendarBucket.name(day, slot)).tell(message);
      }

      @Override
      public void askConversation(ConversationId id, long day) {
        due.accept(id, day);
      }
    };
  }

  @Override
  public void register(ConversationId id, long day, ActorRef<CalendarBucket.Answer> replyTo) {
    tell(id, day, new CalendarBucket.Register(id, replyTo));
  }

  @Override
  public void finished(ConversationId id, long day) {
    tell(id, day, new CalendarBucket.Finished(id));
  }

  private void tell(ConversationId id, long day, CalendarBucket.Command message) {
    sharding
        .entityRefFor(CalendarBucket.KEY, CalendarBucket.name(day, CalendarBucket.slot(id)))
        .tell(message);
  }
}
