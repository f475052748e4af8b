package parley.proof;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import parley.client.Answer;
import parley.client.ClientIds;
import parley.client.JsonTrees;
import parley.client.ParleyClient;
import parley.client.TestAccount;
import parley.proof.faults.ClusterNetwork;
import parley.proof.faults.ClusterProcess;
import parley.proof.faults.SharedStore;

/**
 * Nodes are stopped and started again one after the other, and in the middle of that the keys are
 * rotated: no node refuses a token that another has made, whatever key is in it. Ten restarts of
 * the whole cluster:
 *
 * <pre>mvn -B verify -Dtest=none -Dsurefire.failIfNoSpecifiedTests=false -Dit.test=KeyRotationIT \
 *   -Dparley.rotation.rounds=10</pre>
 */
class KeyRotationIT {
  private static final long SEED = Long.getLong("parley.seed", new Random().nextLong());
  private static final int NODES = Integer.getInteger("parley.rotation.nodes", 2);

  /** How often each node is restarted. */
  private static final int ROUNDS = Integer.getInteger("parley.rotation.rounds", 1);

  private static final int CLIENTS = Integer.getInteger("parley.rotation.clients", 6);

  /** The shortest there is. */
  private static final int LEAD_SECONDS = 30;

  /** Tokens of each client that are shown again and again; the oldest goes. */
  private static final int KEPT = 40;

  private record Token(String text, Instant made) {
    /** As the node that made it said. */
    String keyId() {
      byte[] header = Base64.getUrlDecoder().decode(text.substring(0, text.indexOf('.')));
      return JsonTrees.parse(new String(header, StandardCharsets.UTF_8)).path("kid").asText();
    }
  }

  private final AtomicInteger shown = new AtomicInteger();
  private final AtomicInteger busy = new AtomicInteger();
  private final ConcurrentLinkedQueue<String> refused = new ConcurrentLinkedQueue<>();
  private final Map<String, AtomicInteger> made = new ConcurrentHashMap<>();
  private volatile boolean over;

  @Test
  void noTokenIsRefused(@TempDir Path folder) throws Exception {
    System.out.println("key rotation of seed " + SEED);
    try (SharedStore store = SharedStore.start("127.0.0.1", NODES, SEED);
        ClusterProcess cluster =
            new ClusterProcess(
                NODES,
                folder,
                new ClusterNetwork.Loopback(),
                store::settings,
                Map.of(
                    "PARLEY_DRAIN_SECONDS", "1",
                    "PARLEY_UNREADY_SECONDS", "0",
                    "PARLEY_MANAGEMENT_WRITE", "true"),
                KeyRotationIT::say)) {
      List<ParleyClient> nodes = cluster.uris().stream().map(ParleyClient::new).toList();
      List<Thread> threads = new ArrayList<>();
      for (int client = 0; client < CLIENTS; client++) {
        Random random = new Random(SEED + client);
        threads.add(Thread.ofVirtual().start(() -> work(nodes, random)));
      }
      try {
        await("tokens of the first key")
            .atMost(Duration.ofMinutes(1))
            .until(() -> made.values().stream().mapToInt(AtomicInteger::get).sum() > 5 * CLIENTS);
        restarts(cluster, nodes);
      } finally {
        over = true;
        for (Thread thread : threads) {
          thread.join();
        }
        nodes.forEach(ParleyClient::close);
      }
    }
    System.out.printf(
        "key rotation, seed %d: %d nodes, each restarted %d times, %d clients: %s tokens by key,"
            + " shown %d times, %d refused, %d times unavailable%n",
        SEED, NODES, ROUNDS, CLIENTS, made.values(), shown.get(), refused.size(), busy.get());
    assertThat(refused).as("seed %d: tokens refused, by key %s", SEED, made.keySet()).isEmpty();
    assertThat(made).as("keys that signed").hasSize(2);
  }

  private void restarts(ClusterProcess cluster, List<ParleyClient> nodes) {
    int all = ROUNDS * NODES;
    Instant signs = null;
    for (int restart = 0; restart < all; restart++) {
      int node = restart % NODES;
      if (restart == all / 2) {
        // While this node is away: it reads the next key when it starts.
        stop(cluster, node);
        rotate(cluster, (node + 1) % NODES);
        signs = Instant.now().plusSeconds(LEAD_SECONDS);
        start(cluster, node);
      } else {
        stop(cluster, node);
        start(cluster, node);
      }
    }
    Instant then = signs;
    await("the next key signs")
        .atMost(Duration.ofSeconds(LEAD_SECONDS + 60))
        .until(() -> made.size() == 2 && then != null && Instant.now().isAfter(then));
    // Once more, with tokens of both.
    for (int node = 0; node < NODES; node++) {
      stop(cluster, node);
      start(cluster, node);
    }
    for (ParleyClient node : nodes) {
      Set<String> kids = new TreeSet<>();
      node.get("/.well-known/jwks.json", null)
          .expect(200)
          .body()
          .path("keys")
          .forEach(key -> kids.add(key.path("kid").asText()));
      assertThat(kids).as("published at %s", node.base()).isEqualTo(new TreeSet<>(made.keySet()));
    }
  }

  private static void rotate(ClusterProcess cluster, int node) {
    try (ParleyClient operator = new ParleyClient(cluster.process(node).management())) {
      // Until the node that has just left is no member any more.
      await("a rotation")
          .atMost(Duration.ofMinutes(1))
          .untilAsserted(
              () -> {
                Answer answer =
                    operator.post("/admin/keys/rotation?lead_seconds=" + LEAD_SECONDS, null, null);
                assertThat(answer.status()).as(answer.text()).isIn(200, 202);
              });
    }
    say("rotated");
  }

  private static void stop(ClusterProcess cluster, int node) {
    cluster.hold(node);
    cluster.process(node).terminate();
  }

  private static void start(ClusterProcess cluster, int node) {
    cluster.release(node);
    cluster.awaitUp(cluster.size());
    say("node " + node + " is back");
  }

  /** Gets tokens wherever somebody gives one, and shows each everywhere. */
  private void work(List<ParleyClient> nodes, Random random) {
    List<Token> kept = new ArrayList<>();
    TestAccount testAccount = null;
    while (!over) {
      testAccount = renewed(nodes.get(random.nextInt(nodes.size())), testAccount);
      if (testAccount != null) {
        Token token = new Token(testAccount.accessToken(), Instant.now());
        made.computeIfAbsent(token.keyId(), key -> new AtomicInteger()).incrementAndGet();
        kept.add(token);
        if (kept.size() > KEPT) {
          kept.removeFirst();
        }
      }
      for (int i = 0; i < 4 && !kept.isEmpty(); i++) {
        // The newest first: whoever has not seen it has no other way to know it.
        Token token = i < 2 ? kept.getLast() : kept.get(random.nextInt(kept.size()));
        for (ParleyClient node : nodes) {
          show(node, token);
        }
      }
    }
  }

  private static @Nullable TestAccount renewed(
      ParleyClient node, @Nullable TestAccount testAccount) {
    try {
      if (testAccount == null) {
        return node.register("k" + ClientIds.next().toLowerCase(Locale.ROOT));
      }
      Answer answer =
          node.post(
              "/v1/auth/refresh",
              null,
              new HashMap<>(Map.of("refresh_token", testAccount.refreshToken())));
      if (answer.ok()) {
        return new TestAccount(
            testAccount.userId(),
            testAccount.username(),
            testAccount.password(),
            answer.body().path("access_token").asText(),
            answer.body().path("refresh_token").asText(),
            900);
      }
      return answer.status() == 401 ? null : testAccount;
    } catch (UncheckedIOException | AssertionError e) {
      return null; // A node that is stopping: another account, at another.
    }
  }

  private void show(ParleyClient node, Token token) {
    if (token.made.plus(Duration.ofMinutes(14)).isBefore(Instant.now())) {
      return;
    }
    try {
      Answer answer = node.get("/v1/users/me", token.text);
      shown.incrementAndGet();
      if (answer.status() == 401) {
        refused.add(
            Instant.now() + " at " + node.base() + " of key " + token.keyId() + answer.text());
      } else if (!answer.ok()) {
        busy.incrementAndGet();
      }
    } catch (UncheckedIOException e) {
      // It is stopping or starts.
    }
  }

  private static void say(String news) {
    System.out.println("[rotation] " + news);
  }
}
