package parley.admin;

import static org.assertj.core.api.Assertions.assertThat;

import com.typesafe.config.ConfigFactory;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CopyOnWriteArrayList;
import org.apache.pekko.actor.testkit.typed.javadsl.ActorTestKit;
import org.apache.pekko.actor.testkit.typed.javadsl.TestProbe;
import org.apache.pekko.http.javadsl.model.HttpMethods;
import org.apache.pekko.http.javadsl.model.HttpRequest;
import org.apache.pekko.http.javadsl.model.HttpResponse;
import org.apache.pekko.http.javadsl.server.Directives;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import parley.model.Profile;
import parley.model.UserId;
import parley.user.User;
import parley.user.UserAdministration;

/** What an older node in the cluster could lose is not written. */
class UserAdminRoutesTest {
  private final ActorTestKit kit =
      ActorTestKit.create(
          ConfigFactory.parseString("pekko.actor.provider = local")
              .withFallback(ConfigFactory.load()));
  private final TestProbe<User.Command> user = kit.createTestProbe();
  private final List<String> ended = new CopyOnWriteArrayList<>();

  @AfterEach
  void stop() {
    kit.shutdownTestKit();
  }

  private CompletionStage<Boolean> endAll(String username, UserId of) {
    ended.add(username + " " + of);
    return CompletableFuture.completedFuture(true);
  }

  private HttpResponse call(boolean readableByAll, String method, String path) throws Exception {
    HttpRequest request =
        HttpRequest.create("/admin/users/u_1/" + path)
            .withMethod(HttpMethods.lookup(method).orElseThrow())
            .withEntity("{\"reason\": \"spam\"}");
    UserAdminRoutes routes =
        new UserAdminRoutes(kit.system(), id -> user.getRef(), this::endAll, () -> readableByAll);
    var answer =
        Directives.pathPrefix("admin", routes::routes)
            .handler(kit.system())
            .apply(request)
            .toCompletableFuture();
    if (readableByAll) {
      User.Command command = user.receiveMessage();
      if (command instanceof User.GetProfile asked) {
        asked.replyTo().tell(new User.Found(new Profile(new UserId("u_1"), "ann", "Ann", null)));
        command = user.receiveMessage();
        assertThat(ended).containsExactly("ann u_1");
      }
      switch (command) {
        case UserAdministration.SetBan c -> c.replyTo().tell(new User.Done());
        case UserAdministration.LiftBan c -> c.replyTo().tell(new User.Done());
        case UserAdministration.EndSessions c -> c.replyTo().tell(new User.Done());
        default -> throw new AssertionError("another command");
      }
    }
    return answer.join();
  }

  @Test
  void nothingIsChangedWhileANodeKnowsNoBans() throws Exception {
    for (List<String> one :
        List.of(
            List.of("POST", "ban"),
            List.of("DELETE", "ban"),
            List.of("DELETE", "sessions"),
            List.of("DELETE", "sessions/1"))) {
      assertThat(call(true, one.getFirst(), one.getLast()).status().intValue()).isEqualTo(204);
      HttpResponse refused = call(false, one.getFirst(), one.getLast());
      assertThat(refused.status().intValue()).isEqualTo(503);
      String text =
          refused
              .entity()
              .toStrict(3_000, kit.system())
              .toCompletableFuture()
              .join()
              .getData()
              .decodeString(StandardCharsets.UTF_8);
      assertThat(text).contains("\"code\":\"unavailable\"", "older version");
    }
    user.expectNoMessage();
  }
}
