package parley.proof.swarm;

import java.util.List;
import java.util.Random;
import parley.client.JsonTrees;
import parley.client.ParleyClient;

/**
 * A group whose members come and go while people write. Its founder stays: what it reads at the end
 * is the whole log, by which everybody else is judged.
 */
record OpenGroup(String id, SwarmUser founder, List<SwarmUser> others) {

  /** Adds or removes somebody at random; what comes of it is known from the log alone. */
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

  /** A member twice, or none any more: refused. No answer in time: refused, to be tried again. */
  private static void check(int status) {
    if (status >= 500 && status != 503) {
      throw new AssertionError("a change of members was answered with " + status);
    }
  }
}
