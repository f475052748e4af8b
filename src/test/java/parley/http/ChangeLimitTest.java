package parley.http;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.http.HttpResponse;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import parley.conversation.Conversation;
import parley.model.Profile;
import parley.model.Refusal;
import parley.user.User;

/**
 * The limit of durable changes that are no entries, for one account with any number of addresses.
 */
final class ChangeLimitTest {
  private record Call(String method, String path, String body) {}

  private static final List<Call> CHANGES =
      List.of(
          new Call("PATCH", "/v1/users/me", "{\"display_name\":\"A\"}"),
          new Call(
              "PUT",
              "/v1/users/me/devices/d/push_token",
              "{\"platform\":\"fcm\",\"token\":\"made-up\"}"),
          new Call("PATCH", "/v1/conversations/c1", "{\"muted\":true}"),
          new Call("POST", "/v1/conversations", "{\"type\":\"direct\",\"user_id\":\"bob\"}"));

  private final HttpHarness http = new HttpHarness(HttpSettings.standard(0, TrustedProxies.NONE));

  @BeforeEach
  void answers() {
    http.users =
        (id, command) -> {
          User.Found found = new User.Found(new Profile(id, "al", "Al", null));
          switch (command) {
            case User.GetProfile c -> c.replyTo().tell(found);
            case User.ChangeProfile c -> c.replyTo().tell(found);
            case User.SetPushToken c -> c.replyTo().tell(new User.Done());
            case User.RemoveDevice c -> c.replyTo().tell(new User.Done());
            case User.SetRowFlags c -> c.replyTo().tell(new User.Done());
            default -> throw new AssertionError(command);
          }
        };
    http.conversations =
        (id, command) -> {
          if (command instanceof Conversation.OpenDirect c) {
            c.replyTo().tell(new Conversation.Refused(Refusal.notFound()));
          }
        };
  }

  @AfterEach
  void stop() {
    http.close();
  }

  private HttpResponse<String> alice(Call call) {
    return http.alice(call.method(), call.path(), call.body().isEmpty() ? null : call.body());
  }

  @Test
  void aUserMakesSoManyChangesAndOthersAreNotConcerned() {
    for (int i = 0; i < ChangeLimit.BURST; i++) {
      HttpResponse<String> response = alice(CHANGES.get(i % CHANGES.size()));
      assertThat(response.statusCode()).as(response.body()).isIn(200, 204, 404);
    }
    assertThat(http.told).hasSize(ChangeLimit.BURST);
    for (Call call : CHANGES) {
      HttpResponse<String> refused = alice(call);
      HttpHarness.problem(refused, 429, "rate_limited");
      assertThat(refused.headers().firstValue("Retry-After")).hasValue("1");
    }
    assertThat(http.limited).hasSize(CHANGES.size()).containsOnly("changes");
    assertThat(http.told).hasSize(ChangeLimit.BURST);
    assertThat(http.alice("GET", "/v1/users/me", null).statusCode()).isEqualTo(200);
    assertThat(http.alice("DELETE", "/v1/users/me/devices/d/push_token", null).statusCode())
        .as("who has stolen a token must not keep the owner from removing the device")
        .isEqualTo(204);
    assertThat(http.alice("DELETE", "/v1/users/me/devices/d", null).statusCode()).isEqualTo(204);
    Call change = CHANGES.getFirst();
    HttpResponse<String> bob =
        http.call(
            change.method(), change.path(), change.body(), "Authorization", "Bearer token-bob");
    assertThat(bob.statusCode()).isEqualTo(200);
    http.nanos.addAndGet(TimeUnit.MILLISECONDS.toNanos(ChangeLimit.REFILL_MILLIS));
    assertThat(alice(CHANGES.getFirst()).statusCode()).isEqualTo(200);
    HttpHarness.problem(alice(CHANGES.getFirst()), 429, "rate_limited");
  }
}
