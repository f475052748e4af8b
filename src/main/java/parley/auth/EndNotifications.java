package parley.auth;

import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.apache.pekko.actor.typed.javadsl.ActorContext;
import org.jspecify.annotations.Nullable;
import parley.model.UserId;

/**
 * Notifies the user entity of one account's families that have ended, and keeps the replies to
 * clients that wait for its confirmation. At most one notification of a family runs at a time. The
 * result comes to the account as {@link Account.UserNotified}; a notification that was not
 * confirmed is due again with {@link Account.RetryNotifications}.
 */
final class EndNotifications {
  /** Delay before a notification that was not confirmed is repeated. */
  private static final Duration NOTIFICATION_RETRY = Duration.ofSeconds(5);

  private final ActorContext<Account.Command> context;
  private final Account.Users users;
  // Replies that wait until the user entity knows that the family has ended, by family id.
  private final Map<String, List<Runnable>> pendingNotifications = new HashMap<>();

  EndNotifications(ActorContext<Account.Command> context, Account.Users users) {
    this.context = context;
    this.users = users;
  }

  /** Notifies the user entity that the family has ended, unless a notification of it is running. */
  void start(AccountState state, String familyId) {
    if (pendingNotifications.putIfAbsent(familyId, new ArrayList<>()) == null) {
      UserId user = Objects.requireNonNull(state.owner()).userId();
      context.pipeToSelf(
          users.loginEnded(user, RefreshToken.sid(familyId)),
          (done, failure) -> new Account.UserNotified(familyId, failure == null));
    }
  }

  /** Notifies the user entity of all ends that it has not confirmed. */
  void startUnconfirmed(AccountState state) {
    state.unconfirmedEnds().forEach(familyId -> start(state, familyId));
  }

  /** Replies when the notification that has just started has finished. */
  void replyAfter(String familyId, Runnable answer) {
    pendingNotifications.computeIfAbsent(familyId, f -> new ArrayList<>()).add(answer);
  }

  /**
   * Replies when the running notification of the family's end has finished; at once if none is
   * running or {@link AccountEntity#MAX_WAITING} replies wait for it already.
   */
  void replyAfterRunning(String familyId, Runnable answer) {
    @Nullable List<Runnable> waiting = pendingNotifications.get(familyId);
    if (waiting == null || waiting.size() >= AccountEntity.MAX_WAITING) {
      answer.run();
    } else {
      waiting.add(answer);
    }
  }

  /** Sends the replies that waited, and repeats the notification later if it was not confirmed. */
  void finished(Account.UserNotified result) {
    @Nullable List<Runnable> waiting = pendingNotifications.remove(result.familyId());
    if (waiting != null) {
      // Also after a failure: no token of the family is valid, and the notification is repeated.
      waiting.forEach(Runnable::run);
    }
    if (!result.known()) {
      context.scheduleOnce(NOTIFICATION_RETRY, context.getSelf(), new Account.RetryNotifications());
    }
  }
}
