package parley.conversation;

import java.util.ArrayDeque;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import parley.conversation.ConversationEvent.Person;
import parley.model.ConversationId;
import parley.model.ErrorCode;
import parley.model.Profile;
import parley.model.Refusal;
import parley.model.UserId;

/**
 * Opens a direct conversation: asks both users whether they exist. Commands that arrive meanwhile
 * wait, {@value #MAX_WAITING} at most; one more is refused.
 */
final class DirectOpening {
  static final int MAX_WAITING = 128;

  private final ConversationId id;
  private final UserCheck userCheck;
  private final ArrayDeque<Conversation.Command> waiting = new ArrayDeque<>();
  private ConversationEvent.@Nullable DirectOpened ready;

  DirectOpening(ConversationId id, UserCheck userCheck) {
    this.id = id;
    this.userCheck = userCheck;
  }

  /**
   * Opens the conversation for a post or a request. The command is refused here, or handed back by
   * {@link #next} after the opening.
   */
  void open(UserId opener, UserId peer, Conversation.Command cause, long now) {
    if (opener.equals(peer) || !ConversationId.direct(opener, peer).equals(id)) {
      refuse(cause, Refusal.notFound());
      return;
    }
    if (waiting.size() >= MAX_WAITING) {
      refuse(
          cause,
          Refusal.unavailable("too many requests wait for this conversation to open; ask again"));
      return;
    }
    waiting.add(cause);
    if (waiting.size() == 1) {
      userCheck.ask(List.of(opener, peer), now, outcome(opener, peer, now));
    }
  }

  private UserCheck.Outcome outcome(UserId opener, UserId peer, long now) {
    return new UserCheck.Outcome() {
      @Override
      public void known(Map<UserId, Profile> profiles) {
        ready =
            new ConversationEvent.DirectOpened(
                person(Objects.requireNonNull(profiles.get(opener))),
                person(Objects.requireNonNull(profiles.get(peer))),
                now);
      }

      @Override
      public void unknown(UserId user) {
        for (Conversation.Command cause : takeWaiting()) {
          String field = cause instanceof Conversation.Post ? "to" : "user_id";
          refuse(cause, Refusal.of(ErrorCode.NOT_FOUND, field + ": there is no such user"));
        }
      }

      @Override
      public void refused(Refusal refusal) {
        refuseAll(refusal);
      }
    };
  }

  private static Person person(Profile profile) {
    return new Person(profile.userId(), profile.displayName(), profile.avatarUrl(), 0);
  }

  /** Whether both users exist and the opening event can be persisted. */
  boolean isReady() {
    return ready != null;
  }

  /** Takes the opening event to persist, or null. */
  ConversationEvent.@Nullable DirectOpened take() {
    ConversationEvent.DirectOpened event = ready;
    ready = null;
    return event;
  }

  /**
   * Whether commands wait. Later commands are queued behind them, so that a sender's messages keep
   * their order.
   */
  boolean hasWaiting() {
    return !waiting.isEmpty();
  }

  /** Queues the command behind the waiting ones, or refuses it. */
  void enqueue(Conversation.Command cause) {
    if (waiting.size() >= MAX_WAITING) {
      refuse(
          cause,
          Refusal.unavailable("too many requests wait for this conversation to open; ask again"));
    } else {
      waiting.add(cause);
    }
  }

  /** Takes the next waiting command, or null. */
  Conversation.@Nullable Command next() {
    return waiting.poll();
  }

  /** Refuses all waiting commands, because the conversation is not opened. */
  void refuseAll(Refusal refusal) {
    takeWaiting().forEach(cause -> refuse(cause, refusal));
  }

  private List<Conversation.Command> takeWaiting() {
    List<Conversation.Command> those = List.copyOf(waiting);
    waiting.clear();
    return those;
  }

  private static void refuse(Conversation.Command cause, Refusal refusal) {
    switch (cause) {
      case Conversation.Post post ->
          post.replyTo().tell(new Conversation.PostRefused(post.clientMsgId(), refusal));
      case Conversation.OpenDirect open -> open.replyTo().tell(new Conversation.Refused(refusal));
      default -> throw new IllegalArgumentException("opens nothing: " + cause);
    }
  }
}
