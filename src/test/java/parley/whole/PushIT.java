package parley.whole;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.eatthepath.pushy.apns.server.RejectionReason;
import com.fasterxml.jackson.databind.JsonNode;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import parley.client.JsonTrees;
import parley.client.MockApns;
import parley.client.MockFcm;
import parley.client.ParleyClient;
import parley.client.ParleySocket;
import parley.client.ServerProcess;
import parley.client.TestAccount;

/**
 * Users are offline, and providers fail in every way. 60 users; {@code -Dparley.push.users=1000}
 * sets another number.
 */
class PushIT {
  private static final int USERS = Integer.getInteger("parley.push.users", 60);
  private static final String CANARY = "canary-that-nobody-may-see";
  private static final MockApns.Answer UNAVAILABLE =
      new MockApns.Answer.Reject(RejectionReason.SERVICE_UNAVAILABLE);
  private static final MockFcm.Answer FCM_UNAVAILABLE =
      MockFcm.error(503, "UNAVAILABLE", "UNAVAILABLE").with("retry-after", "1");
  private static final long FIRST_TOKEN = 0xabad_cafe_0000L;
  private static final int CLERKS = 4;
  private static final String SENT = "parley_push_sent_total";
  private static final List<String> UNCERTAIN =
      List.of("timeout", "unanswered", "failed", "stopping");
  private static final List<String> CERTAIN =
      List.of("delivered", "gone", "refused", "retry", "busy", "unreachable");
  private static final Duration LONG = Duration.ofSeconds(Long.getLong("parley.push.wait", 240));

  /** What the provider does with a user's notifications, in turn. */
  private enum Kind {
    ACCEPTED,
    FAILS_ONCE,
    TOKEN_GONE,
    TIMES_OUT_ONCE,
    NEVER
  }

  private record Person(int number, TestAccount account, String token, String conversation) {
    Kind kind() {
      return PushIT.kind(token);
    }
  }

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
    Map<String, String> environment = new HashMap<>(apns.environment());
    environment.putAll(fcm.environment());
    environment.put("PARLEY_MANAGEMENT_WRITE", "true");
    server =
        ServerProcess.prepare(
                Files.createDirectories(folder.resolve("data")),
                environment,
                List.of(),
                List.of("-Dparley.user.push.backoff=1s", "-Dparley.user.push.again=1s"))
            .alsoTo(log());
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

  private Path log() {
    return Path.of("target", "push-it-" + folder.getFileName() + ".log");
  }

  private static String token(int number) {
    return "%064x".formatted(FIRST_TOKEN + number);
  }

  private static int number(String token) {
    return (int) (Long.parseLong(token.substring(48), 16) - FIRST_TOKEN);
  }

  private static Kind kind(String token) {
    return Kind.values()[number(token) / 2 % Kind.values().length];
  }

  /** A user who connected once, registered a token, and went offline. */
  private TestAccount away(int number, String platform) {
    TestAccount testAccount = client.register("away-" + number);
    client.connectSynced(testAccount, "phone").close();
    client
        .call(
            "PUT",
            "/v1/users/me/devices/phone/push_token",
            testAccount.accessToken(),
            Map.of("platform", platform, "token", token(number)))
        .expect(204);
    return testAccount;
  }

  private List<Person> people(TestAccount sender) {
    // Hashing a password takes a while, so several run at a time.
    try (ExecutorService clerks = Executors.newFixedThreadPool(CLERKS)) {
      return IntStream.range(0, USERS)
          .mapToObj(i -> CompletableFuture.supplyAsync(() -> person(sender, i), clerks))
          .toList()
          .stream()
          .map(CompletableFuture::join)
          .toList();
    }
  }

  private Person person(TestAccount sender, int number) {
    TestAccount testAccount = away(number, number % 2 == 0 ? "apns" : "fcm");
    return new Person(
        number, testAccount, token(number), client.direct(sender, testAccount.userId()));
  }

  /** The number of accepted notifications by token. */
  private Map<String, Long> accepted() {
    Map<String, Long> counts = new HashMap<>();
    apns.received().stream()
        .filter(MockApns.Received::accepted)
        .forEach(one -> counts.merge(one.token(), 1L, Long::sum));
    fcm.received().stream()
        .filter(MockFcm.Received::accepted)
        .forEach(one -> counts.merge(one.token(), 1L, Long::sum));
    return counts;
  }

  private List<String> payloads() {
    List<String> all = new ArrayList<>();
    apns.received().forEach(one -> all.add(one.payload() + " " + one.headers()));
    fcm.received().forEach(one -> all.add(one.body().toString()));
    return all;
  }

  private JsonNode letters(String query) {
    return operator.get("/admin/push/dead-letters" + query, null).expect(200).body();
  }

  private List<JsonNode> allLetters() {
    List<JsonNode> all = new ArrayList<>();
    String cursor = "";
    do {
      JsonNode page = letters("?limit=7" + cursor);
      page.path("letters").forEach(all::add);
      cursor = page.has("next_cursor") ? "&cursor=" + page.path("next_cursor").asText() : null;
    } while (cursor != null);
    return all;
  }

  /** The counter of pending pushes with that outcome. */
  private double counted(String outcome) {
    return counted("parley_push_outcomes_total", outcome);
  }

  /** The sum over all platforms. */
  private double counted(String meter, String outcome) {
    return operator
        .get("/metrics", null)
        .expect(200)
        .text()
        .lines()
        .filter(line -> line.startsWith(meter + "{"))
        .filter(line -> line.contains("outcome=\"" + outcome + "\""))
        .mapToDouble(line -> Double.parseDouble(line.substring(line.lastIndexOf(' ') + 1)))
        .sum();
  }

  /** The number of notifications of unknown outcome. */
  private double uncertain() {
    return UNCERTAIN.stream().mapToDouble(outcome -> counted(SENT, outcome)).sum();
  }

  private JsonNode replay(String query) {
    operator.post("/admin/push/dead-letters/replay" + query, null, null).expect(202);
    return await()
        .atMost(LONG)
        .until(
            () -> operator.get("/admin/push/dead-letters/replay", null).expect(200).body(),
            progress -> !progress.path("running").asBoolean());
  }

  @Test
  void everyPushIsDeliveredOrADeadLetterOrItsTokenIsRemoved() throws Exception {
    TestAccount sender = client.register("sender");
    client
        .call(
            "PATCH", "/v1/users/me", sender.accessToken(), Map.of("display_name", CANARY + " name"))
        .expect(200);
    List<Person> people = people(sender);
    Map<String, AtomicInteger> calls = new ConcurrentHashMap<>();
    AtomicInteger lost = new AtomicInteger();
    apns.answer(
        token -> {
          int call = calls.computeIfAbsent(token, t -> new AtomicInteger()).incrementAndGet();
          return switch (kind(token)) {
            case ACCEPTED -> MockApns.ACCEPT;
            case FAILS_ONCE -> call == 1 ? UNAVAILABLE : MockApns.ACCEPT;
            case TIMES_OUT_ONCE -> {
              if (call > 1) {
                yield MockApns.ACCEPT;
              }
              yield taken(token, lost) ? MockApns.TAKEN : MockApns.SILENCE;
            }
            case TOKEN_GONE -> new MockApns.Answer.Gone(Instant.now().plusSeconds(60));
            case NEVER -> UNAVAILABLE;
          };
        });
    fcm.answer(
        token -> {
          int call = calls.computeIfAbsent(token, t -> new AtomicInteger()).incrementAndGet();
          return switch (kind(token)) {
            case ACCEPTED -> MockFcm.ACCEPT;
            case FAILS_ONCE -> call == 1 ? FCM_UNAVAILABLE : MockFcm.ACCEPT;
            case TIMES_OUT_ONCE -> {
              if (call > 1) {
                yield MockFcm.ACCEPT;
              }
              yield taken(token, lost) ? MockFcm.TAKEN : MockFcm.SILENCE;
            }
            case TOKEN_GONE -> MockFcm.error(404, "NOT_FOUND", "UNREGISTERED");
            case NEVER -> FCM_UNAVAILABLE;
          };
        });

    long began = System.nanoTime();
    try (ParleySocket socket = client.connectSynced(sender, "phone")) {
      List<CompletableFuture<JsonNode>> sent = new ArrayList<>();
      for (Person person : people) {
        sent.add(socket.ask(SharedServer.text(person.conversation(), CANARY + " text")));
        if (sent.size() % 50 == 0) {
          sent.getLast().join();
        }
      }
      sent.forEach(one -> assertThat(one.join().path("op").asText()).isEqualTo("sent"));
    }

    // On a busy machine more notifications time out than planned, and some become uncertain or dead
    // letters. So they are counted, not predicted.
    Set<String> gone = tokens(people, Set.of(Kind.TOKEN_GONE));
    Set<String> everybody = tokens(people, Set.of(Kind.values()));
    await()
        .atMost(LONG)
        .untilAsserted(
            () ->
                assertThat(counted("delivered") + counted("token_gone") + counted("dead_letter"))
                    .isEqualTo(USERS));
    List<JsonNode> letters = allLetters();
    Set<String> dead = new HashSet<>();
    for (Person person : people) {
      if (letters.stream().anyMatch(l -> of(person, l))) {
        dead.add(person.token());
      }
    }
    assertThat(letters).hasSameSizeAs(dead);
    assertThat(counted("dead_letter")).isEqualTo(dead.size());
    assertThat(dead).containsAll(tokens(people, Set.of(Kind.NEVER)));
    Set<String> reached = accepted().keySet();
    assertThat(reached).doesNotContainAnyElementsOf(gone);
    Set<String> all = new HashSet<>(reached);
    all.addAll(gone);
    all.addAll(dead);
    assertThat(all).isEqualTo(everybody);
    // None is delivered twice, except those whose answer did not arrive. A notification that was
    // lost on its way to the provider is one of these, and is not delivered twice.
    long twice = accepted().values().stream().mapToLong(count -> count - 1).sum();
    System.out.printf(
        "PushIT: %d people, %d reached, %d dead letters, %d tokens gone, %d twice, %d lost, %.1f s%n",
        USERS,
        reached.size(),
        dead.size(),
        gone.size(),
        twice,
        lost.get(),
        (System.nanoTime() - began) / 1e9);
    for (String outcome : Stream.concat(CERTAIN.stream(), UNCERTAIN.stream()).toList()) {
      System.out.printf("PushIT: answered %s: %.0f%n", outcome, counted(SENT, outcome));
    }
    assertThat((double) twice).isLessThanOrEqualTo(uncertain() - lost.get());
    assertThat(lost.get()).isPositive();
    assertThat(counted(SENT, "timeout")).isGreaterThanOrEqualTo(lost.get());

    // The dead letters name user, device and reason.
    assertThat(letters)
        .allSatisfy(
            letter -> {
              assertThat(letter.path("seq").asLong()).isEqualTo(1);
              assertThat(letter.path("tries").asInt()).isEqualTo(3);
              assertThat(letter.path("device_id").asText()).isEqualTo("phone");
              assertThat(letter.path("reason").asText()).isNotEmpty();
            });
    Person reader = people.stream().filter(p -> p.kind() == Kind.NEVER).findFirst().orElseThrow();
    assertThat(
            letters("?user=" + reader.account().userId())
                .path("letters")
                .path(0)
                .path("conversation_id")
                .asText())
        .isEqualTo(reader.conversation());

    // One of the users has read meanwhile; the others are pushed to once more.
    client
        .post(
            "/v1/conversations/" + reader.conversation() + "/read",
            reader.account().accessToken(),
            Map.of("seq", 1))
        .expect(204);
    await()
        .untilAsserted(
            () ->
                assertThat(client.inbox(reader.account()).getFirst().path("unread_count").asInt())
                    .isZero());
    apns.answer(token -> MockApns.ACCEPT);
    fcm.answer(token -> MockFcm.ACCEPT);
    JsonNode dry = replay("?dry_run=true&batch=3");
    assertThat(dry.path("outcomes").path("waits").asInt()).isEqualTo(dead.size() - 1);
    assertThat(dry.path("outcomes").path("read").asInt()).isEqualTo(1);
    assertThat(allLetters()).hasSize(dead.size());
    assertThat(accepted().keySet()).isEqualTo(reached);

    JsonNode done = replay("?batch=3");
    assertThat(done.path("outcomes")).isEqualTo(dry.path("outcomes"));
    assertThat(done.path("failed").asInt()).isZero();
    await()
        .atMost(LONG)
        .untilAsserted(
            () -> {
              Set<String> now = new HashSet<>(accepted().keySet());
              List<JsonNode> left = allLetters();
              people.stream()
                  .filter(p -> left.stream().anyMatch(l -> of(p, l)))
                  .forEach(p -> now.add(p.token()));
              Set<String> wanted = new HashSet<>(dead);
              wanted.remove(reader.token());
              assertThat(now).containsAll(wanted);
            });
    assertThat(accepted()).doesNotContainKey(reader.token());

    // No text, name or token appears anywhere.
    assertThat(payloads()).isNotEmpty().noneMatch(text -> text.contains(CANARY));
    String log = Files.readString(log());
    assertThat(log).doesNotContain(CANARY).doesNotContain("abadcafe");
  }

  /** Every second notification without an answer reaches the device all the same. */
  private static boolean taken(String token, AtomicInteger lost) {
    boolean taken = number(token) / 2 / Kind.values().length % 2 == 0;
    if (!taken) {
      lost.incrementAndGet();
    }
    return taken;
  }

  private static boolean of(Person person, JsonNode letter) {
    return letter.path("user_id").asText().equals(person.account().userId());
  }

  private static Set<String> tokens(List<Person> people, Set<Kind> kinds) {
    return people.stream()
        .filter(person -> kinds.contains(person.kind()))
        .map(Person::token)
        .collect(Collectors.toSet());
  }

  @Test
  void aPushThatWaitsSurvivesTheServer() {
    TestAccount sender = client.register("sender");
    TestAccount ann = away(1, "fcm");
    String id = client.direct(sender, ann.userId());
    fcm.answer(token -> MockFcm.error(503, "UNAVAILABLE", "UNAVAILABLE").with("retry-after", "8"));
    try (ParleySocket socket = client.connectSynced(sender, "phone")) {
      socket.text(id, CANARY);
      await().untilAsserted(() -> assertThat(fcm.received()).isNotEmpty());
      // By then the conversation has its acknowledgement, and starts the user no more.
      await().atMost(LONG).untilAsserted(() -> assertThat(entities("reminder")).isPositive());
      await().atMost(LONG).untilAsserted(() -> assertThat(counted("retried")).isPositive());
    }
    server.kill9();
    fcm.answer(token -> MockFcm.ACCEPT);
    server.restart();
    await().atMost(LONG).untilAsserted(() -> assertThat(accepted()).containsKey(token(1)));
    await().atMost(LONG).untilAsserted(() -> assertThat(entities("reminder")).isZero());
    assertThat(accepted()).containsExactlyEntriesOf(Map.of(token(1), 1L));
  }

  private int entities(String kind) {
    JsonNode regions =
        operator.get("/cluster/shards/" + kind, null).expect(200).body().path("regions");
    return StreamSupport.stream(regions.spliterator(), false)
        .mapToInt(shard -> shard.path("numEntities").asInt())
        .sum();
  }

  @Test
  void operatorsAreToldWhatTheyMayDo() {
    assertThat(letters("").path("letters")).isEmpty();
    operator.get("/admin/push/dead-letters?limit=0", null).expect(400);
    operator.get("/admin/push/dead-letters?cursor=x", null).expect(400);
    operator.call("DELETE", "/admin/push/dead-letters/1-1", null, null).expect(404);
    operator.call("DELETE", "/admin/push/dead-letters", null, null).expect(400);
    assertThat(
            operator
                .call("DELETE", "/admin/push/dead-letters?all=true", null, null)
                .expect(200)
                .body())
        .isEqualTo(JsonTrees.obj("deleted", 0));
    ParleyClient reader = new ParleyClient(SharedServer.server().management());
    reader.get("/admin/push/dead-letters", null).expect(200);
    reader.call("DELETE", "/admin/push/dead-letters?all=true", null, null).expect(405);
    reader.post("/admin/push/dead-letters/replay", null, null).expect(405);
  }
}
