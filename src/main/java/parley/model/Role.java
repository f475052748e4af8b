package parley.model;

import com.fasterxml.jackson.annotation.JsonProperty;

/** What a member may do in a group. Both members of a direct conversation are {@link #MEMBER}. */
public enum Role {
  /** May rename, add, remove, change roles and delete anybody's entries. */
  @JsonProperty("admin")
  ADMIN,
  /** May write, and leave. */
  @JsonProperty("member")
  MEMBER;

  /** The name on the wire. */
  public String wireName() {
    return this == ADMIN ? "admin" : "member";
  }
}
