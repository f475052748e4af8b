package parley.app;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.net.httpserver.HttpServer;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import org.apache.pekko.actor.testkit.typed.javadsl.ActorTestKit;
import org.apache.pekko.stream.javadsl.Sink;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import parley.archive.ColdTier;
import parley.archive.S3Server;
import parley.model.ConversationId;
import parley.model.Entry;
import parley.model.EntryBody;
import parley.model.UserId;
import parley.settings.Settings;
import parley.settings.SettingsException;
import parley.telemetry.Telemetry;

/**
 * The factory makes a working cold tier from environment variables, with the program's own
 * configuration.
 */
class ColdTierFactoryTest {
  private static final ConversationId ID = new ConversationId("g_1");
  private static final List<Entry> ENTRIES =
      List.of(
          new Entry(
              1, "m", new UserId("u_a"), 1_000, "c", new EntryBody.Text("hi", null, null, false)));

  /** The settings of AWS, which the SDK also reads from system properties. */
  private final Map<String, String> properties = new HashMap<>();

  private final Telemetry telemetry = new Telemetry();
  @TempDir Path folder;
  private ActorTestKit kit;
  private S3Server server;

  @BeforeEach
  void start() throws SettingsException {
    server = new S3Server(folder.resolve("s3"));
    Settings single = Settings.from(Map.of());
    kit =
        ActorTestKit.create(
            "cold-place", NodeConfig.of(single, com.typesafe.config.ConfigFactory.empty()));
  }

  @AfterEach
  void stop() {
    kit.shutdownTestKit();
    server.close();
    telemetry.close();
    properties.keySet().forEach(System::clearProperty);
  }

  private void aws(String name, String value) {
    properties.put(name, value);
    System.setProperty(name, value);
  }

  private ColdTier open(String... env) throws SettingsException, InterruptedException {
    Map<String, String> all = new HashMap<>(Map.of("PARLEY_DATA_DIR", folder.toString()));
    for (int i = 0; i < env.length; i += 2) {
      all.put(env[i], env[i + 1]);
    }
    return Objects.requireNonNull(
        ColdTierFactory.open(kit.system(), Settings.from(all), telemetry));
  }

  private ColdTier openS3() throws SettingsException, InterruptedException {
    return open(
        "PARLEY_COLD_STORE",
        "s3",
        "PARLEY_S3_BUCKET",
        "cold",
        "PARLEY_S3_ENDPOINT",
        server.endpoint().toString());
  }

  private void writesAndReads(ColdTier tier) {
    result(tier.check());
    result(tier.write(ID, ENTRIES));
    assertThat(result(tier.readStored(ID, 1, 1).runWith(Sink.seq(), kit.system())))
        .isEqualTo(ENTRIES);
  }

  private static <T> T result(CompletionStage<T> stage) {
    return stage.toCompletableFuture().orTimeout(60, TimeUnit.SECONDS).join();
  }

  @Test
  void offMeansNoColdTier() throws Exception {
    assertThat(
            ColdTierFactory.open(
                kit.system(), Settings.from(Map.of("PARLEY_COLD_STORE", "off")), telemetry))
        .isNull();
  }

  @Test
  void filesAreInTheDataFolder() throws Exception {
    writesAndReads(open());
    assertThat(folder.resolve("cold/conversations/g_1")).isNotEmptyDirectory();
  }

  @Test
  void s3ByKeys() throws Exception {
    aws("aws.accessKeyId", S3Server.KEY);
    aws("aws.secretAccessKey", S3Server.SECRET);
    aws("aws.region", "eu-central-1");
    Path bucket = server.bucket("cold");
    writesAndReads(openS3());
    assertThat(bucket.resolve("conversations/g_1")).isNotEmptyDirectory();
  }

  @Test
  void aMissingBucketEndsTheStart() {
    aws("aws.accessKeyId", S3Server.KEY);
    aws("aws.secretAccessKey", S3Server.SECRET);
    assertThatThrownBy(this::openS3)
        .isInstanceOf(SettingsException.class)
        .hasMessage("PARLEY_S3_BUCKET: there is no bucket cold at 127.0.0.1");
  }

  @Test
  void anUnreachableS3DoesNotEndTheStart() throws Exception {
    aws("aws.accessKeyId", S3Server.KEY);
    aws("aws.secretAccessKey", S3Server.SECRET);
    server.bucket("cold");
    URI endpoint = server.endpoint();
    server.close();
    ColdTier tier =
        open(
            "PARLEY_COLD_STORE",
            "s3",
            "PARLEY_S3_BUCKET",
            "cold",
            "PARLEY_S3_ENDPOINT",
            endpoint.toString());
    assertThatThrownBy(() -> result(tier.read(ID, 1, 1).runWith(Sink.seq(), kit.system())))
        .hasRootCauseInstanceOf(java.net.ConnectException.class)
        .hasMessageContaining("S3 at 127.0.0.1 cannot be reached");
  }

  /** As on EKS: a token in a file, and a role that the token may assume. */
  @Test
  void s3ByTheRoleOfAServiceAccount() throws Exception {
    Path token = Files.writeString(folder.resolve("token"), "the-token");
    List<String> asked = new CopyOnWriteArrayList<>();
    HttpServer sts =
        HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 5);
    sts.createContext(
        "/",
        exchange -> {
          byte[] body = exchange.getRequestBody().readAllBytes();
          asked.add(new String(body, StandardCharsets.UTF_8));
          byte[] answer = STS_ANSWER.getBytes(StandardCharsets.UTF_8);
          exchange.getResponseHeaders().set("Content-Type", "text/xml");
          exchange.sendResponseHeaders(200, answer.length);
          exchange.getResponseBody().write(answer);
          exchange.close();
        });
    sts.start();
    try {
      aws("aws.webIdentityTokenFile", token.toString());
      aws("aws.roleArn", "arn:aws:iam::123456789012:role/parley");
      aws("aws.region", "eu-central-1");
      aws("aws.endpointUrlSts", "http://127.0.0.1:" + sts.getAddress().getPort());
      server.bucket("cold");
      writesAndReads(openS3());
    } finally {
      sts.stop(0);
    }
    // The role was assumed once for all requests.
    assertThat(asked)
        .singleElement()
        .asString()
        .contains("AssumeRoleWithWebIdentity", "the-token", "role%2Fparley");
  }

  private static final String STS_ANSWER =
      """
      <AssumeRoleWithWebIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/">
        <AssumeRoleWithWebIdentityResult>
          <AssumedRoleUser>
            <Arn>arn:aws:sts::123456789012:assumed-role/parley/x</Arn>
            <AssumedRoleId>AROA:x</AssumedRoleId>
          </AssumedRoleUser>
          <Credentials>
            <AccessKeyId>%s</AccessKeyId>
            <SecretAccessKey>%s</SecretAccessKey>
            <SessionToken>session</SessionToken>
            <Expiration>2099-01-01T00:00:00Z</Expiration>
          </Credentials>
        </AssumeRoleWithWebIdentityResult>
      </AssumeRoleWithWebIdentityResponse>
      """
          .formatted(S3Server.KEY, S3Server.SECRET);
}
