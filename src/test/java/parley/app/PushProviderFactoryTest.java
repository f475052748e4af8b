package parley.app;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import parley.client.MockApns;
import parley.client.MockFcm;
import parley.settings.Settings;
import parley.settings.SettingsException;

/** The factory makes the push providers from environment variables. */
class PushProviderFactoryTest {
  @TempDir Path folder;

  private Map<String, String> environment() throws Exception {
    Map<String, String> env = new HashMap<>();
    try (MockApns apns = new MockApns(folder);
        MockFcm fcm = new MockFcm(folder)) {
      env.putAll(apns.environment());
      env.putAll(fcm.environment());
    }
    return env;
  }

  @Test
  void onlyConfiguredProvidersAreStarted() throws Exception {
    Map<String, String> env = environment();
    PushProviderFactory both = PushProviderFactory.read(Settings.from(env));
    assertThat(both.apns()).isNotNull();
    assertThat(both.fcm()).isNotNull();
    env.keySet().removeIf(name -> name.startsWith("PARLEY_APNS"));
    assertThat(PushProviderFactory.read(Settings.from(env)).apns()).isNull();
    PushProviderFactory none = PushProviderFactory.read(Settings.from(Map.of()));
    assertThat(none.apns()).isNull();
    assertThat(none.fcm()).isNull();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "PARLEY_APNS_KEY_FILE",
        "PARLEY_APNS_KEY_ID",
        "PARLEY_APNS_TEAM_ID",
        "PARLEY_APNS_TOPIC"
      })
  void aGroupThatIsHalfSetIsRefusedByWhatIsMissing(String missing) throws Exception {
    Map<String, String> env = environment();
    env.remove(missing);
    assertThatThrownBy(() -> Settings.from(env))
        .isInstanceOf(SettingsException.class)
        .hasMessageStartingWith(missing + ": must be set together");
  }

  @ParameterizedTest
  @CsvSource({
    "PARLEY_APNS_KEY_FILE, s3cret",
    "PARLEY_APNS_KEY_FILE, '-----BEGIN PRIVATE KEY-----|czNjcmV0|-----END PRIVATE KEY-----'",
    "PARLEY_APNS_CA_FILE, s3cret",
    "PARLEY_APNS_CA_FILE, ''",
    "PARLEY_FCM_CREDENTIALS_FILE, s3cret",
    "PARLEY_FCM_CREDENTIALS_FILE, '{\"type\":\"service_account\",\"private_key\":\"s3cret\"}'",
    "PARLEY_FCM_CREDENTIALS_FILE, '{\"type\":\"authorized_user\",\"refresh_token\":\"s3cret\"}'",
  })
  void aFileThatIsNotWhatItShouldBeIsRefusedByItsVariable(String name, String content)
      throws Exception {
    Map<String, String> env = environment();
    env.put(name, Files.writeString(folder.resolve("bad"), content.replace('|', '\n')).toString());
    Settings settings = Settings.from(env);
    assertThatThrownBy(() -> PushProviderFactory.read(settings))
        .isInstanceOf(SettingsException.class)
        .hasMessageStartingWith(name + ": must ")
        .satisfies(e -> assertThat(e.getMessage()).doesNotContain("\n", "s3cret", "czNj"));
  }

  @Test
  void keysAreNotPrinted() throws Exception {
    Map<String, String> env = environment();
    PushProviderFactory pushing = PushProviderFactory.read(Settings.from(env));
    String apns = Files.readAllLines(Path.of(env.get("PARLEY_APNS_KEY_FILE"))).get(1);
    assertThat(pushing.toString())
        .contains("topic=org.example.parley", "project=parley-test", "[REDACTED]")
        .doesNotContain(apns, "gserviceaccount", "PRIVATE");
  }
}
