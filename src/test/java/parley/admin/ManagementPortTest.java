package parley.admin;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.math.BigInteger;
import java.net.InetAddress;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLHandshakeException;
import javax.net.ssl.TrustManagerFactory;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import parley.app.Handshake;
import parley.app.Node;
import parley.app.QuickNode;
import parley.port.PortSettings;
import parley.settings.HostPort;
import parley.settings.Settings;
import parley.settings.SettingsException;
import parley.tls.Authority;
import parley.tls.Certificate;
import parley.tls.ServerContext;
import parley.tls.TlsFiles;

/** Which requests the management port answers, and how. */
@Timeout(90)
class ManagementPortTest {
  private final Instant before = Instant.now().minus(Duration.ofHours(1));
  private final Instant later = Instant.now().plus(Duration.ofDays(30));

  @TempDir Path temporary;

  @Test
  void aPageOfAnotherNameLearnsNothing() throws Exception {
    try (Node node =
        QuickNode.start(settings(Map.of("PARLEY_MANAGEMENT_HOSTS", "ops.example, Parley-0")))) {
      HostPort port = node.management();
      for (String path : List.of("/ready", "/metrics", "/cluster/members", "/none")) {
        assertThat(answer(port, path, "rebound.example:" + port.port()))
            .as(path)
            .startsWith("HTTP/1.1 403")
            .contains("application/problem+json", "\"code\":\"forbidden\"")
            .contains("PARLEY_MANAGEMENT_HOSTS")
            .doesNotContain("Up\"");
      }
      assertThat(answer(port, "/ready", "203.0.113.7:8558")).startsWith("HTTP/1.1 403");
      for (String host :
          List.of(
              "127.0.0.1",
              "127.0.0.1:" + port.port(),
              "127.3.2.1:1",
              "localhost:8558",
              "LOCALHOST",
              "[::1]:8558",
              "ops.example",
              "ops.example.:443",
              "parley-0:8558")) {
        assertThat(answer(port, "/alive", host)).as(host).startsWith("HTTP/1.1 200");
      }
      // A page of another site makes an operator's browser send the request.
      for (String header :
          List.of("Origin: http://localhost:3000", "Origin: null", "Sec-Fetch-Site: cross-site")) {
        assertThat(answer(port, "/alive", "localhost\r\n" + header))
            .as(header)
            .startsWith("HTTP/1.1 403");
      }
    }
  }

  /** Only OpenMetrics has exemplars; without this header a scraper gets the older format. */
  @Test
  void aScraperThatAsksForOpenMetricsGetsIt() throws Exception {
    try (Node node = QuickNode.start(settings(Map.of()))) {
      HostPort port = node.management();
      String host = "localhost";
      assertThat(answer(port, "/metrics", host))
          .contains("Content-Type: text/plain", "parley_sockets 0")
          .doesNotContain("# EOF");
      assertThat(answer(port, "/metrics", host + "\r\nAccept: application/openmetrics-text;q=0.8"))
          .contains("Content-Type: application/openmetrics-text; version=1.0.0", "parley_sockets 0")
          .contains("\n# EOF\n");
    }
  }

  @Test
  void withACertificateItSpeaksTlsOnly() throws Exception {
    Authority authority = Authority.create(before, later);
    Map<String, String> files = files(authority);
    try (Node node = QuickNode.start(settings(files))) {
      HostPort port = node.management();
      try (HttpClient client = client(authority)) {
        URI ready = URI.create("https://localhost:" + port.port() + "/ready");
        var answer = client.send(HttpRequest.newBuilder(ready).build(), BodyHandlers.ofString());
        assertThat(answer.statusCode()).isEqualTo(200);
        assertThat(answer.sslSession().orElseThrow().getProtocol()).isEqualTo("TLSv1.3");
      }
      try (HttpClient stranger = HttpClient.newHttpClient()) {
        assertThatThrownBy(
                () ->
                    stranger.send(
                        HttpRequest.newBuilder(URI.create("http://" + port + "/ready"))
                            .timeout(Duration.ofSeconds(20))
                            .build(),
                        BodyHandlers.ofString()))
            .isInstanceOf(IOException.class);
      }
      assertThat(node.telemetry().scrape()).contains("parley_management_certificate_days_left 29");
    }
  }

  @Test
  void replacedFilesHoldForNewConnections() throws Exception {
    Authority authority = Authority.create(before, later);
    TlsFiles files = new TlsFiles(temporary.resolve("cert"), temporary.resolve("key"), null);
    write(files, authority);
    ServerContext context = new ServerContext(Certificate.ofServer(files, Instant.now()));
    BigInteger first = serial(context);
    assertThat(serial(context)).isEqualTo(first);
    write(files, authority);
    context.replaceCertificate(Certificate.ofServer(files, Instant.now()));
    assertThat(serial(context)).isNotEqualTo(first);
  }

  /**
   * Pods call each other by address. A pod accepts a peer by the issuer of its certificate, and
   * refuses one of another issuer.
   */
  @Test
  void otherNodesAreKnownByTheirIssuer() throws Exception {
    Authority authority = Authority.create(before, later);
    TlsFiles own = new TlsFiles(temporary.resolve("cert"), temporary.resolve("key"), null);
    write(own, authority);
    ServerContext here = new ServerContext(Certificate.ofServer(own, Instant.now()));
    write(own, authority);
    ServerContext there = new ServerContext(Certificate.ofServer(own, Instant.now()));
    assertThat(Handshake.between(here.engineTo("10.0.0.1", 1, null), here.engine()).isValid())
        .isTrue();
    X509Certificate issuer = certificate(authority.certificate());
    assertThat(Handshake.between(here.engineTo("10.0.0.1", 1, issuer), there.engine()).isValid())
        .isTrue();
    assertThatThrownBy(() -> Handshake.between(here.engineTo("10.0.0.1", 1, null), there.engine()))
        .isInstanceOf(SSLHandshakeException.class);
  }

  @Test
  void aCertificateWithoutItsKeyIsRefusedByName() throws Exception {
    Authority authority = Authority.create(before, later);
    Map<String, String> files = new HashMap<>(files(authority));
    files.put("PARLEY_MANAGEMENT_TLS_KEY", files(authority).get("PARLEY_MANAGEMENT_TLS_KEY"));
    Files.writeString(
        Path.of(files.get("PARLEY_MANAGEMENT_TLS_KEY")), authority.certificateAndKey().key());
    assertThatThrownBy(() -> QuickNode.start(settings(files)))
        .isInstanceOf(SettingsException.class)
        .hasMessageStartingWith("PARLEY_MANAGEMENT_TLS_KEY: ")
        .hasMessageContaining("is not the key of the certificate");
    files.remove("PARLEY_MANAGEMENT_TLS_KEY");
    assertThatThrownBy(() -> settings(files))
        .hasMessageStartingWith("PARLEY_MANAGEMENT_TLS_KEY: must be set together");
  }

  private BigInteger serial(ServerContext context) throws Exception {
    var session = Handshake.between(context.engineTo("10.0.0.1", 1, null), context.engine());
    return ((X509Certificate) session.getPeerCertificates()[0]).getSerialNumber();
  }

  private Map<String, String> files(Authority authority) throws IOException {
    TlsFiles files = new TlsFiles(temporary.resolve("tls.crt"), temporary.resolve("tls.key"), null);
    write(files, authority);
    return Map.of(
        "PARLEY_MANAGEMENT_TLS_CERT", files.cert().toString(),
        "PARLEY_MANAGEMENT_TLS_KEY", files.key().toString());
  }

  private void write(TlsFiles files, Authority authority) throws IOException {
    Authority.Issued issued = authority.issue("localhost", before, later);
    Files.writeString(files.cert(), issued.certificate());
    Files.writeString(files.key(), issued.key());
  }

  private static X509Certificate certificate(String pem) throws Exception {
    return (X509Certificate)
        CertificateFactory.getInstance("X.509")
            .generateCertificate(
                new java.io.ByteArrayInputStream(pem.getBytes(StandardCharsets.US_ASCII)));
  }

  private static HttpClient client(Authority authority) throws Exception {
    KeyStore trusted = KeyStore.getInstance("PKCS12");
    trusted.load(null, null);
    trusted.setCertificateEntry("ca", certificate(authority.certificate()));
    TrustManagerFactory managers =
        TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
    managers.init(trusted);
    SSLContext context = SSLContext.getInstance("TLS");
    context.init(null, managers.getTrustManagers(), null);
    return HttpClient.newBuilder().sslContext(context).build();
  }

  private static String answer(HostPort port, String path, String host) throws IOException {
    try (Socket socket = new Socket(port.host(), port.port())) {
      socket.setSoTimeout(20_000);
      socket
          .getOutputStream()
          .write(
              ("GET " + path + " HTTP/1.1\r\nHost: " + host + "\r\nConnection: close\r\n\r\n")
                  .getBytes(StandardCharsets.US_ASCII));
      return new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    }
  }

  private Settings settings(Map<String, String> more) throws SettingsException {
    Map<String, String> all = new HashMap<>(more);
    all.put("PARLEY_DATA_DIR", temporary.resolve("data").toString());
    all.put("PARLEY_PORT", "0");
    all.put("PARLEY_MANAGEMENT_PORT", "0");
    all.put("PARLEY_DRAIN_SECONDS", "0");
    return Settings.from(all);
  }

  @Test
  void anAddressHasAQuarterOfItsConnectionsWhateverTheClientPortAllows() throws Exception {
    PortSettings limits = ManagementPort.limits(1_000);
    assertThat(limits.connections().getAsInt()).isEqualTo(100);
    assertThat(limits.connectionsPerAddress().getAsInt()).isEqualTo(25);
    assertThat(ManagementPort.limits(10).connectionsPerAddress().getAsInt()).isEqualTo(10);
    assertThat(limits.exempt().test(InetAddress.getByName("203.0.113.7"))).isFalse();
    assertThat(limits.exempt().test(InetAddress.getLoopbackAddress())).isTrue();
  }
}
