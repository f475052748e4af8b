package parley.admin;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyFactory;
import java.security.KeyStore;
import java.security.PrivateKey;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.security.spec.PKCS8EncodedKeySpec;
import java.time.Duration;
import java.time.Instant;
import java.util.Base64;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import parley.app.Node;
import parley.app.QuickNode;
import parley.client.ParleyClient;
import parley.settings.Settings;
import parley.tls.Authority;

/** Who may call {@code /admin} of a whole node, and what of it is recorded. */
@Timeout(120)
class AdminSecurityTest {
  private static final List<String> OPEN =
      List.of("/ready", "/alive", "/metrics", "/cluster/members");
  private static final ObjectMapper JSON = new ObjectMapper();

  private final Instant before = Instant.now().minus(Duration.ofHours(1));
  private final Instant later = Instant.now().plus(Duration.ofDays(30));

  @TempDir Path temporary;

  @Test
  void withTokensOnlyTheirHoldersCallAlsoOnTheLoopback() throws Exception {
    AdminToken.Made reader = AdminToken.make("grafana", AdminToken.Right.READ);
    AdminToken.Made writer = AdminToken.make("ops", AdminToken.Right.WRITE);
    Path tokens = temporary.resolve("tokens");
    Files.writeString(tokens, reader.line().toLine() + "\n" + writer.line().toLine() + "\n");
    try (Node node =
            QuickNode.start(settings(Map.of("PARLEY_ADMIN_TOKENS_FILE", tokens.toString())));
        ParleyClient operator = new ParleyClient(URI.create("http://" + node.management()))) {
      await().untilAsserted(() -> operator.get("/ready", null).expect(200));
      OPEN.forEach(path -> operator.get(path, null).expect(200));
      operator.get("/admin/keys", null).expect(401);
      operator.get("/admin/keys", "wrong").expect(401);
      operator.get("/admin/keys", reader.token()).expect(200);
      operator.call("POST", "/admin/marks?entity=x", reader.token(), null).expect(403);
      // A change of the cluster is a change like others.
      for (String method : List.of("PUT", "DELETE")) {
        operator.call(method, "/cluster/members/x", null, null).expect(401);
        operator.call(method, "/cluster/members/x", reader.token(), null).expect(403);
      }
      operator.get("/cluster/members", null).expect(200);
      // PARLEY_MANAGEMENT_WRITE is off: the attempt is recorded, with its result.
      operator.call("POST", "/admin/marks?entity=x", writer.token(), null).expect(405);
      JsonNode records =
          operator.get("/admin/audit", reader.token()).expect(200).body().path("records");
      assertThat(records).hasSize(1);
      JsonNode record = records.path(0);
      assertThat(record.path("who").asText()).isEqualTo("ops");
      assertThat(record.path("from").asText()).isEqualTo("127.0.0.1");
      assertThat(record.path("action").asText()).isEqualTo("POST /admin/marks");
      assertThat(record.path("target").asText()).isEqualTo("?entity=x");
      assertThat(record.path("result").asText()).isEqualTo("refused");
      assertThat(record.path("status").asInt()).isEqualTo(405);
      assertThat(Instant.parse(record.path("time").asText())).isAfter(before);
      operator.get("/admin/audit?after=-1", reader.token()).expect(400);
      operator.get("/admin/audit?limit=201", reader.token()).expect(400);
      operator.call("DELETE", "/cluster/members/x", writer.token(), null).expect(405);
      JsonNode last =
          operator.get("/admin/audit?limit=1", reader.token()).body().path("records").path(0);
      assertThat(last.path("action").asText()).isEqualTo("DELETE /cluster/members");
      assertThat(last.path("target").asText()).isEqualTo("x");
      assertThat(last.path("status").asInt()).isEqualTo(405);
      // A removed line ends its token without a restart.
      Files.writeString(tokens, writer.line().toLine() + "\n");
      await()
          .atMost(Duration.ofSeconds(30))
          .untilAsserted(() -> operator.get("/admin/keys", reader.token()).expect(401));
      operator.get("/admin/keys", writer.token()).expect(200);
    }
  }

  @Test
  void beyondTheLoopbackNobodyCallsUnlessSomebodyIsNamed() throws Exception {
    try (Node node =
            QuickNode.start(
                settings(
                    Map.of(
                        "PARLEY_MANAGEMENT_HOST", "0.0.0.0", "PARLEY_MANAGEMENT_WRITE", "true")));
        ParleyClient operator =
            new ParleyClient(URI.create("http://127.0.0.1:" + node.management().port()))) {
      await().untilAsserted(() -> operator.get("/ready", null).expect(200));
      OPEN.forEach(path -> operator.get(path, null).expect(200));
      assertThat(operator.get("/admin/keys", null).expect(403).text())
          .contains("PARLEY_ADMIN_TOKENS_FILE", "\"code\":\"forbidden\"");
      operator.get("/admin/keys", "anything").expect(403);
      String self = operator.get("/cluster/members", null).body().path("selfNode").asText();
      operator.call("DELETE", "/cluster/members/" + self, null, null).expect(403);
      operator.get("/ready", null).expect(200);
    }
  }

  @Test
  void aClientCertificateIsAName() throws Exception {
    Authority servers = Authority.create(before, later);
    Authority operators = Authority.create(before, later);
    Authority others = Authority.create(before, later);
    Map<String, String> files = new HashMap<>();
    Authority.Issued own = servers.issue("localhost", before, later);
    files.put("PARLEY_MANAGEMENT_TLS_CERT", file("tls.crt", own.certificate()));
    files.put("PARLEY_MANAGEMENT_TLS_KEY", file("tls.key", own.key()));
    // A bundle: the authority before, one that has expired, and the one that is used now.
    Authority earlier = Authority.create(before, later);
    Authority expired = Authority.create(before.minus(Duration.ofDays(9)), before);
    files.put(
        "PARLEY_MANAGEMENT_TLS_CLIENT_CA",
        file(
            "clients.crt",
            earlier.certificate() + expired.certificate() + operators.certificate()));
    try (Node node = QuickNode.start(settings(files))) {
      String url = "https://localhost:" + node.management().port();
      try (HttpClient nobody = client(servers, null)) {
        assertThat(call(nobody, url + "/alive", "GET").statusCode()).isEqualTo(200);
        HttpResponse<String> refused = call(nobody, url + "/admin/keys", "GET");
        assertThat(refused.statusCode()).isEqualTo(401);
        assertThat(refused.body()).contains("PARLEY_MANAGEMENT_TLS_CLIENT_CA");
      }
      try (HttpClient ann = client(servers, operators.issue("ann", before, later))) {
        assertThat(call(ann, url + "/admin/keys", "GET").statusCode()).isEqualTo(200);
        assertThat(call(ann, url + "/admin/keys/rotation", "POST").statusCode()).isEqualTo(405);
        JsonNode records =
            JSON.readTree(call(ann, url + "/admin/audit", "GET").body()).path("records");
        assertThat(records.path(0).path("who").asText()).contains("CN=").contains("ann");
      }
      try (HttpClient eva = client(servers, earlier.issue("eva", before, later))) {
        assertThat(call(eva, url + "/admin/keys", "GET").statusCode()).isEqualTo(200);
      }
      // A certificate of another authority does not even get a connection.
      try (HttpClient stranger = client(servers, others.issue("eve", before, later))) {
        assertThat(statusOrFailure(stranger, url + "/admin/keys")).isIn("401", "IOException");
      }
    }
  }

  private static String statusOrFailure(HttpClient client, String url) throws InterruptedException {
    try {
      return String.valueOf(call(client, url, "GET").statusCode());
    } catch (IOException e) {
      return "IOException";
    }
  }

  private static HttpResponse<String> call(HttpClient client, String url, String method)
      throws IOException, InterruptedException {
    return client.send(
        HttpRequest.newBuilder(URI.create(url))
            .timeout(Duration.ofSeconds(20))
            .method(method, HttpRequest.BodyPublishers.noBody())
            .build(),
        BodyHandlers.ofString());
  }

  private String file(String name, String text) throws IOException {
    return Files.writeString(temporary.resolve(name), text).toString();
  }

  private static X509Certificate certificate(String pem) throws Exception {
    return (X509Certificate)
        CertificateFactory.getInstance("X.509")
            .generateCertificate(new ByteArrayInputStream(pem.getBytes(StandardCharsets.US_ASCII)));
  }

  private static HttpClient client(Authority trusted, Authority.@Nullable Issued own)
      throws Exception {
    KeyStore anchors = KeyStore.getInstance("PKCS12");
    anchors.load(null, null);
    anchors.setCertificateEntry("ca", certificate(trusted.certificate()));
    TrustManagerFactory trust =
        TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
    trust.init(anchors);
    char[] none = {'-'};
    KeyStore keys = KeyStore.getInstance("PKCS12");
    keys.load(null, none);
    if (own != null) {
      String base64 = own.key().replaceAll("-----[A-Z ]+-----|\\s", "");
      PrivateKey key =
          KeyFactory.getInstance("RSA")
              .generatePrivate(new PKCS8EncodedKeySpec(Base64.getDecoder().decode(base64)));
      keys.setKeyEntry("own", key, none, new X509Certificate[] {certificate(own.certificate())});
    }
    KeyManagerFactory managers =
        KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
    managers.init(keys, none);
    SSLContext context = SSLContext.getInstance("TLS");
    context.init(managers.getKeyManagers(), trust.getTrustManagers(), null);
    return HttpClient.newBuilder().sslContext(context).build();
  }

  private Settings settings(Map<String, String> more) throws Exception {
    Map<String, String> all = new HashMap<>(more);
    all.put("PARLEY_DATA_DIR", temporary.resolve("data").toString());
    all.put("PARLEY_PORT", "0");
    all.put("PARLEY_MANAGEMENT_PORT", "0");
    all.put("PARLEY_DRAIN_SECONDS", "0");
    return Settings.from(all);
  }
}
