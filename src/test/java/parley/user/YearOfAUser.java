package parley.user;

import com.typesafe.config.ConfigFactory;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.pekko.actor.testkit.typed.javadsl.ActorTestKit;
import org.apache.pekko.actor.testkit.typed.javadsl.TestProbe;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.cluster.sharding.typed.javadsl.ClusterSharding;
import parley.bench.bill.StoredBytes;
import parley.client.DynamoLocal;
import parley.model.ConversationId;
import parley.store.DynamoStore;
import parley.telemetry.EntityMeters;
import parley.user.UserTestData.Mail;

/**
 * Measurement, by hand: what a user stores on the stand-in for DynamoDB after a simulated year. The
 * user has so many rows, and each message is a flush of one row: more than people write, because
 * rows of lively conversations wait. Once with removal, and once with a clock that stands, so that
 * nothing is ever a day old.
 *
 * <p>Arguments: days, messages a day, rows.
 */
final class YearOfAUser {
  private static final Duration PATIENCE = Duration.ofSeconds(30);

  private YearOfAUser() {}

  /** Prints a line for each kind of row. */
  public static void main(String[] args) throws Exception {
    int days = Integer.parseInt(args[0]);
    int daily = Integer.parseInt(args[1]);
    int rows = Integer.parseInt(args[2]);
    for (boolean removal : new boolean[] {false, true}) {
      String prefix = DynamoLocal.prefix();
      try (DynamoStore store = DynamoStore.open(DynamoLocal.endpoint(), prefix, true)) {
        run(store, days, daily, rows, removal);
      }
      long messages = (long) days * daily;
      StoredBytes.of(DynamoLocal.endpoint(), prefix)
          .forEach(
              (row, sum) ->
                  System.out.printf(
                      "%s removal, %d messages, %d rows: %s: %d items, %d bytes, %.2f bytes a"
                          + " message%n",
                      removal ? "with" : "without",
                      messages,
                      rows,
                      row,
                      sum.items(),
                      sum.bytes(),
                      (double) sum.bytes() / messages));
    }
    System.exit(0);
  }

  private static void run(DynamoStore store, int days, int daily, int rows, boolean clockGoes) {
    ActorTestKit kit =
        ActorTestKit.create(
            "year",
            ConfigFactory.parseString("pekko.actor.provider = local")
                .withFallback(store.config())
                .withFallback(ConfigFactory.load())
                .resolve());
    try {
      AtomicLong now = new AtomicLong(1_700_000_000_000L);
      UserSettings standard = UserSettings.standard();
      TestProbe<ClusterSharding.ShardCommand> shard = kit.createTestProbe();
      TestProbe<User.ProfileReply> done = kit.createTestProbe();
      ActorRef<User.Command> user =
          kit.spawn(
              UserSharding.create(
                  UserTestData.ALICE,
                  new UserDependencies(
                      new UserSettings(
                          Duration.ofDays(1),
                          Duration.ZERO,
                          Duration.ofDays(1),
                          standard.watchLease(),
                          standard.snapshots()),
                      (to, message) -> {},
                      AccountLogins.NONE,
                      () -> Instant.ofEpochMilli(now.get()),
                      PushDependencies.off(),
                      new EntityMeters(new SimpleMeterRegistry(), Instant::now)),
                  shard.getRef()));
      user.tell(new User.Ensure("alice", "Alice", done.getRef()));
      done.receiveMessage(PATIENCE);
      for (int i = 0; i < days * daily; i++) {
        long seq = i / rows + 1L;
        user.tell(Mail.of(new ConversationId("d_chat-" + i % rows), seq, seq).deliver());
        user.tell(new UserInternal.Flush());
        user.tell(new User.GetProfile(done.getRef()));
        done.receiveMessage(PATIENCE);
        if (clockGoes) {
          now.addAndGet(Duration.ofDays(1).toMillis() / daily);
        }
      }
    } finally {
      kit.shutdownTestKit();
    }
  }
}
