package parley.conversation;

import java.time.InstantSource;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import parley.model.ConversationId;
import parley.model.UserId;
import parley.telemetry.Telemetry;
import parley.user.User;

/**
 * The dependencies of a conversation entity.
 *
 * @param users sends commands to user entities
 * @param messageIds makes unique ids for entries
 * @param wake sends {@link Conversation.Wake} to a conversation, on whatever node it runs
 * @param archive what archiving needs; null if this node does not archive
 * @param reminders sends commands to reminders, which restart conversations with undelivered
 *     entries; null if there are no reminders
 */
public record ConversationEnvironment(
    ConversationSettings settings,
    UserPort users,
    InstantSource clock,
    Supplier<String> messageIds,
    Consumer<ConversationId> wake,
    Telemetry telemetry,
    @Nullable ArchiveDependencies archive,
    ConversationReminder.@Nullable Port reminders) {
  /**
   * An environment without reminders. A conversation that stops after a failure starts again only
   * with its next command.
   */
  public ConversationEnvironment(
      ConversationSettings settings,
      UserPort users,
      InstantSource clock,
      Supplier<String> messageIds,
      Consumer<ConversationId> wake,
      Telemetry telemetry,
      @Nullable ArchiveDependencies archive) {
    this(settings, users, clock, messageIds, wake, telemetry, archive, null);
  }

  /** An environment without reminders and without an archive. */
  public ConversationEnvironment(
      ConversationSettings settings,
      UserPort users,
      InstantSource clock,
      Supplier<String> messageIds,
      Consumer<ConversationId> wake,
      Telemetry telemetry) {
    this(settings, users, clock, messageIds, wake, telemetry, null, null);
  }

  /** Sends commands to user entities. */
  @FunctionalInterface
  public interface UserPort {
    /** Sends a command to a user. Delivery is at most once. */
    void tell(UserId to, User.Command message);
  }
}
