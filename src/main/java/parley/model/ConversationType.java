package parley.model;

import com.fasterxml.jackson.annotation.JsonProperty;

/** The two kinds of conversation. */
public enum ConversationType {
  /** Two people, for ever the same two. */
  @JsonProperty("direct")
  DIRECT,
  /** Up to {@link Limits#GROUP_MEMBERS} people with roles. */
  @JsonProperty("group")
  GROUP;

  /** The name on the wire. */
  public String wireName() {
    return this == DIRECT ? "direct" : "group";
  }
}
