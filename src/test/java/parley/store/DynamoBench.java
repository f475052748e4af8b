package parley.store;

import com.typesafe.config.ConfigFactory;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.apache.pekko.Done;
import org.apache.pekko.actor.testkit.typed.javadsl.ActorTestKit;
import org.apache.pekko.actor.testkit.typed.javadsl.TestProbe;
import org.apache.pekko.actor.typed.ActorRef;
import parley.client.ClientIds;
import parley.client.DynamoLocal;

/**
 * Measures durable events a second with the write guard and without it, by one writer and by a
 * hundred, on DynamoDB Local in the same process. Not part of the build:
 *
 * <pre>mvn test-compile exec:exec -Dparley.main=parley.store.DynamoBench -Dexec.classpathScope=test
 * </pre>
 */
public final class DynamoBench {
  private static final Duration PATIENCE = Duration.ofMinutes(3);

  private DynamoBench() {}

  /** Runs it; arguments are ignored. */
  public static void main(String[] args) throws Exception {
    DynamoStore store = DynamoStore.open(DynamoLocal.endpoint(), DynamoLocal.prefix(), true);
    ActorTestKit kit =
        ActorTestKit.create(
            "bench",
            ConfigFactory.parseString("pekko.actor.provider = local")
                .withFallback(store.config())
                .withFallback(ConfigFactory.load())
                .resolve());
    round(kit, 50, 20); // warms up
    for (int times = 0; times < 2; times++) {
      for (String guard : List.of("on", "off")) {
        System.setProperty(WriteGuard.PROPERTY, guard);
        System.out.printf(
            "guard %-3s  1 writer %5.0f/s  100 writers %5.0f/s%n",
            guard, round(kit, 1, 1000), round(kit, 100, 50));
      }
    }
    kit.shutdownTestKit();
    store.close();
    System.exit(0);
  }

  /** Events a second. */
  private static double round(ActorTestKit kit, int writers, int events) {
    TestProbe<Done> probe = kit.createTestProbe();
    List<ActorRef<NotebookEntity.Command>> all = new ArrayList<>();
    for (int n = 0; n < writers; n++) {
      all.add(kit.spawn(NotebookEntity.of("bench-" + ClientIds.next())));
    }
    long start = System.nanoTime();
    for (ActorRef<NotebookEntity.Command> one : all) {
      for (int n = 0; n < events; n++) {
        one.tell(
            new NotebookEntity.Add(List.of("a line of some length, as people write"), probe.ref()));
      }
    }
    probe.receiveSeveralMessages(writers * events, PATIENCE);
    double seconds = (System.nanoTime() - start) / 1e9;
    all.forEach(kit::stop);
    return writers * events / seconds;
  }
}
