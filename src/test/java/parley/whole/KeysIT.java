package parley.whole;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import parley.client.Answer;
import parley.client.ClientIds;
import parley.client.ParleyClient;
import parley.client.ServerProcess;
import parley.client.TestAccount;

/** An operator rotates the keys of a single server. */
@Timeout(180)
class KeysIT {
  private static final String ROTATE = "/admin/keys/rotation";

  @Test
  void theNextKeyIsThereAtOnceAndAfterARestart(@TempDir Path folder) throws Exception {
    try (ServerProcess server =
        ServerProcess.start(folder, Map.of("PARLEY_MANAGEMENT_WRITE", "true"))) {
      TestAccount ann;
      List<String> kids;
      try (ParleyClient client = new ParleyClient(server.uri());
          ParleyClient operator = new ParleyClient(server.management())) {
        ann = client.register("u" + ClientIds.next().toLowerCase(Locale.ROOT));
        assertThat(kids(client)).hasSize(1);
        operator.post(ROTATE + "?lead_seconds=29", null, null).expect(400);
        operator.post(ROTATE + "?lead_seconds=x", null, null).expect(400);
        Answer rotated = operator.post(ROTATE, null, null).expect(202);
        assertThat(uses(rotated.body())).containsExactly("next", "signing");
        operator.post(ROTATE, null, null).expect(200);
        kids = kids(client);
        assertThat(kids).hasSize(2);
        assertThat(rotated.text()).doesNotContain("\"d\"");
        String metrics = operator.get("/metrics", null).expect(200).text();
        assertThat(metrics)
            .contains("parley_auth_keys 2.0", "parley_auth_key_next", "parley_auth_key_age")
            .contains("parley_auth_key_rotation_age", "parley_auth_keys_read_failures_total 0.0");
        client.get("/v1/users/me", ann.accessToken()).expect(200);
      }
      server.terminate();
      server.restart();
      try (ParleyClient client = new ParleyClient(server.uri());
          ParleyClient operator = new ParleyClient(server.management())) {
        client.get("/v1/users/me", ann.accessToken()).expect(200);
        assertThat(kids(client)).isEqualTo(kids);
        assertThat(uses(operator.get("/admin/keys", null).expect(200).body()))
            .containsExactly("next", "signing");
      }
      assertThat(
              PosixFilePermissions.toString(
                  Files.getPosixFilePermissions(folder.resolve("auth-signing-key.json"))))
          .isEqualTo("rw-------");
    }
  }

  @Test
  void aReadOnlyOperatorSeesKeysAndChangesNothing() {
    ParleyClient operator = new ParleyClient(SharedServer.server().management());
    operator.post(ROTATE, null, null).expect(405);
    assertThat(uses(operator.get("/admin/keys", null).expect(200).body()))
        .containsExactly("signing");
  }

  private static List<String> kids(ParleyClient client) {
    List<String> kids = new ArrayList<>();
    client
        .get("/.well-known/jwks.json", null)
        .expect(200)
        .body()
        .path("keys")
        .forEach(key -> kids.add(key.path("kid").asText()));
    return kids;
  }

  private static List<String> uses(JsonNode body) {
    List<String> uses = new ArrayList<>();
    body.path("keys").forEach(key -> uses.add(key.path("use").asText()));
    return uses;
  }
}
