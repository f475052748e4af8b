package parley.conversation;

import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import org.jspecify.annotations.Nullable;
import parley.model.EntryBody;
import parley.model.ErrorCode;
import parley.model.Limits;
import parley.model.Refusal;
import parley.model.Role;
import parley.model.UserId;

/**
 * Decides who may change a group, and which entries the change adds to the log. These are pure
 * rules without side effects.
 */
final class GroupRules {
  private GroupRules() {}

  /**
   * The outcome of a rule: a refusal, or the entries to write.
   *
   * @param bodies empty if nothing has to change
   */
  record Decision(@Nullable Refusal refusal, List<EntryBody> bodies) {
    static Decision refuse(ErrorCode code, String message) {
      return new Decision(Refusal.of(code, message), List.of());
    }

    static Decision write(List<EntryBody> bodies) {
      return new Decision(null, bodies);
    }
  }

  /** Returns null if the actor may administer the group, otherwise the refusal. */
  static @Nullable Refusal refuseUnlessAdmin(ConversationState state, UserId actor) {
    Member member = state.member(actor);
    if (member == null) {
      return Refusal.notFound();
    }
    if (!state.group()) {
      return Refusal.of(ErrorCode.FORBIDDEN, "a direct conversation has no name and no admins");
    }
    if (member.role() != Role.ADMIN) {
      return Refusal.of(ErrorCode.FORBIDDEN, "only admins of the group may do this");
    }
    return null;
  }

  static Decision change(
      ConversationState state, UserId actor, @Nullable String name, @Nullable String avatarUrl) {
    Refusal no = refuseUnlessAdmin(state, actor);
    if (no != null) {
      return new Decision(no, List.of());
    }
    String newName = name == null || name.equals(state.name()) ? null : name;
    String shown = state.avatarUrl() == null ? "" : state.avatarUrl();
    String newAvatar = avatarUrl == null || avatarUrl.equals(shown) ? null : avatarUrl;
    return Decision.write(
        newName == null && newAvatar == null
            ? List.of()
            : List.of(new EntryBody.GroupChanged(newName, newAvatar)));
  }

  /** The given users who are not members yet, each once. */
  static List<UserId> notYetMembers(ConversationState state, List<UserId> users) {
    LinkedHashSet<UserId> added = new LinkedHashSet<>(users);
    state.members().forEach(member -> added.remove(member.userId()));
    return List.copyOf(added);
  }

  static Decision add(ConversationState state, UserId actor, List<UserId> users) {
    Refusal no = refuseUnlessAdmin(state, actor);
    if (no != null) {
      return new Decision(no, List.of());
    }
    List<UserId> added = notYetMembers(state, users);
    if (state.members().size() + added.size() > Limits.GROUP_MEMBERS) {
      return tooMany("user_ids");
    }
    return Decision.write(added.isEmpty() ? List.of() : List.of(new EntryBody.MembersAdded(added)));
  }

  static Decision tooMany(String field) {
    return Decision.refuse(
        ErrorCode.BAD_REQUEST,
        field + ": a group has at most " + Limits.GROUP_MEMBERS + " members");
  }

  /**
   * Removes a member. If the only admin leaves, the longest-standing other member becomes admin
   * first.
   */
  static Decision remove(ConversationState state, UserId actor, UserId gone) {
    Member member = state.member(actor);
    if (member == null) {
      return new Decision(Refusal.notFound(), List.of());
    }
    if (!state.group()) {
      return Decision.refuse(
          ErrorCode.FORBIDDEN, "a direct conversation keeps both members; name a group");
    }
    if (!actor.equals(gone) && member.role() != Role.ADMIN) {
      return Decision.refuse(ErrorCode.FORBIDDEN, "only admins of the group may do this");
    }
    Member target = state.member(gone);
    if (target == null) {
      return Decision.refuse(ErrorCode.NOT_FOUND, "user_id: not a member of the group");
    }
    List<EntryBody> bodies = new ArrayList<>(2);
    if (target.role() == Role.ADMIN && admins(state) == 1) {
      for (Member heir : state.members()) {
        if (!heir.userId().equals(gone)) {
          bodies.add(new EntryBody.RoleChanged(heir.userId(), Role.ADMIN));
          break;
        }
      }
    }
    bodies.add(new EntryBody.MemberRemoved(gone));
    return Decision.write(bodies);
  }

  static Decision setRole(ConversationState state, UserId actor, UserId user, Role role) {
    Refusal no = refuseUnlessAdmin(state, actor);
    if (no != null) {
      return new Decision(no, List.of());
    }
    Member target = state.member(user);
    if (target == null) {
      return Decision.refuse(ErrorCode.NOT_FOUND, "user_id: not a member of the group");
    }
    if (target.role() == role) {
      return Decision.write(List.of());
    }
    if (target.role() == Role.ADMIN && admins(state) == 1) {
      return Decision.refuse(ErrorCode.FORBIDDEN, "role: a group keeps at least one admin");
    }
    return Decision.write(List.of(new EntryBody.RoleChanged(user, role)));
  }

  private static long admins(ConversationState state) {
    return state.members().stream().filter(m -> m.role() == Role.ADMIN).count();
  }
}
