package parley.app;

import java.time.Duration;
import java.time.InstantSource;
import java.util.function.BooleanSupplier;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.ActorSystem;
import org.apache.pekko.actor.typed.Props;
import org.apache.pekko.actor.typed.SupervisorStrategy;
import org.apache.pekko.actor.typed.javadsl.Behaviors;
import org.jspecify.annotations.Nullable;
import parley.admin.AdminRoutes;
import parley.admin.ArchiveEnrolment;
import parley.admin.ArchiveRoutes;
import parley.archive.ColdTier;
import parley.calendar.CalendarMeters;
import parley.calendar.ShardedCalendar;
import parley.conversation.ArchiveDependencies;
import parley.conversation.ArchiveRate;
import parley.conversation.Conversation;
import parley.conversation.ConversationVerifier;
import parley.session.EntityRefs;
import parley.settings.Settings;
import parley.store.Store;
import parley.telemetry.Telemetry;

/** Starts the parts that conversations use to archive old entries, as the settings say. */
final class ArchiveWiring {
  private ArchiveWiring() {}

  /**
   * Starts the calendar of the archive and returns the archive's dependencies of a conversation.
   *
   * @param tier null if {@code PARLEY_COLD_STORE} is off: then nothing is archived and the result
   *     is null
   * @param on whether segments are written; conversations ask again otherwise
   */
  static @Nullable ArchiveDependencies start(
      ActorSystem<?> node,
      Settings settings,
      @Nullable ColdTier tier,
      EntityRefs entityRefs,
      BooleanSupplier on,
      InstantSource clock,
      Telemetry telemetry) {
    if (tier == null) {
      return null;
    }
    return new ArchiveDependencies(
        tier,
        Duration.ofDays(settings.cold().hotDays()),
        new ArchiveRate(settings.cold().segmentsPerMinute(), System::nanoTime, on),
        ShardedCalendar.init(
            node,
            clock,
            new CalendarMeters(telemetry.registry()),
            (id, day) -> entityRefs.conversation(id).tell(new Conversation.Archive(day))));
  }

  /** The routes by which operators enter all conversations into the calendar. */
  static AdminRoutes admin(
      ActorSystem<?> node,
      Settings settings,
      Store store,
      @Nullable ArchiveDependencies archiveDependencies,
      InstantSource clock) {
    ActorRef<ArchiveEnrolment.Command> enrolment =
        archiveDependencies == null
            ? null
            : node.systemActorOf(
                Behaviors.supervise(
                        ArchiveEnrolment.create(
                            () ->
                                store
                                    .persistenceIds(ConversationVerifier.PERSISTENCE_ID_PREFIX)
                                    .map(ConversationVerifier::named),
                            archiveDependencies.calendar(),
                            clock))
                    .onFailure(SupervisorStrategy.restart()),
                "archive-enrolment",
                Props.empty());
    return new ArchiveRoutes(node, enrolment, settings.managementWrite());
  }
}
