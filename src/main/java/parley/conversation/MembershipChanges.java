package parley.conversation;

import java.util.ArrayDeque;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import org.apache.pekko.actor.typed.ActorRef;
import org.jspecify.annotations.Nullable;
import parley.model.EntryBody;
import parley.model.ErrorCode;
import parley.model.Limits;
import parley.model.Profile;
import parley.model.Refusal;
import parley.model.UserId;

/**
 * Carries out group changes that add users. It first asks the users whether they exist, and judges
 * the change again when they have answered. The changes run one at a time, each on the state that
 * the one before left.
 */
final class MembershipChanges {
  /** Adds entries to the next write. */
  interface Writer {
    /**
     * Writes these entries in the name of the actor, and then answers with the conversation as the
     * actor sees it.
     */
    void write(UserId actor, List<EntryBody> bodies, ActorRef<Conversation.ViewReply> replyTo);
  }

  private final ConversationState state;
  private final UserCheck userCheck;
  private final Writer writer;
  private final ArrayDeque<Runnable> checkedChanges = new ArrayDeque<>();

  MembershipChanges(ConversationState state, UserCheck userCheck, Writer writer) {
    this.state = state;
    this.userCheck = userCheck;
    this.writer = writer;
  }

  void create(Conversation.CreateGroup create, long now) {
    if (state.exists()) {
      create.replyTo().tell(ConversationViews.existing(state, create.creator()));
      return;
    }
    LinkedHashSet<UserId> members = new LinkedHashSet<>();
    members.add(create.creator());
    members.addAll(create.memberIds());
    if (members.size() > Limits.GROUP_MEMBERS) {
      answer(create.replyTo(), GroupRules.tooMany("member_ids").refusal());
      return;
    }
    userCheck.ask(
        members,
        now,
        new Outcome(
            "member_ids",
            create.replyTo(),
            () -> {
              if (state.exists()) {
                create.replyTo().tell(ConversationViews.existing(state, create.creator()));
              } else {
                writer.write(
                    create.creator(),
                    List.of(
                        new EntryBody.GroupCreated(
                            create.name(), create.avatarUrl(), List.copyOf(members))),
                    create.replyTo());
              }
            }));
  }

  /**
   * Checks the users that are not members yet, and then adds them. The caller has checked that
   * there are some, and that the actor may add them.
   */
  void add(Conversation.AddMembers add, long now) {
    userCheck.ask(
        GroupRules.notYetMembers(state, add.userIds()),
        now,
        new Outcome(
            "user_ids",
            add.replyTo(),
            () -> {
              GroupRules.Decision decision = GroupRules.add(state, add.actor(), add.userIds());
              if (decision.refusal() != null) {
                answer(add.replyTo(), decision.refusal());
              } else {
                writer.write(add.actor(), decision.bodies(), add.replyTo());
              }
            }));
  }

  /** Carries out the next change whose users all exist. Returns whether there was one. */
  boolean next() {
    Runnable change = checkedChanges.poll();
    if (change != null) {
      change.run();
    }
    return change != null;
  }

  /** Whether more changes are ready. */
  boolean hasNext() {
    return !checkedChanges.isEmpty();
  }

  static void answer(ActorRef<Conversation.ViewReply> replyTo, @Nullable Refusal refusal) {
    if (refusal != null) {
      replyTo.tell(new Conversation.Refused(refusal));
    }
  }

  /** Handles the answers of the users for one change. */
  private final class Outcome implements UserCheck.Outcome {
    private final String field;
    private final ActorRef<Conversation.ViewReply> replyTo;
    private final Runnable change;

    Outcome(String field, ActorRef<Conversation.ViewReply> replyTo, Runnable change) {
      this.field = field;
      this.replyTo = replyTo;
      this.change = change;
    }

    @Override
    public void known(Map<UserId, Profile> profiles) {
      checkedChanges.add(change);
    }

    @Override
    public void unknown(UserId user) {
      answer(replyTo, Refusal.of(ErrorCode.NOT_FOUND, field + ": there is no user " + user));
    }

    @Override
    public void refused(Refusal refusal) {
      answer(replyTo, refusal);
    }
  }
}
