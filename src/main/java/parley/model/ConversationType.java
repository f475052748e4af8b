package parley.model;

import com.fasterxml.jackson.annotation.JsonProperty;

/** The two kinds of conversation. */
public enum ConversationType {
  /** Two users, who never change. */
  @JsonProperty("direct")
  DIRECT,
  /** Up to {@link Limits#GROUP_MEMBERS} users with roles. */
  @JsonProperty("group")
  GROUP;

  /** The name on the wire. */
  public String wireName() {
    return this == DIRECT ? "direct" : "group";
  }
}
