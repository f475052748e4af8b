package parley.whole;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.eatthepath.pushy.apns.server.RejectionReason;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import parley.client.MockApns;
import parley.client.MockFcm;
import parley.client.ParleyClient;
import parley.client.ParleySocket;
import parley.client.ServerProcess;
import parley.client.TestAccount;

/**
 * The server is killed with {@code kill -9} while providers have pushes that they have not answered
 * yet, or whose answer is not in the journal yet. Each is delivered, and twice only where nobody
 * could know. A long run: {@code -Dparley.push.kills=20}, with the seed of another one {@code
 * -Dparley.seed=N}.
 */
class PushCrashIT {
  private static final long SEED = Long.getLong("parley.seed", new Random().nextLong());
  private static final int KILLS = Integer.getInteger("parley.push.kills", 1);
  private static final int PEOPLE = 12;

  /**
   * Users whose push is answered and stored before the others begin: none of their pushes is sent
   * again.
   */
  private static final int SETTLED = 4;

  private static final long FIRST_TOKEN = 0xabad_cafe_0000L;
  private static final Duration LONG = Duration.ofSeconds(60);

  private record Person(TestAccount account, String token, String platform, String conversation) {}

  /** A notification that reached its device, whether or not it was answered. */
  private record Arrival(String token, long seq) {}

  private final AtomicInteger entered = new AtomicInteger();
  @TempDir private Path folder;
  private MockApns apns;
  private MockFcm fcm;
  private ServerProcess server;
  private ParleyClient client;
  private ParleyClient operator;

  @BeforeEach
  void start() throws Exception {
    apns = new MockApns(folder);
    fcm = new MockFcm(folder);
    Map<String, String> environment = new HashMap<>(ServerProcess.SHORT_LIVED);
    environment.putAll(apns.environment());
    environment.putAll(fcm.environment());
    environment.put("PARLEY_PUSH_AFTER_SECONDS", "1");
    server =
        ServerProcess.prepare(
            Files.createDirectories(folder.resolve("data")),
            environment,
            List.of(),
            List.of("-Dparley.user.push.backoff=500ms", "-Dparley.user.push.again=100ms"));
    server.launch();
    client = new ParleyClient(server.uri());
    operator = new ParleyClient(server.management());
  }

  @AfterEach
  void stop() {
    server.close();
    apns.close();
    fcm.close();
  }

  private Person away(TestAccount sender, int number) {
    String platform = number % 2 == 0 ? "apns" : "fcm";
    TestAccount testAccount = client.register("away-" + number);
    client.connectSynced(testAccount, "phone").close();
    String conversation = client.direct(sender, testAccount.userId());
    Person person =
        new Person(testAccount, "%064x".formatted(FIRST_TOKEN + number), platform, conversation);
    register(person);
    return person;
  }

  /**
   * The answer comes when the journal has it, and with it everything that this user stored before.
   */
  private void register(Person person) {
    client
        .call(
            "PUT",
            "/v1/users/me/devices/phone/push_token",
            person.account().accessToken(),
            Map.of("platform", person.platform(), "token", person.token()))
        .expect(204);
  }

  private double delivered() {
    return operator
        .get("/metrics", null)
        .expect(200)
        .text()
        .lines()
        .filter(line -> line.startsWith("parley_push_outcomes_total{outcome=\"delivered\"}"))
        .mapToDouble(line -> Double.parseDouble(line.substring(line.lastIndexOf(' ') + 1)))
        .sum();
  }

  /** How many requests of each provider the test has checked. */
  private record Mark(int apns, int fcm) {
    int sum() {
      return apns + fcm;
    }
  }

  private Mark mark() {
    return new Mark(apns.received().size(), fcm.received().size());
  }

  /** The notifications that have reached their devices since. */
  private List<Arrival> arrivals(Mark since) {
    List<Arrival> all = new ArrayList<>();
    apns.received().stream()
        .skip(since.apns())
        .filter(MockApns.Received::accepted)
        .forEach(one -> all.add(new Arrival(one.token(), one.payload().path("seq").asLong())));
    fcm.received().stream()
        .skip(since.fcm())
        .filter(MockFcm.Received::accepted)
        .forEach(
            one ->
                all.add(
                    new Arrival(
                        one.token(),
                        one.body().path("message").path("data").path("seq").asLong())));
    return all;
  }

  /** Waits until the providers have read everything that the dead server sent. */
  private void drained(String at) {
    int[] seen = {-1};
    await(at)
        .atMost(LONG)
        .during(Duration.ofMillis(300))
        .until(
            () -> {
              int before = seen[0];
              seen[0] = mark().sum();
              return seen[0] == entered.get() && seen[0] == before;
            });
  }

  private void everythingIsAccepted() {
    apns.answer(
        token -> {
          entered.incrementAndGet();
          return MockApns.ACCEPT;
        });
    fcm.answer(
        token -> {
          entered.incrementAndGet();
          return MockFcm.ACCEPT;
        });
  }

  /** What a provider does with a user's notifications until the server dies. */
  private enum Does {
    TAKES,
    TAKES_AND_IS_SILENT,
    IS_SILENT,
    FAILS
  }

  /** When the server dies: at a request, before its answer, or soon after it. */
  private final class Death {
    private final AtomicInteger left;
    private final boolean before;
    private final CountDownLatch come = new CountDownLatch(1);

    Death(int request, boolean before) {
      this.left = new AtomicInteger(request);
      this.before = before;
    }

    void request() {
      entered.incrementAndGet();
      if (left.decrementAndGet() == 0) {
        if (before) {
          server.kill9();
        }
        come.countDown();
      }
    }

    void await() throws InterruptedException {
      assertThat(come.await(LONG.toSeconds(), TimeUnit.SECONDS)).isTrue();
      server.kill9();
    }
  }

  private void troubles(Map<String, Does> does, Death death) {
    apns.answer(
        token -> {
          death.request();
          return switch (does.getOrDefault(token, Does.TAKES)) {
            case TAKES -> MockApns.ACCEPT;
            case TAKES_AND_IS_SILENT -> MockApns.TAKEN;
            case IS_SILENT -> MockApns.SILENCE;
            case FAILS -> new MockApns.Answer.Reject(RejectionReason.SERVICE_UNAVAILABLE);
          };
        });
    fcm.answer(
        token -> {
          death.request();
          return switch (does.getOrDefault(token, Does.TAKES)) {
            case TAKES -> MockFcm.ACCEPT;
            case TAKES_AND_IS_SILENT -> MockFcm.TAKEN;
            case IS_SILENT -> MockFcm.SILENCE;
            case FAILS -> MockFcm.error(503, "UNAVAILABLE", "UNAVAILABLE");
          };
        });
  }

  @Test
  void eachIsDeliveredAndTwiceOnlyWhereNobodyCouldKnow() throws Exception {
    System.out.println("PushCrashIT: seed " + SEED);
    Random random = new Random(SEED);
    TestAccount sender = client.register("sender");
    List<Person> people = new ArrayList<>();
    for (int i = 0; i < PEOPLE; i++) {
      people.add(away(sender, i));
    }
    int open = 0;
    int twice = 0;
    // A repeated push that arrives during the next kill counts as a repetition, not as one of that
    // kill.
    Set<Arrival> earlier = new HashSet<>();
    for (int kill = 0; kill < KILLS; kill++) {
      Collections.shuffle(people, random);
      List<Person> settled = people.subList(0, SETTLED);
      List<Person> others = people.subList(SETTLED, PEOPLE);
      Map<String, Does> does = new HashMap<>();
      others.forEach(p -> does.put(p.token(), any(random)));
      int last = 1 + random.nextInt(others.size());
      Death death = new Death(last, random.nextBoolean());
      String at = "seed " + SEED + ", kill " + kill;

      everythingIsAccepted();
      double delivered = delivered();
      Mark start = mark();
      Set<Arrival> wanted = new HashSet<>();
      Set<Arrival> done;
      try (ParleySocket socket = client.connectSynced(sender, "phone")) {
        wanted.addAll(send(socket, settled));
        done = Set.copyOf(wanted);
        await(at).atMost(LONG).until(() -> delivered() >= delivered + SETTLED);
        settled.forEach(this::register);
        troubles(does, death);
        wanted.addAll(send(socket, others));
        death.await();
      }
      drained(at);
      List<Arrival> before = arrivals(start);
      Mark dead = mark();
      // The pushes that the journal has as delivered, and those of unknown outcome.
      Set<Arrival> unsure = new HashSet<>(before);
      unsure.removeAll(done);
      unsure.removeAll(earlier);
      open += unsure.size();

      everythingIsAccepted();
      server.restart();
      await(at).atMost(LONG).untilAsserted(() -> assertThat(arrivals(start)).containsAll(wanted));
      await(at).atMost(LONG).until(() -> delivered() >= arrivals(dead).size());
      people.forEach(this::register);
      List<Arrival> after = arrivals(dead);
      List<Arrival> late = new ArrayList<>(before);
      late.addAll(after);
      late.retainAll(earlier);
      twice += late.size();
      before.removeAll(earlier);
      after.removeAll(earlier);
      earlier.addAll(wanted);
      assertThat(before).as(at).doesNotHaveDuplicates();
      assertThat(after).as(at).doesNotHaveDuplicates().doesNotContainAnyElementsOf(done);
      Set<Arrival> all = new HashSet<>(before);
      all.addAll(after);
      assertThat(all).as(at).isEqualTo(wanted);
      twice += before.size() + after.size() - all.size();
    }
    System.out.printf(
        "PushCrashIT: %d kills, %d pushes, of which %d had come and were not noted for certain,"
            + " %d came twice%n",
        KILLS, KILLS * PEOPLE, open, twice);
    assertThat(twice).as("seed " + SEED).isLessThanOrEqualTo(open);
  }

  private static Does any(Random random) {
    return Does.values()[random.nextInt(Does.values().length)];
  }

  private static List<Arrival> send(ParleySocket socket, List<Person> to) {
    return to.stream()
        .map(
            person ->
                new Arrival(
                    person.token(),
                    socket
                        .ask(SharedServer.text(person.conversation(), "hello"))
                        .join()
                        .path("seq")
                        .asLong()))
        .toList();
  }
}
