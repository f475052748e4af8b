package parley.whole;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import parley.client.Answer;
import parley.client.ClientIds;
import parley.client.ParleyClient;
import parley.client.ServerProcess;
import parley.client.TestAccount;

/** An attacker tries passwords at another user's account, and registers accounts without end. */
class GuessingIT {
  private static final Map<String, String> SETTINGS =
      Map.of(
          "PARLEY_RATE_REQUESTS_PER_SECOND",
          "1000",
          "PARLEY_REGISTRATIONS_PER_DAY",
          "4",
          "PARLEY_TRUSTED_PROXIES",
          "127.0.0.0/8");

  @TempDir private Path folder;

  @Test
  void nobodyIsKeptOutByGuessesAndAnAddressRegistersSoOften() {
    try (ServerProcess server = ServerProcess.start(folder, SETTINGS)) {
      ParleyClient client = new ParleyClient(server.uri());
      TestAccount ann = client.register(ClientIds.username("ann"));
      String known =
          login(client, ann, ann.password(), null).expect(200).body().path("known_device").asText();
      int refused = 0;
      for (int i = 0; i < 18; i++) {
        for (int j = 0; j < 5; j++) {
          login(client, ann, "a wrong password", null);
        }
        if (login(client, ann, ann.password(), known).status() != 200) {
          refused++;
        }
      }
      assertThat(refused).as("refusals of the right password in 18 tries").isZero();

      Answer last = register(client);
      for (int i = 0; i < 4; i++) {
        last = register(client);
      }
      last.expect(429, "rate_limited");
      login(client, ann, ann.password(), known).expect(200);
    }
  }

  private static Answer login(
      ParleyClient client, TestAccount who, String password, @Nullable String known) {
    Map<String, String> body =
        known == null
            ? Map.of("username", who.username(), "password", password)
            : Map.of("username", who.username(), "password", password, "known_device", known);
    return client.post("/v1/auth/login", null, body);
  }

  private static Answer register(ParleyClient client) {
    return client.post(
        "/v1/auth/register",
        null,
        Map.of("username", ClientIds.username("many"), "password", "correct horse"));
  }
}
