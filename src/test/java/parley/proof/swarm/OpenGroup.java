package parley.proof.swarm;

import java.util.List;
import java.util.Random;
import parley.client.JsonTrees;
import parley.client.ParleyClient;

/**
 * A group whose members change while others write. Its founder stays: the log that the founder
 * reads at the end is the reference for everybody else.
 */
record OpenGroup(String id, SwarmUser founder, List<SwarmUser> others) {

  /** Adds or removes a random user; only the log shows the result. */
  void change(ParleyClient client, Random random, SwarmUser by) {
    SwarmUser whom = others.get(random.nextInt(others.size()));
    String path = "/v1/groups/" + id + "/members";
    if (!by.id().equals(founder.id())) {
      if (by.conversations().contains(id)) {
        check(
            client.call("DELETE", path + "/" + by.id(), by.account().accessToken(), null).status());
      }
    } else if (random.nextInt(3) < 2) {
      check(
          client
              .post(path, by.account().accessToken(), JsonTrees.obj("user_ids", List.of(whom.id())))
              .status());
    } else {
      check(
          client.call("DELETE", path + "/" + whom.id(), by.account().accessToken(), null).status());
    }
  }

  /**
   * Adding a member twice or removing a former member is refused. Without an answer in time it is
   * tried again later.
   */
  private static void check(int status) {
    if (status >= 500 && status != 503) {
      throw new AssertionError("a change of members was answered with " + status);
    }
  }
}
