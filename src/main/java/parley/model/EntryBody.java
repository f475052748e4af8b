package parley.model;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonSubTypes;
import com.fasterxml.jackson.annotation.JsonTypeInfo;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The content of an entry, by type. The type names are those of the wire and of the journal: they
 * never change.
 */
@JsonTypeInfo(use = JsonTypeInfo.Id.NAME, property = "t")
@JsonSubTypes({
  @JsonSubTypes.Type(value = EntryBody.Text.class, name = "text"),
  @JsonSubTypes.Type(value = EntryBody.Edit.class, name = "edit"),
  @JsonSubTypes.Type(value = EntryBody.Delete.class, name = "delete"),
  @JsonSubTypes.Type(value = EntryBody.Reaction.class, name = "reaction"),
  @JsonSubTypes.Type(value = EntryBody.GroupCreated.class, name = "group_created"),
  @JsonSubTypes.Type(value = EntryBody.MembersAdded.class, name = "members_added"),
  @JsonSubTypes.Type(value = EntryBody.MemberRemoved.class, name = "member_removed"),
  @JsonSubTypes.Type(value = EntryBody.RoleChanged.class, name = "role_changed"),
  @JsonSubTypes.Type(value = EntryBody.GroupChanged.class, name = "group_changed"),
})
// An empty string has a meaning (a removed picture or reaction), so only null is left out.
@JsonInclude(JsonInclude.Include.NON_NULL)
public sealed interface EntryBody {

  /** The value of the wire's {@code type}. */
  String type();

  /** Whether such an entry counts as unread for members other than its sender. */
  default boolean countable() {
    return false;
  }

  /**
   * A message.
   *
   * @param content the text, or null in a tombstone: the entry was deleted, and its bytes remain
   *     only in the log
   * @param replyTo seq of the entry it replies to
   * @param mentions the mentioned users; null means none
   * @param edited whether the content is newer than the entry; never stored
   */
  record Text(
      @Nullable String content,
      @Nullable Long replyTo,
      @Nullable List<UserId> mentions,
      @JsonInclude(JsonInclude.Include.NON_DEFAULT) boolean edited)
      implements EntryBody {
    @Override
    public String type() {
      return "text";
    }

    @Override
    public boolean countable() {
      return true;
    }

    @Override
    public String toString() {
      return "Text[redacted]";
    }
  }

  /**
   * New content for an earlier text.
   *
   * @param targetSeq the text's seq
   * @param content the new wording; null once the target has been deleted
   */
  record Edit(long targetSeq, @Nullable String content) implements EntryBody {
    @Override
    public String type() {
      return "edit";
    }

    @Override
    public String toString() {
      return "Edit[targetSeq=" + targetSeq + "]";
    }
  }

  /**
   * An earlier text was deleted.
   *
   * @param targetSeq the text's seq
   * @param targetSender who wrote the text, so that counters need no look-up; not on the wire
   */
  record Delete(long targetSeq, UserId targetSender) implements EntryBody {
    @Override
    public String type() {
      return "delete";
    }
  }

  /**
   * The sender's reaction to an entry.
   *
   * @param targetSeq the entry's seq
   * @param reaction the reaction; empty removes an earlier one
   */
  record Reaction(long targetSeq, @Nullable String reaction) implements EntryBody {
    @Override
    public String type() {
      return "reaction";
    }

    @Override
    public String toString() {
      return "Reaction[targetSeq=" + targetSeq + "]";
    }
  }

  /** The first entry of a group; the sender is its first admin and one of the members. */
  record GroupCreated(String name, @Nullable String avatarUrl, List<UserId> memberIds)
      implements EntryBody {
    @Override
    public String type() {
      return "group_created";
    }

    @Override
    public String toString() {
      return "GroupCreated[members=" + memberIds.size() + "]";
    }
  }

  /** The sender added these users. */
  record MembersAdded(List<UserId> memberIds) implements EntryBody {
    @Override
    public String type() {
      return "members_added";
    }
  }

  /** The sender removed this user, or left if both are the same. */
  record MemberRemoved(UserId userId) implements EntryBody {
    @Override
    public String type() {
      return "member_removed";
    }
  }

  /** The role of this user was changed. */
  record RoleChanged(UserId userId, Role role) implements EntryBody {
    @Override
    public String type() {
      return "role_changed";
    }
  }

  /** The group's name or picture was changed. Null means unchanged; an empty picture removes it. */
  record GroupChanged(@Nullable String name, @Nullable String avatarUrl) implements EntryBody {
    @Override
    public String type() {
      return "group_changed";
    }

    @Override
    public String toString() {
      return "GroupChanged[]";
    }
  }
}
