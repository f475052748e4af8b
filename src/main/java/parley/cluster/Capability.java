package parley.cluster;

import java.util.Set;
import org.apache.pekko.actor.typed.ActorSystem;
import org.apache.pekko.cluster.Member;
import org.apache.pekko.cluster.typed.Cluster;

/**
 * Something that nodes of an older version cannot read.
 *
 * <p><b>The rule: what an older node cannot read is never written before all can.</b> An entity
 * moves between nodes of both versions in a rolling upgrade, and in a rollback. An older node
 * recovers it, ignores the fields that it does not know, and its next snapshot is without them. So
 * a node announces what it can read as a role in the cluster ({@code parley-cluster.conf}), and a
 * writer first asks {@link #isEverywhere}. A member counts from its joining until it is removed,
 * also if it is unreachable.
 *
 * <p>What the rule does not cover: a node of an older version that joins after something was
 * written. The upgrade notes in {@code k8s/README.md} say what is lost then.
 */
public enum Capability {
  /** Reads bans in the events and snapshots of users, and ends sessions for operators. */
  BANS("bans"),

  /** Reads what a change did ({@code detail}) in the records of the audit log. */
  AUDIT_DETAILS("audit-details");

  private final String role;

  Capability(String role) {
    this.role = role;
  }

  /** The role of nodes that have it. */
  public String role() {
    return role;
  }

  /** Whether every member of the cluster, as this node sees it, has it. */
  public boolean isEverywhere(ActorSystem<?> system) {
    for (Member member : Cluster.get(system).state().getMembers()) {
      if (!isIn(member.getRoles())) {
        return false;
      }
    }
    return true;
  }

  /** Whether a node with these roles has it. */
  boolean isIn(Set<String> roles) {
    return roles.contains(role);
  }
}
