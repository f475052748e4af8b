package parley.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import com.typesafe.config.ConfigFactory;
import java.util.Set;
import org.apache.pekko.actor.testkit.typed.javadsl.ActorTestKit;
import org.apache.pekko.cluster.typed.Cluster;
import org.apache.pekko.cluster.typed.Join;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;

/** What nodes announce, and what an older node keeps from being written. */
class CapabilityTest {
  private static ActorTestKit node(String config) {
    return ActorTestKit.create(
        "parley",
        ConfigFactory.parseString(config + "\npekko.remote.artery.canonical.port = 0")
            .withFallback(ConfigFactory.load())
            .resolve());
  }

  @Test
  void eachNodeAnnouncesAll() {
    Set<String> roles = Set.copyOf(ConfigFactory.load().getStringList("pekko.cluster.roles"));
    for (Capability one : Capability.values()) {
      assertThat(one.isIn(roles)).as(one.role()).isTrue();
    }
  }

  /** The node of the version before joins, as in a rollback, and has not left before it is gone. */
  @Test
  void anOlderMemberIsNoticed() {
    ActorTestKit here = node("");
    ActorTestKit older = node("pekko.cluster.roles = [\"cursor-log\", \"audit-log\"]");
    try {
      Cluster cluster = Cluster.get(here.system());
      cluster.manager().tell(Join.create(cluster.selfMember().address()));
      Awaitility.await().untilAsserted(() -> assertThat(cluster.state().getMembers()).hasSize(1));
      assertThat(Capability.BANS.isEverywhere(here.system())).isTrue();
      Cluster.get(older.system()).manager().tell(Join.create(cluster.selfMember().address()));
      Awaitility.await().until(() -> !Capability.BANS.isEverywhere(here.system()));
      assertThat(Capability.AUDIT_DETAILS.isEverywhere(here.system())).isFalse();
    } finally {
      older.shutdownTestKit();
      here.shutdownTestKit();
    }
  }
}
