package parley.auth;

import java.time.Duration;
import java.util.concurrent.CompletionStage;
import org.apache.pekko.cluster.sharding.typed.javadsl.ClusterSharding;

/** Gives tests of other packages access to an account. */
public final class AccountProbe {
  private AccountProbe() {}

  /** Completes when the account of that name, existing or not, has answered. */
  public static CompletionStage<?> ask(ClusterSharding sharding, String name, Duration most) {
    return sharding
        .entityRefFor(Account.KEY, name)
        .<AccountReply.ToLookup>ask(Account.Lookup::new, most);
  }
}
