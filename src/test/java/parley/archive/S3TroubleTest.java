package parley.archive;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.awaitility.Awaitility.await;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.pekko.stream.javadsl.Sink;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import parley.model.ConversationId;
import parley.model.Entry;
import parley.telemetry.Telemetry;
import software.amazon.awssdk.auth.credentials.AwsBasicCredentials;
import software.amazon.awssdk.auth.credentials.AwsCredentialsProvider;
import software.amazon.awssdk.auth.credentials.StaticCredentialsProvider;
import software.amazon.awssdk.core.exception.SdkClientException;
import software.amazon.awssdk.regions.Region;

/** S3 is slow, busy, down or answers nonsense: cold reads fail in time, and nothing else fails. */
class S3TroubleTest {
  private static final ConversationId ID = new ConversationId("g_1");
  private static final AwsCredentialsProvider CREDENTIALS =
      StaticCredentialsProvider.create(AwsBasicCredentials.create("k", "s"));
  private static final String BUSY =
      "<Error><Code>SlowDown</Code><Message>canary</Message><RequestId>1</RequestId></Error>";

  private final AtomicInteger requests = new AtomicInteger();
  private final Telemetry telemetry = new Telemetry();
  private final ExecutorService threads = Executors.newCachedThreadPool();
  private @Nullable ArchiveHarness archiveHarness;
  private @Nullable HttpServer server;
  private @Nullable ServerSocket silent;

  @AfterEach
  void stop() throws IOException {
    if (archiveHarness != null) {
      archiveHarness.close();
    }
    if (server != null) {
      server.stop(0);
    }
    if (silent != null) {
      silent.close();
    }
    threads.shutdownNow();
    telemetry.close();
  }

  private interface Answer {
    void to(HttpExchange exchange) throws IOException;
  }

  private URI serve(Answer answer) throws IOException {
    HttpServer http =
        HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 50);
    http.setExecutor(threads);
    http.createContext(
        "/",
        exchange -> {
          requests.incrementAndGet();
          exchange.getRequestBody().readAllBytes();
          answer.to(exchange);
        });
    http.start();
    server = http;
    return URI.create("http://127.0.0.1:" + http.getAddress().getPort());
  }

  /** A server that accepts connections and never answers. */
  private URI silence() throws IOException {
    silent = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
    silent.setSoTimeout(10_000);
    return URI.create("http://127.0.0.1:" + silent.getLocalPort());
  }

  private static void answer(HttpExchange exchange, int status, String body) throws IOException {
    byte[] bytes = body.getBytes(StandardCharsets.UTF_8);
    exchange.getResponseHeaders().set("Content-Type", "application/xml");
    exchange.sendResponseHeaders(status, bytes.length);
    exchange.getResponseBody().write(bytes);
    exchange.close();
  }

  private ColdTier tier(URI endpoint, String overrides) {
    return tier(endpoint, overrides, CREDENTIALS);
  }

  private ColdTier tier(URI endpoint, String overrides, AwsCredentialsProvider credentials) {
    archiveHarness =
        new ArchiveHarness(
            "pekko.connectors.s3.retry-settings.min-backoff = 1ms, parley.archive { breaker.rest ="
                + " 1h, breaker.longest-rest = 2h }\n"
                + overrides);
    return ColdTiers.over(
        ColdTiers.s3(
            new ColdStore.S3(endpoint, "b"),
            credentials,
            () -> Region.US_EAST_1,
            archiveHarness.kit.system()),
        archiveHarness.kit.system(),
        telemetry);
  }

  private ArchiveHarness harness() {
    return Objects.requireNonNull(archiveHarness);
  }

  private CompletionStage<List<Entry>> reading(ColdTier tier) {
    return tier.read(ID, 1, 10).runWith(Sink.seq(), harness().kit.system());
  }

  private double breakerOpen() {
    return telemetry
        .registry()
        .get(ColdMeters.BREAKER_OPEN)
        .tag("store", "cold_reads")
        .gauge()
        .value();
  }

  private double failures(String operation) {
    return telemetry
        .registry()
        .counter(ColdMeters.FAILURES, "operation", operation, "kind", "unavailable")
        .count();
  }

  @Test
  void aBusyServerIsAskedThreeTimesAndThenLeftAlone() throws IOException {
    ColdTier tier = tier(serve(exchange -> answer(exchange, 503, BUSY)), "");
    for (int i = 1; i <= 5; i++) {
      assertThatThrownBy(() -> ArchiveHarness.result(reading(tier)))
          .isInstanceOf(ColdUnavailable.class)
          .hasMessage("S3 answers 503 SlowDown");
      assertThat(requests).hasValue(3 * i);
      if (i < 5) {
        assertThat(breakerOpen()).isZero();
      }
    }
    // Its listeners are called beside the call.
    await().until(() -> breakerOpen() == 1);
    // From here on S3 gets no requests.
    assertThatThrownBy(() -> ArchiveHarness.result(reading(tier)))
        .isInstanceOf(ColdUnavailable.class)
        .hasMessage("the cold tier rests after failures: S3 answers 503 SlowDown");
    assertThat(requests).hasValue(15);
    assertThat(failures("read")).isEqualTo(6.0);
    // Failures of writes are counted separately.
    assertThatThrownBy(
            () -> ArchiveHarness.result(tier.write(ID, new EntrySamples(1).entries(1, 3))))
        .isInstanceOf(ColdUnavailable.class)
        .hasMessage("S3 answers 503 SlowDown");
    assertThat(requests).hasValue(18);
    assertThat(failures("write")).isEqualTo(1.0);
  }

  @Test
  void theServerIsCalledAgainAfterAPause() throws IOException {
    ColdTier tier =
        tier(
            serve(exchange -> answer(exchange, 503, BUSY)),
            "parley.archive.breaker { failures = 1, rest = 1ms }");
    assertThatThrownBy(() -> ArchiveHarness.result(reading(tier)))
        .isInstanceOf(ColdUnavailable.class);
    await()
        .untilAsserted(
            () -> {
              assertThatThrownBy(() -> ArchiveHarness.result(reading(tier)))
                  .isInstanceOf(ColdUnavailable.class);
              assertThat(requests).hasValueGreaterThan(3);
            });
  }

  @Test
  void aPassingFailureIsNotSeen() throws IOException {
    String empty =
        "<ListBucketResult><Name>b</Name><IsTruncated>false</IsTruncated></ListBucketResult>";
    ColdTier tier =
        tier(
            serve(
                exchange -> {
                  boolean busy = requests.get() < 3;
                  answer(exchange, busy ? 500 : 200, busy ? BUSY : empty);
                }),
            "");
    assertThat(harness().all(tier.manifests(ID))).isEmpty();
    assertThat(requests).hasValue(3);
  }

  @Test
  void aSilentServerIsGivenUp() throws IOException {
    ColdTier tier = tier(silence(), "parley.archive.read-timeout = 100ms");
    assertThatThrownBy(() -> ArchiveHarness.result(reading(tier)))
        .isInstanceOf(ColdUnavailable.class)
        .hasMessage("the cold tier did not answer in time");
  }

  @Test
  void aPageIsGivenUpAfterItsOwnTime() throws IOException {
    ColdTier tier = tier(silence(), "parley.archive { read-timeout = 1h, patience = 100ms }");
    assertThatThrownBy(() -> ArchiveHarness.result(reading(tier)))
        .isInstanceOf(ColdUnavailable.class);
    assertThatThrownBy(() -> harness().all(tier.manifests(ID))).isInstanceOf(ColdUnavailable.class);
  }

  @Test
  void aMissingServerIsReported() throws IOException {
    URI nobody;
    try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      nobody = URI.create("http://127.0.0.1:" + socket.getLocalPort());
    }
    ColdTier tier = tier(nobody, "");
    assertThatThrownBy(() -> ArchiveHarness.result(reading(tier)))
        .isInstanceOf(ColdUnavailable.class);
    assertThatThrownBy(
            () -> ArchiveHarness.result(tier.write(ID, new EntrySamples(1).entries(1, 3))))
        .isInstanceOf(ColdUnavailable.class);
    assertThatThrownBy(() -> ArchiveHarness.result(tier.check()))
        .isInstanceOf(ColdUnavailable.class)
        .hasMessage("S3 at 127.0.0.1 cannot be reached");
  }

  @Test
  void readsOverTheBoundAreRefusedAtOnce() throws IOException {
    ColdTier tier =
        tier(
            silence(),
            "parley.archive { reads = 1, reads-waiting = 1, read-timeout = 1h, patience = 1h }");
    List<CompletionStage<List<Entry>>> patient = new ArrayList<>();
    patient.add(reading(tier));
    patient.add(reading(tier));
    await().until(() -> gauge() == 1.0);
    assertThatThrownBy(() -> ArchiveHarness.result(reading(tier)))
        .isInstanceOf(ColdUnavailable.class)
        .hasMessage("too many cold reads");
    assertThat(patient).allMatch(one -> !one.toCompletableFuture().isDone());
  }

  /** Searches and counts wait for each other. A user who scrolls does not wait for them. */
  @Test
  void scansDoNotTakeTheTurnsOfPages() throws IOException {
    ColdTier tier =
        tier(
            silence(),
            "parley.archive { reads = 1, scans = 1, scans-waiting = 0, read-timeout = 1h,"
                + " patience = 1h, scan-timeout = 1h }");
    CompletionStage<List<Entry>> scan =
        tier.scan(ID, 1, 10).runWith(Sink.seq(), harness().kit.system());
    try (Socket connected = Objects.requireNonNull(silent).accept()) {
      assertThat(connected.getInputStream().read()).as("it asks, so it has its turn").isPositive();
      assertThat(scanFailure(tier)).hasMessage("too many cold scans");
      assertThatThrownBy(() -> harness().all(tier.readStored(ID, 1, 10)))
          .hasMessage("too many cold scans");
      CompletionStage<List<Entry>> page = reading(tier);
      CompletionStage<List<Entry>> second = reading(tier);
      await().until(() -> gauge() == 1.0);
      assertThat(List.of(scan, page, second)).allMatch(one -> !one.toCompletableFuture().isDone());
    }
  }

  @Test
  void aScanIsGivenUpAfterItsTime() throws IOException {
    ColdTier tier =
        tier(
            silence(),
            "parley.archive { scans = 1, scans-waiting = 0, read-timeout = 1h, patience = 1h,"
                + " scan-timeout = 100ms }");
    assertThat(scanFailure(tier)).hasMessage("the cold tier did not answer in time");
    // Its place is free again: the next read gets it and is not refused.
    await()
        .untilAsserted(
            () -> assertThat(scanFailure(tier)).hasMessage("the cold tier did not answer in time"));
  }

  private @Nullable Throwable scanFailure(ColdTier tier) {
    return catchThrowableOfType(
        ColdUnavailable.class,
        () ->
            ArchiveHarness.result(
                tier.scan(ID, 1, 10).runWith(Sink.seq(), harness().kit.system())));
  }

  private double gauge() {
    return telemetry.registry().get(ColdMeters.WAITING).gauge().value();
  }

  /** A client that has gone away, waiting or reading, leaves its place to others. */
  @Test
  void aCancelledReadFreesItsPlace() throws IOException {
    ColdTier tier =
        tier(
            silence(),
            "parley.archive { reads = 1, reads-waiting = 1, read-timeout = 1h, patience = 1h }");
    var first = tier.read(ID, 1, 10).runWith(Sink.queue(), harness().kit.system());
    var waiting = tier.read(ID, 1, 10).runWith(Sink.queue(), harness().kit.system());
    await().until(() -> gauge() == 1.0);
    waiting.cancel();
    await().until(() -> gauge() == 0.0);
    CompletionStage<List<Entry>> next = reading(tier);
    await().until(() -> gauge() == 1.0);
    first.cancel();
    await().until(() -> gauge() == 0.0);
    assertThat(next.toCompletableFuture()).isNotDone();
  }

  @Test
  void errorsNeverRepeatTheServersAnswer() throws IOException {
    for (String body : List.of("canary", BUSY.replace("SlowDown", "canary <b/>"), "<canary>")) {
      ColdTier tier = tier(serve(exchange -> answer(exchange, 418, body)), "");
      assertThatThrownBy(() -> ArchiveHarness.result(reading(tier)))
          .isInstanceOf(ColdUnavailable.class)
          .hasMessage("S3 answers 418")
          .hasNoCause();
      stopServer();
    }
  }

  private void stopServer() {
    harness().close();
    Objects.requireNonNull(server).stop(0);
  }

  @Test
  void missingCredentialsAreNamed() throws IOException {
    ColdTier tier =
        tier(
            silence(),
            "",
            () -> {
              throw SdkClientException.create("canary");
            });
    assertThatThrownBy(() -> ArchiveHarness.result(tier.check()))
        .isInstanceOf(ColdRefused.class)
        .hasMessageStartingWith("AWS_ACCESS_KEY_ID: ");
    assertThatThrownBy(() -> ArchiveHarness.result(reading(tier)))
        .isInstanceOf(ColdUnavailable.class)
        .hasMessageStartingWith("AWS_ACCESS_KEY_ID: ");
  }
}
