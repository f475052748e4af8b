package parley.settings;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import parley.http.TrustedProxies;

/** Every variable: its default, its bounds, and the line that refuses a wrong value. */
class SettingsTest {
  @TempDir Path folder;

  @Test
  void defaultsAreThoseOfASingleNode() throws SettingsException {
    Settings settings = Settings.from(Map.of());

    assertThat(settings.listen()).isEqualTo(new HostPort("127.0.0.1", 8080));
    assertThat(settings.management()).isEqualTo(new HostPort("127.0.0.1", 8558));
    assertThat(settings.cluster().remote()).isEqualTo(new HostPort("127.0.0.1", 0));
    assertThat(settings.dataDir()).isEqualTo(Path.of("./data"));
    assertThat(settings.store().kind()).isEqualTo(Settings.StoreKind.EMBEDDED);
    assertThat(settings.cold().kind()).isEqualTo(Settings.ColdKind.FILE);
    assertThat(settings.cold().hotDays()).isEqualTo(30);
    assertThat(settings.connections()).isEqualTo(new Settings.Connections(null, 1_000));
    assertThat(settings.unready()).isEqualTo(Duration.ZERO);
    assertThat(settings.rates()).isEqualTo(new Settings.Rates(50, 10, 100, 50, 100, 0, 0));
    assertThat(settings.drain()).isEqualTo(Duration.ofSeconds(5));
    assertThat(settings.managementWrite()).isFalse();
    assertThat(settings.trustedProxies()).isSameAs(TrustedProxies.NONE);
    assertThat(settings.cluster().pods())
        .isEqualTo(new Settings.Pods("app.kubernetes.io/name=parley", 2, ""));
    assertThat(settings.auth()).isEqualTo(new Settings.Auth(null, null));
    assertThat(settings.apns()).isNull();
    assertThat(settings.fcm()).isNull();
    assertThat(settings.unknown()).isEmpty();
    assertThat(settings.changed()).isEmpty();
    assertThat(settings.logs()).isEqualTo(new Settings.Logs(Settings.LogFormat.TEXT, 1_000));
    assertThat(settings.traces()).isNull();
  }

  /** For the log: what differs from its default, and no secret. */
  @Test
  void whatDiffersFromItsDefaultIsKnownWithoutSecrets() throws Exception {
    Path key = Files.writeString(folder.resolve("s3cret.p8"), "key");
    Settings settings =
        Settings.from(
            env(
                "PARLEY_PORT", "8080",
                "PARLEY_STORE", "embedded",
                "PARLEY_LOG_LEVEL", "INFO",
                "PARLEY_MANAGEMENT_WRITE", "false",
                "PARLEY_TRACES_SAMPLE", "0.01",
                "PARLEY_DATA_DIR", "./data",
                "PARLEY_HOT_DAYS", "7",
                "PARLEY_LOG_FORMAT", "json",
                "PARLEY_S3_ENDPOINT", "http://me:s3cret@store:9000/x?key=s3cret",
                "PARLEY_TRACES_URL", "http://collector:4318",
                "PARLEY_FCM_CREDENTIALS_FILE", key.toString(),
                "OTHER", "s3cret"));
    assertThat(settings.changed())
        .containsExactly(
            "PARLEY_FCM_CREDENTIALS_FILE=[set]",
            "PARLEY_HOT_DAYS=7",
            "PARLEY_LOG_FORMAT=json",
            "PARLEY_S3_ENDPOINT=http://…@store:9000/x?…",
            "PARLEY_TRACES_URL=http://collector:4318");
    assertThat(settings.traces()).isNotNull();
  }

  @Test
  void anEmptyVariableIsOneThatIsNotSet() throws SettingsException {
    assertThat(Settings.from(env("PARLEY_PORT", "", "PARLEY_HOST", " ")).listen())
        .isEqualTo(new HostPort("127.0.0.1", 8080));
  }

  @Test
  void misspeltVariablesAreTold() throws SettingsException {
    assertThat(Settings.from(env("PARLEY_PROT", "1", "OTHER", "2")).unknown())
        .containsExactly("PARLEY_PROT");
  }

  @ParameterizedTest
  @CsvSource({
    "PARLEY_PORT, abc",
    "PARLEY_PORT, -1",
    "PARLEY_PORT, 65536",
    "PARLEY_PORT, 99999999999",
    "PARLEY_HOST, no.such.host.invalid",
    "PARLEY_MANAGEMENT_PORT, 8080",
    "PARLEY_MANAGEMENT_PORT, 1.5",
    "PARLEY_STORE, oracle",
    "PARLEY_JOURNAL_SYNC, never",
    "PARLEY_CLUSTER, many",
    "PARLEY_KUBERNETES_SELECTOR, app=100%",
    "PARLEY_KUBERNETES_SELECTOR, app=a&limit=1",
    "PARLEY_KUBERNETES_REQUIRED_CONTACT_POINTS, 0",
    "PARLEY_MANAGEMENT_WRITE, yes",
    "PARLEY_TRUSTED_PROXIES, proxy.example",
    "PARLEY_TRUSTED_PROXIES, 0.0.0.0/0",
    "PARLEY_SEED_NODES, nonsense",
    "PARLEY_COLD_STORE, tape",
    "PARLEY_HOT_DAYS, 0",
    "PARLEY_REMOTE_PORT, x",
    "PARLEY_REMOTE_PORT, 8080",
    "PARLEY_REMOTE_PORT, 8558",
    "PARLEY_RATE_MESSAGES_PER_MINUTE, many",
    "PARLEY_GROUPS_PER_DAY, 1001",
    "PARLEY_RATE_REQUESTS_PER_SECOND, -5",
    "PARLEY_REGISTRATIONS_PER_DAY, many",
    "PARLEY_DRAIN_SECONDS, 3601",
    "PARLEY_UNREADY_SECONDS, 301",
    "PARLEY_CONNECTIONS, -1",
    "PARLEY_CONNECTIONS_PER_ADDRESS, many",
    "PARLEY_DYNAMODB_ENDPOINT, localhost:8000",
    "PARLEY_DYNAMODB_CREATE_TABLES, yes",
    "PARLEY_DYNAMODB_TABLE_PREFIX, chat/",
    "PARLEY_S3_ENDPOINT, ftp://x",
    "PARLEY_AUTH_KEY_FILE, /no/such/file",
    "PARLEY_AUTH_JWKS_URL, ftp://x",
    "PARLEY_APNS_KEY_FILE, /no/such/file",
    "PARLEY_APNS_SANDBOX, 1",
    "PARLEY_APNS_ENDPOINT, host",
    "PARLEY_APNS_CA_FILE, /no/such/file",
    "PARLEY_FCM_CREDENTIALS_FILE, /no/such/file",
    "PARLEY_FCM_ENDPOINT, host",
    "PARLEY_LOG_LEVEL, LOUD",
    "PARLEY_LOG_FORMAT, xml",
    "PARLEY_LOG_FORMAT, JSON",
    "PARLEY_LOG_MESSAGES_ONE_IN, -1",
    "PARLEY_TRACES_URL, collector:4318",
    "PARLEY_TRACES_SAMPLE, 1.01",
    "PARLEY_TRACES_SAMPLE, NaN",
    "PARLEY_TRACES_SAMPLE, -0.1",
    "PARLEY_NODE_TLS, yes",
    "PARLEY_NODE_TLS_CERT, /no/such/file",
    "PARLEY_SHARDS, 0",
    "PARLEY_MANAGEMENT_TLS_CERT, /no/such/file",
    "PARLEY_MANAGEMENT_HOSTS, http://ops.example",
    "PARLEY_SHARDS, 4097",
  })
  void aWrongValueIsRefusedByName(String name, String value) {
    refused(name, name, value);
  }

  @Test
  void valuesThatNeedEachOtherAreRefusedByTheMissingOne() {
    refused("PARLEY_SEED_NODES", "PARLEY_CLUSTER", "seed");
    refused("PARLEY_STORE", "PARLEY_CLUSTER", "kubernetes");
    refused("PARLEY_COLD_STORE", "PARLEY_CLUSTER", "kubernetes", "PARLEY_COLD_STORE", "file");
    refused("PARLEY_S3_BUCKET", "PARLEY_COLD_STORE", "s3");
    refused("PARLEY_AUTH_AUDIENCE", "PARLEY_AUTH_ISSUER", "https://id.example");
    refused("PARLEY_AUTH_ISSUER", "PARLEY_AUTH_JWKS_URL", "https://id.example/jwks");
    refused("PARLEY_AUTH_ISSUER", "PARLEY_AUTH_AZP", "web");
    refused("PARLEY_APNS_KEY_FILE", "PARLEY_APNS_TOPIC", "org.example");
    refused("PARLEY_APNS_KEY_FILE", "PARLEY_APNS_SANDBOX", "true");
    refused("PARLEY_APNS_KEY_FILE", "PARLEY_APNS_ENDPOINT", "127.0.0.1:2197");
    refused("PARLEY_FCM_CREDENTIALS_FILE", "PARLEY_FCM_ENDPOINT", "http://127.0.0.1:1");
  }

  /** Only nodes on one machine can create a certificate that the others have too. */
  @Test
  void nodesOnSeveralMachinesNeedCertificates() throws SettingsException {
    String[] seed = {
      "PARLEY_CLUSTER", "seed",
      "PARLEY_STORE", "dynamodb",
      "PARLEY_SEED_NODES", "127.0.0.1:25520,localhost:25521,127.0.0.1:25522"
    };
    assertThat(Settings.from(env(seed)).cluster().tls())
        .isEqualTo(new Settings.NodeTls(true, null));
    String[] far = seed.clone();
    far[5] = "127.0.0.1:25520,192.0.2.7:25520";
    refused("PARLEY_NODE_TLS_CERT", far);
    String[] pods = {"PARLEY_CLUSTER", "kubernetes", "PARLEY_STORE", "dynamodb"};
    refused("PARLEY_NODE_TLS_CERT", pods);
    Map<String, String> off = env(pods);
    off.put("PARLEY_NODE_TLS", "off");
    assertThat(Settings.from(off).cluster().tls().on()).isFalse();
    refused("PARLEY_NODE_TLS_CERT", "PARLEY_NODE_TLS_CA", "pom.xml");
    refused(
        "PARLEY_NODE_TLS_CA", "PARLEY_NODE_TLS_CERT", "pom.xml", "PARLEY_NODE_TLS_KEY", "pom.xml");
  }

  /** For the cluster two names of one address are two nodes, and it would wait for the second. */
  @Test
  void aSeedThatIsThisNodeMustBeNamedAsThisNodeIs() throws SettingsException {
    Map<String, String> env =
        env(
            "PARLEY_CLUSTER", "seed",
            "PARLEY_STORE", "dynamodb",
            "PARLEY_NODE_TLS", "off",
            "PARLEY_REMOTE_HOST", "127.0.0.1",
            "PARLEY_SEED_NODES", "localhost:25520,localhost:25521");
    assertThatThrownBy(() -> Settings.from(env))
        .isInstanceOf(SettingsException.class)
        .hasMessage(
            "PARLEY_SEED_NODES: localhost:25520 is this node, which PARLEY_REMOTE_HOST calls"
                + " 127.0.0.1:25520: write it alike");

    env.put("PARLEY_SEED_NODES", "[::1]:25520,[::1]:25521");
    env.put("PARLEY_REMOTE_HOST", "::1");
    assertThat(Settings.from(env).cluster().seeds())
        .containsExactly(new HostPort("::1", 25_520), new HostPort("::1", 25_521))
        .contains(Settings.from(env).cluster().remote());
    env.put("PARLEY_REMOTE_HOST", "127.0.0.1");
    env.put("PARLEY_SEED_NODES", "127.0.0.1:25520,localhost:25521");
    assertThat(Settings.from(env).cluster().seeds()).hasSize(2);
    env.put("PARLEY_SEED_NODES", "localhost:25521,no.such.host.invalid:25520");
    assertThat(Settings.from(env).cluster().seeds()).hasSize(2);
  }

  /** A key was pasted where its file name belongs, or an address contains a password. */
  @ParameterizedTest
  @CsvSource({
    "PARLEY_AUTH_KEY_FILE, s3cret",
    "PARLEY_NODE_TLS_KEY, s3cret",
    "PARLEY_APNS_KEY_FILE, s3cret",
    "PARLEY_FCM_CREDENTIALS_FILE, s3cret",
    "PARLEY_DYNAMODB_ENDPOINT, ftp://me:s3cret@host",
    "PARLEY_DYNAMODB_ENDPOINT, ftp://me:s3cret/s3c@ret@host",
    "PARLEY_AUTH_JWKS_URL, me:s3cret@host/keys",
    "PARLEY_SEED_NODES, me:s3cret@host",
    "PARLEY_TRACES_URL, http://me:s3cret@host:4318",
  })
  void aSecretIsNotEchoed(String name, String value) {
    assertThatThrownBy(() -> Settings.from(env(name, value)))
        .isInstanceOf(SettingsException.class)
        .hasMessageStartingWith(name + ": ")
        .hasMessageNotContaining("s3cret");
  }

  @Test
  void aHostileValueStillMakesOneLine() {
    assertThatThrownBy(() -> Settings.from(env("PARLEY_PORT", "1\n2\u001b[31m" + "x".repeat(500))))
        .isInstanceOf(SettingsException.class)
        .satisfies(e -> assertThat(e.getMessage()).hasSizeLessThan(200).doesNotContain("\n"));
  }

  @Test
  void settingsOfLaterVersionsAreReadAlready() throws Exception {
    Path key = Files.writeString(folder.resolve("key.p8"), "key");
    Settings settings =
        Settings.from(
            env(
                "PARLEY_APNS_KEY_FILE", key.toString(),
                "PARLEY_APNS_KEY_ID", "K",
                "PARLEY_APNS_TEAM_ID", "T",
                "PARLEY_APNS_TOPIC", "org.example",
                "PARLEY_APNS_ENDPOINT", "[::1]:2197",
                "PARLEY_FCM_CREDENTIALS_FILE", key.toString(),
                "PARLEY_AUTH_ISSUER", "https://id.example",
                "PARLEY_AUTH_AUDIENCE", "parley",
                "PARLEY_AUTH_JWKS_URL", "https://id.example/jwks"));

    assertThat(settings.apns()).isNotNull();
    assertThat(settings.fcm()).isNotNull();
    assertThat(settings.auth().issuer()).isNotNull();
  }

  private static void refused(String named, String... env) {
    assertThatThrownBy(() -> Settings.from(env(env)))
        .isInstanceOf(SettingsException.class)
        .hasMessageStartingWith(named + ": ");
  }

  private static Map<String, String> env(String... pairs) {
    Map<String, String> map = new HashMap<>();
    for (var it = Arrays.asList(pairs).iterator(); it.hasNext(); ) {
      map.put(it.next(), it.next());
    }
    return map;
  }
}
