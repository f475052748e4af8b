package parley.app;

import java.time.Duration;
import java.time.InstantSource;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.ActorSystem;
import org.apache.pekko.actor.typed.Props;
import org.apache.pekko.actor.typed.SupervisorStrategy;
import org.apache.pekko.actor.typed.javadsl.Behaviors;
import org.jspecify.annotations.Nullable;
import parley.archive.ColdTier;
import parley.calendar.ShardedCalendar;
import parley.conversation.Archive;
import parley.conversation.Conversation;
import parley.conversation.Pace;
import parley.conversation.Verification;
import parley.session.Entities;
import parley.store.Store;

/** What conversations need to archive, put together as the settings say. */
final class Archives {
  private Archives() {}

  /**
   * Starts the calendar.
   *
   * @param tier null where {@code PARLEY_COLD_STORE} is off: then nothing is archived, or asked to
   *     be
   */
  static @Nullable Archive start(
      ActorSystem<?> node,
      Settings settings,
      @Nullable ColdTier tier,
      Entities entities,
      InstantSource clock) {
    if (tier == null) {
      return null;
    }
    return new Archive(
        tier,
        Duration.ofDays(settings.cold().hotDays()),
        new Pace(settings.cold().segmentsPerMinute(), System::nanoTime),
        ShardedCalendar.init(
            node,
            clock,
            (id, day) -> entities.conversation(id).tell(new Conversation.Archive(day))));
  }

  /** What operators may do with it. */
  static AdminRoutes admin(
      ActorSystem<?> node,
      Settings settings,
      Store store,
      @Nullable Archive archive,
      InstantSource clock) {
    ActorRef<ArchiveEnrolment.Command> enrolment =
        archive == null
            ? null
            : node.systemActorOf(
                Behaviors.supervise(
                        ArchiveEnrolment.create(
                            () -> store.persistenceIds(Verification.NAMES).map(Verification::named),
                            archive.calendar(),
                            clock))
                    .onFailure(SupervisorStrategy.restart()),
                "archive-enrolment",
                Props.empty());
    return new ArchiveRoutes(node, enrolment, settings.managementWrite());
  }
}
