package parley.model;

import com.fasterxml.jackson.annotation.JsonProperty;

/** What a member may do in a group. Both members of a direct conversation are {@link #MEMBER}. */
public enum Role {
  /** May rename the group, add and remove members, change roles and delete all members' entries. */
  @JsonProperty("admin")
  ADMIN,
  /** May write and leave. */
  @JsonProperty("member")
  MEMBER;

  /** The name on the wire. */
  public String wireName() {
    return this == ADMIN ? "admin" : "member";
  }
}
