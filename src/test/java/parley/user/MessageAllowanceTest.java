package parley.user;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import org.apache.pekko.actor.testkit.typed.javadsl.ActorTestKit;
import org.apache.pekko.actor.testkit.typed.javadsl.TestProbe;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import parley.Marker;

/** The authoritative bucket of a user's messages. */
class MessageAllowanceTest {
  private static final ActorTestKit KIT = ActorTestKit.create();
  private final MessageAllowance messageAllowance = new MessageAllowance(UserTestData.ALICE);

  @AfterAll
  static void stop() {
    KIT.shutdownTestKit();
  }

  private static TestProbe<User.Level> node() {
    return KIT.createTestProbe();
  }

  private void spent(TestProbe<User.Level> node, int messages, long now) {
    messageAllowance.spent(new User.Spent(messages, 1_000_000, node.getRef()), now);
  }

  @Test
  void singleNodeReceivesNoAllowance() {
    TestProbe<User.Level> node = node();
    spent(node, 5, 1_000);
    spent(node, 5, 2_000);
    Marker.nothingMore(node);
  }

  @Test
  void twoNodesExchangeWhatTheySpent() {
    TestProbe<User.Level> one = node();
    TestProbe<User.Level> other = node();
    spent(one, 5, 1_000);
    spent(other, 5, 2_000);
    for (TestProbe<User.Level> node : List.of(one, other)) {
      assertThat(node.receiveMessage()).isEqualTo(new User.Level(UserTestData.ALICE, 9_000_000));
    }
    // The first node has not reported for a minute.
    spent(other, 1, 63_000);
    Marker.nothingMore(one);
    Marker.nothingMore(other);
  }

  @Test
  void recipientsOfAllowancesAreBounded() {
    List<TestProbe<User.Level>> nodes = new ArrayList<>();
    for (int i = 0; i <= MessageAllowance.NODES; i++) {
      nodes.add(node());
      spent(nodes.getLast(), 1, 1_000);
    }
    nodes.getFirst().receiveSeveralMessages(MessageAllowance.NODES - 1);
    Marker.nothingMore(nodes.getFirst());
  }
}
