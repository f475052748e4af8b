package parley.whole;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import parley.client.Answer;
import parley.client.ClientIds;
import parley.client.DynamoLocal;
import parley.client.FaultProxy;
import parley.client.FaultProxy.Cancel;
import parley.client.FaultProxy.LoseAnswer;
import parley.client.FaultProxy.Pass;
import parley.client.FaultProxy.Refuse;
import parley.client.FaultProxy.Reset;
import parley.client.FaultProxy.Rule;
import parley.client.JsonTrees;
import parley.client.ParleyClient;
import parley.client.ParleySocket;
import parley.client.TestAccount;

/**
 * The answers that users get while DynamoDB fails: {@code unavailable} and retryable, or the true
 * result. There is never a {@code sent} for an entry that is not stored, and never two entries for
 * one {@code client_msg_id}. After the fault, and after a restart, the log holds the acknowledged
 * entries, once and without holes.
 */
@Timeout(180)
class DynamoFaultsIT {
  private static final String PREFIX = DynamoLocal.prefix();
  private static final FaultProxy proxy = FaultProxy.before(DynamoLocal.endpoint());
  private static final DynamoServer server = DynamoServer.start(proxy.endpoint(), PREFIX);

  private static final TestAccount ann = server.client().register(ClientIds.username("ann"));

  /** The fault of each conversation. */
  private static final Map<String, Rule> troubles = new ConcurrentHashMap<>();

  /**
   * A trouble of a conversation's writes.
   *
   * @param during makes the rule that holds until it has an answer
   * @param first what the user sees meanwhile: {@code sent} or {@code unavailable}
   * @param retry whether it is stored by then for sure, and the retry a duplicate
   */
  private record Case(String name, Rule during, String first, boolean retry) {}

  @BeforeAll
  static void rules() {
    proxy.rule(
        call ->
            troubles.entrySet().stream()
                .filter(trouble -> call.writesEvent() && call.body().contains(trouble.getKey()))
                .findFirst()
                .map(trouble -> trouble.getValue().judge(call))
                .orElse(new Pass()));
  }

  @AfterAll
  static void stop() {
    server.close();
    proxy.close();
  }

  /**
   * All faults at the same time, each in a conversation of its own, because most of the time passes
   * until the client gives up waiting.
   */
  @Test
  void theUserIsToldTheTruthAndNothingIsLost() {
    CountDownLatch late = new CountDownLatch(1);
    CountDownLatch veryLate = new CountDownLatch(1);
    List<Case> cases =
        List.of(
            new Case("throttled a while", atFirst(5, throttled()), "sent", true),
            new Case("throttled", call -> throttled(), "unavailable", false),
            new Case("one answer lost", atFirst(1, new LoseAnswer()), "sent", true),
            new Case("all answers lost", call -> new LoseAnswer(), "unavailable", true),
            new Case("one connection reset", atFirst(1, new Reset()), "sent", true),
            new Case("all connections reset", call -> new Reset(), "unavailable", false),
            new Case(
                "no table",
                call -> new Refuse(400, "ResourceNotFoundException"),
                "unavailable",
                false),
            new Case(
                "credentials taken away",
                call -> new Refuse(400, "UnrecognizedClientException"),
                "unavailable",
                false),
            new Case("error 500 a while", atFirst(2, internal()), "sent", true),
            new Case("error 500", call -> internal(), "unavailable", false),
            new Case("arrives before the retry", held(late), "unavailable", true),
            new Case("arrives after the retry", held(veryLate), "unavailable", false));
    List<Told> told = cases.stream().map(DynamoFaultsIT::prepare).toList();
    try (ParleySocket phone = server.client().connectSynced(ann, "phone")) {
      told.stream().map(t -> t.fail(phone)).toList().forEach(CompletableFuture::join);
    }
    late.countDown();
    told.stream()
        .filter(t -> t.c().name().equals("arrives before the retry"))
        .forEach(t -> t.seen(2));
    told.forEach(Told::retry);
    veryLate.countDown();
    told.forEach(Told::goOn);
    server.restart();
    told.forEach(t -> t.seen(3));
  }

  private static Told prepare(Case c) {
    String id =
        server.client().direct(ann, server.client().register(ClientIds.username("x")).userId());
    Told told = new Told(c, id, ClientIds.next());
    assertThat(told.until(ClientIds.next(), "first").status()).as(c.name()).isEqualTo(201);
    return told;
  }

  private record Told(Case c, String id, String cmid) {
    CompletableFuture<Void> fail(ParleySocket phone) {
      troubles.put(id, c.during());
      return phone
          .ask(message(id, cmid, "second").put("op", "send"))
          .thenAccept(
              answer -> {
                troubles.remove(id);
                boolean sent = c.first().equals("sent");
                assertThat(answer.path("op").asText())
                    .as(c.name())
                    .isEqualTo(sent ? "sent" : "error");
                if (sent) {
                  assertThat(answer.path("seq").asLong()).as(c.name()).isEqualTo(2);
                  assertThat(answer.path("duplicate").asBoolean()).as(c.name()).isFalse();
                } else {
                  assertThat(answer.path("code").asText()).as(c.name()).isEqualTo("unavailable");
                  assertThat(answer.path("retryable").asBoolean()).as(c.name()).isTrue();
                }
              });
    }

    /** The retry gets the same seq; if the entry is stored already, a different text is ignored. */
    void retry() {
      Answer answer = until(cmid, c.retry() ? "other words" : "second");
      // The server may still repeat the write after the user was answered; then the retry is a
      // duplicate.
      boolean stored = c.retry() || answer.status() == 200;
      assertThat(answer.status()).as(c.name()).isEqualTo(stored ? 200 : 201);
      assertThat(answer.body().path("seq").asLong()).as(c.name()).isEqualTo(2);
      assertThat(answer.body().path("duplicate").asBoolean()).as(c.name()).isEqualTo(stored);
    }

    void goOn() {
      Answer answer = until(ClientIds.next(), "third");
      assertThat(answer.status()).as(c.name()).isEqualTo(201);
      assertThat(answer.body().path("seq").asLong()).as(c.name()).isEqualTo(3);
      assertThat(until(cmid, "x").body().path("seq").asLong()).as(c.name()).isEqualTo(2);
    }

    void seen(int entries) {
      org.awaitility.Awaitility.await()
          .atMost(ParleySocket.PATIENCE)
          .ignoreExceptions()
          .untilAsserted(
              () ->
                  assertThat(server.client().log(ann, id))
                      .as(c.name())
                      .extracting(entry -> entry.path("content").asText())
                      .isEqualTo(List.of("first", "second", "third").subList(0, entries)));
    }

    private Answer until(String name, String content) {
      for (int tries = 0; ; tries++) {
        Answer answer =
            server.client().post("/v1/messages", ann.accessToken(), message(id, name, content));
        if (answer.status() != 503 || tries == 3) {
          return answer;
        }
        assertThat(answer.code()).isEqualTo("unavailable");
        assertThat(answer.headers().firstValue("Retry-After")).isPresent();
      }
    }
  }

  /** Acknowledged also means stored for an event that is written together with its mark. */
  @Test
  void theTransactionOfTheHundredthEventIsThrottled() {
    ParleyClient client = server.client();
    String id = client.direct(ann, client.register(ClientIds.username("ben")).userId());
    AtomicInteger spoilt = new AtomicInteger();
    troubles.put(
        id,
        call -> {
          boolean both = call.operation().equals("TransactWriteItems");
          return both && spoilt.incrementAndGet() <= 3
              ? new Cancel(List.of("None", "ThrottlingError"))
              : new Pass();
        });
    int most = 110;
    List<String> contents = IntStream.rangeClosed(1, most).mapToObj(n -> "n " + n).toList();
    try (ParleySocket phone = client.connectSynced(ann, "phone")) {
      for (int n = 1; n <= most; n++) {
        assertThat(phone.text(id, contents.get(n - 1)).path("seq").asLong()).isEqualTo(n);
      }
    }
    troubles.remove(id);
    assertThat(spoilt.get()).isGreaterThan(3);
    server.restart();
    assertThat(server.client().log(ann, id))
        .extracting(entry -> entry.path("content").asText())
        .isEqualTo(contents);
  }

  private static FaultProxy.Fault throttled() {
    return new Refuse(400, "ProvisionedThroughputExceededException");
  }

  private static FaultProxy.Fault internal() {
    return new Refuse(500, "InternalServerError");
  }

  private static Rule atFirst(int times, FaultProxy.Fault fault) {
    AtomicInteger seen = new AtomicInteger();
    return call -> seen.incrementAndGet() <= times ? fault : new Pass();
  }

  /** Holds the request until the test releases it, even if its caller no longer waits. */
  private static Rule held(CountDownLatch until) {
    return call -> {
      try {
        until.await();
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
      return new Pass();
    };
  }

  private static ObjectNode message(String conversation, String cmid, String content) {
    return JsonTrees.obj(
        "conversation_id", conversation, "client_msg_id", cmid, "type", "text", "content", content);
  }
}
