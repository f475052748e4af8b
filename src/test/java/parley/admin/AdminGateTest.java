package parley.admin;

import static org.assertj.core.api.Assertions.assertThat;

import com.typesafe.config.ConfigFactory;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.pekko.actor.testkit.typed.javadsl.ActorTestKit;
import org.apache.pekko.http.javadsl.model.AttributeKeys;
import org.apache.pekko.http.javadsl.model.HttpMethods;
import org.apache.pekko.http.javadsl.model.HttpRequest;
import org.apache.pekko.http.javadsl.model.HttpResponse;
import org.apache.pekko.http.javadsl.model.RemoteAddress;
import org.apache.pekko.http.javadsl.model.headers.RawHeader;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Every change is recorded before it is made, and none is made without its record. */
class AdminGateTest {
  private static final ActorTestKit kit =
      ActorTestKit.create(
          ConfigFactory.parseString("pekko.actor.provider = local")
              .withFallback(ConfigFactory.load()));

  private final List<String> events = new ArrayList<>();
  private final AtomicInteger failures = new AtomicInteger();
  private final AtomicLong nanos = new AtomicLong();
  private boolean auditStarts = true;
  private boolean auditFinishes = true;
  private int status = 204;
  private @Nullable Exception routeFailure;

  @TempDir Path folder;

  @AfterAll
  static void stop() {
    kit.shutdownTestKit();
  }

  private final AdminGate.Audit audit =
      new AdminGate.Audit() {
        @Override
        public CompletionStage<Long> start(
            String who, String address, String action, String target, String detail) {
          String said = detail.isEmpty() ? "" : " {" + detail + "}";
          events.add("start " + who + " " + address + " " + action + " " + target + said);
          return auditStarts
              ? CompletableFuture.completedFuture(7L)
              : CompletableFuture.failedFuture(new IllegalStateException("no answer"));
        }

        @Override
        public CompletionStage<?> finish(long nr, int result) {
          events.add("finish " + nr + " " + result);
          return auditFinishes
              ? CompletableFuture.completedFuture(nr)
              : CompletableFuture.failedFuture(new IllegalStateException("no answer"));
        }
      };

  private AdminGate gate(AdminAccess access) {
    return new AdminGate(
        kit.system(),
        access,
        audit,
        request -> {
          events.add("route");
          if (routeFailure != null) {
            throw routeFailure;
          }
          return CompletableFuture.completedFuture(HttpResponse.create().withStatus(status));
        },
        failures::incrementAndGet,
        limit -> events.add("limited " + limit),
        nanos::get);
  }

  private static AdminAccess onLoopback() {
    return new AdminAccess(null, false, true, InstantSource.system(), System::nanoTime);
  }

  private static HttpRequest request(String method, String path) throws Exception {
    return HttpRequest.create(path)
        .withMethod(HttpMethods.lookup(method).orElseThrow())
        .addAttribute(
            AttributeKeys.remoteAddress,
            RemoteAddress.create(
                new InetSocketAddress(InetAddress.getByName("203.0.113.7"), 4_711)));
  }

  private static HttpResponse answer(AdminGate gate, HttpRequest request) {
    return gate.answer(request).toCompletableFuture().join();
  }

  @Test
  void aChangeIsRecordedBeforeAndAfter() throws Exception {
    HttpResponse response =
        answer(gate(onLoopback()), request("DELETE", "/admin/push/dead-letters/7-42?why=x%20y"));
    assertThat(response.status().intValue()).isEqualTo(204);
    assertThat(events)
        .containsExactly(
            "start loopback 203.0.113.7 DELETE /admin/push/dead-letters/{letter_id} 7-42 ?why=x y",
            "route",
            "finish 7 204");
  }

  /** To take a dead node out may be what brings the audit log back. */
  @Test
  void aChangeOfTheClusterDoesNotWaitForAnAuditLogThatIsAway() throws Exception {
    auditStarts = false;
    HttpResponse response =
        answer(gate(onLoopback()), request("DELETE", "/cluster/members/pekko://parley@10.1.2.3:1"));
    assertThat(response.status().intValue()).isEqualTo(204);
    assertThat(events).hasSize(2).endsWith("route");
    assertThat(failures).hasValue(1);
  }

  /** A record is one line of a log, and nobody can write another line into it. */
  @Test
  void aTargetHasNoControlCharacters() throws Exception {
    answer(gate(onLoopback()), request("DELETE", "/admin/users/x%0AAudit%208:%20ann/ban"));
    assertThat(events.getFirst())
        .isEqualTo("start loopback 203.0.113.7 DELETE /admin/users/{user_id}/ban x?Audit 8: ann");
  }

  /** The log leaves out the names of accounts that it recognizes, so they must not be encoded. */
  @Test
  void aTargetIsDecoded() throws Exception {
    for (String name : List.of("Account%7Cann", "Account%7cann", "%41ccount|ann")) {
      answer(gate(onLoopback()), request("POST", "/admin/marks?entity=" + name));
      assertThat(events.getFirst()).endsWith("POST /admin/marks ?entity=Account|ann");
      events.clear();
    }
    answer(gate(onLoopback()), request("POST", "/admin/marks?entity=x%0Ay"));
    assertThat(events.getFirst()).endsWith("?entity=x?y");
  }

  @Test
  void aRecordSaysWhatTheBodySaid() throws Exception {
    String ban = "{\"reason\": \"" + "long ".repeat(50) + "\\n\", \"minutes\": 60}";
    answer(gate(onLoopback()), request("POST", "/admin/users/u_1/ban").withEntity(ban));
    assertThat(events.getFirst())
        .startsWith(
            "start loopback 203.0.113.7 POST /admin/users/{user_id}/ban u_1 {minutes=60 reason=lo")
        .doesNotContain("\n");
    events.clear();
    answer(gate(onLoopback()), request("PUT", "/cluster/members/a").withEntity("operation=down"));
    assertThat(events.getFirst()).endsWith("PUT /cluster/members a {operation=down}");
  }

  @Test
  void aBodyThatIsTooLargeChangesNothing() throws Exception {
    HttpRequest large =
        request("POST", "/admin/keys/rotation").withEntity("x".repeat(AdminGate.BODY_BYTES + 1));
    assertThat(answer(gate(onLoopback()), large).status().intValue()).isEqualTo(400);
    assertThat(events).isEmpty();
  }

  /** Many cheap changes would push the records of others out. */
  @Test
  void aCallerHasABudgetOfChanges() throws Exception {
    AdminGate gate = gate(onLoopback());
    for (int i = 0; i < AdminGate.CHANGES; i++) {
      answer(gate, request("POST", "/admin/keys/rotation"));
    }
    events.clear();
    HttpResponse refused = answer(gate, request("POST", "/admin/keys/rotation"));
    assertThat(refused.status().intValue()).isEqualTo(429);
    assertThat(refused.getHeader("Retry-After").orElseThrow().value()).isEqualTo("1");
    assertThat(events).containsExactly("limited admin_changes");
    answer(gate, request("GET", "/admin/keys"));
    nanos.addAndGet(AdminGate.CHANGE_INTERVAL.toNanos());
    events.clear();
    answer(gate, request("POST", "/admin/keys/rotation"));
    assertThat(events).hasSize(3);
  }

  @Test
  void aChangeOfTheClusterIsAChange() throws Exception {
    AdminToken.Made reader = AdminToken.make("grafana", AdminToken.Right.READ);
    Path file = Files.writeString(folder.resolve("readers"), reader.line().toLine());
    AdminGate gate = gate(access(AdminTokenFile.read(file)));
    RawHeader token = RawHeader.create("Authorization", "Bearer " + reader.token());
    String member = "/cluster/members/pekko://parley@10.0.0.1:25520";
    for (String method : List.of("PUT", "DELETE", "POST", "PATCH")) {
      assertThat(answer(gate, request(method, member)).status().intValue()).isEqualTo(401);
      assertThat(answer(gate, request(method, member).addHeader(token)).status().intValue())
          .isEqualTo(403);
    }
    assertThat(events).isEmpty();
    answer(gate(onLoopback()), request("DELETE", member));
    assertThat(events)
        .containsExactly(
            "start loopback 203.0.113.7 DELETE /cluster/members pekko://parley@10.0.0.1:25520",
            "route",
            "finish 7 204");
  }

  private static AdminAccess access(AdminTokenFile tokens) {
    return new AdminAccess(tokens, false, true, InstantSource.system(), System::nanoTime);
  }

  @Test
  void withoutARecordNothingIsChanged() throws Exception {
    auditStarts = false;
    HttpResponse response = answer(gate(onLoopback()), request("POST", "/admin/keys/rotation"));
    assertThat(response.status().intValue()).isEqualTo(503);
    assertThat(response.getHeader("Retry-After")).isPresent();
    assertThat(events).hasSize(1).noneMatch(event -> event.equals("route"));
    assertThat(failures).hasValue(1);
  }

  @Test
  void aResultThatCannotBeStoredIsAnsweredAllTheSame() throws Exception {
    auditFinishes = false;
    status = 202;
    HttpResponse response = answer(gate(onLoopback()), request("POST", "/admin/keys/rotation"));
    assertThat(response.status().intValue()).isEqualTo(202);
    assertThat(failures).hasValue(1);
  }

  @Test
  void aRouteThatFailsIsRecordedAsFailed() throws Exception {
    routeFailure = new IllegalStateException("broken");
    HttpResponse response = answer(gate(onLoopback()), request("POST", "/admin/marks?entity=x"));
    assertThat(response.status().intValue()).isEqualTo(500);
    assertThat(events).endsWith("finish 7 500");
  }

  @Test
  void readingIsNotRecorded() throws Exception {
    status = 200;
    for (String method : List.of("GET", "HEAD")) {
      answer(gate(onLoopback()), request(method, "/admin/keys"));
    }
    assertThat(events).containsExactly("route", "route");
  }

  @Test
  void onlyListedCallsReachARoute() throws Exception {
    AdminGate gate = gate(onLoopback());
    assertThat(answer(gate, request("GET", "/admin")).status().intValue()).isEqualTo(404);
    assertThat(answer(gate, request("POST", "/admin/else")).status().intValue()).isEqualTo(404);
    assertThat(answer(gate, request("PUT", "/admin/keys")).status().intValue()).isEqualTo(405);
    assertThat(answer(gate, request("OPTIONS", "/admin/keys")).status().intValue()).isEqualTo(405);
    assertThat(events).isEmpty();
  }

  @Test
  void whoMayOnlyReadChangesNothing() throws Exception {
    AdminToken.Made reader = AdminToken.make("grafana", AdminToken.Right.READ);
    Path file = Files.writeString(folder.resolve("tokens"), reader.line().toLine());
    AdminGate gate = gate(access(AdminTokenFile.read(file)));
    RawHeader token = RawHeader.create("Authorization", "Bearer " + reader.token());
    status = 200;
    assertThat(answer(gate, request("GET", "/admin/keys").addHeader(token)).status().intValue())
        .isEqualTo(200);
    HttpResponse refused = answer(gate, request("POST", "/admin/keys/rotation").addHeader(token));
    assertThat(refused.status().intValue()).isEqualTo(403);
    assertThat(answer(gate, request("GET", "/admin/keys")).status().intValue()).isEqualTo(401);
    // Two headers could be read differently by two parsers.
    assertThat(
            answer(gate, request("GET", "/admin/keys").addHeader(token).addHeader(token))
                .status()
                .intValue())
        .isEqualTo(401);
    assertThat(events).containsExactly("route");
  }

  @Test
  void theReplayIsNoLetter() {
    String letters = "DELETE /admin/push/dead-letters";
    assertThat(AdminCalls.find("GET", List.of("admin", "push", "dead-letters", "replay")))
        .isEqualTo(new AdminCalls.Call("GET /admin/push/dead-letters/replay", List.of()));
    assertThat(AdminCalls.find("DELETE", List.of("admin", "push", "dead-letters", "7-1")))
        .isEqualTo(new AdminCalls.Call(letters + "/{letter_id}", List.of("7-1")));
    assertThat(AdminCalls.find("DELETE", List.of("admin", "push", "dead-letters")))
        .isEqualTo(new AdminCalls.Call(letters, List.of()));
  }
}
