package parley.http;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import org.junit.jupiter.api.Test;
import parley.auth.AuthResult;
import parley.model.DeviceId;
import parley.model.Presence;
import parley.user.User;

/** Calls about users: profiles, presence, devices. */
final class UserCallsTest extends CallsHarness {
  @Test
  void profile() {
    JsonNode me = ok(httpHarness.alice("GET", "/v1/users/me", null), 200);
    assertThat(me.toString())
        .isEqualTo(
            "{\"user_id\":\"alice\",\"username\":\"al\",\"display_name\":\"Al\",\"avatar_url\":null}");
  }

  @Test
  void profileOfSomebodyElse() {
    JsonNode bob = ok(httpHarness.alice("GET", "/v1/users/bob", null), 200);
    assertThat(bob.path("user_id").asText()).isEqualTo("bob");
  }

  @Test
  void changesTheProfile() {
    ok(
        httpHarness.alice("PATCH", "/v1/users/me", "{\"display_name\":\"Ä\",\"avatar_url\":null}"),
        200);
    User.ChangeProfile change = told(User.ChangeProfile.class);
    assertThat(change.displayName()).isEqualTo("Ä");
    assertThat(change.avatarUrl()).isEmpty();
  }

  @Test
  void findsAUserByName() {
    httpHarness.identity.onLookup = new AuthResult.Found(BOB, "bob", "Bob");
    JsonNode found = ok(httpHarness.alice("GET", "/v1/users?username=bob", null), 200);
    assertThat(found.path("users").path(0).path("user_id").asText()).isEqualTo("bob");
    assertThat(httpHarness.identity.asked).contains("lookup bob");
    httpHarness.identity.onLookup = new AuthResult.NotFound();
    assertThat(ok(httpHarness.alice("GET", "/v1/users?username=bob", null), 200).toString())
        .isEqualTo("{\"users\":[]}");
  }

  @Test
  void anAccountWithoutAUserIsNobodyYet() {
    httpHarness.identity.onLookup = new AuthResult.Found(BOB, "bob", "Bob");
    httpHarness.users =
        (id, command) -> {
          if (command instanceof User.GetProfile get) {
            get.replyTo().tell(new User.NoSuchUser(id));
          }
        };
    assertThat(ok(httpHarness.alice("GET", "/v1/users?username=bob", null), 200).toString())
        .isEqualTo("{\"users\":[]}");
    HttpHarness.problem(httpHarness.alice("GET", "/v1/users/me", null), 404, "not_found");
  }

  @Test
  void presence() {
    done(httpHarness.alice("PUT", "/v1/users/me/presence", "{\"status\":\"away\"}"));
    assertThat(told(User.SetStatus.class).status()).isEqualTo(Presence.Status.AWAY);
  }

  @Test
  void devices() {
    JsonNode devices = ok(httpHarness.alice("GET", "/v1/users/me/devices", null), 200);
    assertThat(devices.path("devices").path(0).path("device_id").asText()).isEqualTo("d1");
    assertThat(devices.path("devices").path(0).path("last_seen").asText())
        .isEqualTo("2026-01-31T10:15:30.123Z");
  }

  @Test
  void removesADevice() {
    done(httpHarness.alice("DELETE", "/v1/users/me/devices/d1", null));
    assertThat(told(User.RemoveDevice.class).deviceId()).isEqualTo(new DeviceId("d1"));
  }

  @Test
  void pushTokens() {
    done(
        httpHarness.alice(
            "PUT",
            "/v1/users/me/devices/a%2Fb/push_token",
            "{\"platform\":\"fcm\",\"token\":\"t0\"}"));
    User.SetPushToken set = told(User.SetPushToken.class);
    assertThat(set.deviceId()).isEqualTo(new DeviceId("a/b"));
    assertThat(set.platform()).isEqualTo("fcm");
    assertThat(set.token()).isEqualTo("t0");
    httpHarness.told.clear();
    done(httpHarness.alice("DELETE", "/v1/users/me/devices/d1/push_token", null));
    assertThat(told(User.SetPushToken.class).token()).isNull();
  }
}
