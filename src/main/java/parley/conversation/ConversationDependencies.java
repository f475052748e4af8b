package parley.conversation;

import java.time.InstantSource;
import java.util.function.Consumer;
import java.util.function.Supplier;
import java.util.function.ToIntFunction;
import parley.cursors.CursorLog;
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
 * @param archive whether and how this node archives
 * @param reminders sends commands to reminders, which restart conversations with undelivered
 *     entries
 * @param scans limits what searches and counts cost the node
 * @param cursorLog keeps cursors until the journal of the conversation has them
 * @param messagesPerSecond how many messages a second a conversation takes, by id; 0 is no limit.
 *     Read for each message, so that a change holds at once
 */
public record ConversationDependencies(
    ConversationSettings settings,
    UserSender users,
    InstantSource clock,
    Supplier<String> messageIds,
    Consumer<ConversationId> wake,
    Telemetry telemetry,
    ConversationArchive archive,
    ConversationReminder.Sender reminders,
    LogScans scans,
    CursorLog.Sender cursorLog,
    ToIntFunction<String> messagesPerSecond) {
  /** The dependencies without a limit of messages. */
  public ConversationDependencies(
      ConversationSettings settings,
      UserSender users,
      InstantSource clock,
      Supplier<String> messageIds,
      Consumer<ConversationId> wake,
      Telemetry telemetry,
      ConversationArchive archive,
      ConversationReminder.Sender reminders,
      LogScans scans,
      CursorLog.Sender cursorLog) {
    this(
        settings,
        users,
        clock,
        messageIds,
        wake,
        telemetry,
        archive,
        reminders,
        scans,
        cursorLog,
        id -> 0);
  }

  /**
   * The dependencies without reminders. A conversation that stops after a failure starts again only
   * with its next command.
   */
  public ConversationDependencies(
      ConversationSettings settings,
      UserSender users,
      InstantSource clock,
      Supplier<String> messageIds,
      Consumer<ConversationId> wake,
      Telemetry telemetry,
      ConversationArchive archive) {
    this(
        settings,
        users,
        clock,
        messageIds,
        wake,
        telemetry,
        archive,
        ConversationReminder.Sender.NONE,
        new LogScans(() -> telemetry.limited("searches"), System::nanoTime),
        CursorLog.Sender.NONE);
  }

  /** The dependencies without reminders and without an archive. */
  public ConversationDependencies(
      ConversationSettings settings,
      UserSender users,
      InstantSource clock,
      Supplier<String> messageIds,
      Consumer<ConversationId> wake,
      Telemetry telemetry) {
    this(settings, users, clock, messageIds, wake, telemetry, new NoArchive());
  }

  /** Sends commands to user entities. */
  @FunctionalInterface
  public interface UserSender {
    /** Sends a command to a user. Delivery is at most once. */
    void tell(UserId to, User.Command message);
  }
}
