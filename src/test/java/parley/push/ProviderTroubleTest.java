package parley.push;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static parley.push.PushHarness.PATIENCE;
import static parley.push.PushHarness.to;
import static parley.push.PushHarness.token;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.apache.pekko.actor.testkit.typed.javadsl.TestProbe;
import org.apache.pekko.actor.typed.ActorRef;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import parley.client.MockApns;
import parley.client.MockFcm;

/** Providers that are down, slow or silent, and recover. */
@Timeout(120)
class ProviderTroubleTest {
  private static final PushOutcome DELIVERED = new PushOutcome.Delivered();
  private static final PushOutcome TIMEOUT = new PushOutcome.Retry(null, "timeout");
  private static final PushOutcome BUSY = new PushOutcome.Retry(null, "busy");

  /** Few places, so that they are soon taken; a short timeout, so that a silence ends soon. */
  private static final PushLimits TIGHT = new PushLimits(4, 4, Duration.ofMillis(1500));

  @TempDir Path folder;
  private PushHarness harness;

  @BeforeEach
  void open() throws Exception {
    harness = new PushHarness(folder, TIGHT);
  }

  @AfterEach
  void close() {
    harness.close();
  }

  private void down(Platform platform) {
    switch (platform) {
      case APNS -> harness.apns.stop();
      case FCM -> harness.fcm.stop();
    }
  }

  private void up(Platform platform) throws Exception {
    switch (platform) {
      case APNS -> harness.apns.start();
      case FCM -> harness.fcm.start();
    }
  }

  private List<String> received(Platform platform) {
    return switch (platform) {
      case APNS -> harness.apns.received().stream().map(MockApns.Received::token).toList();
      case FCM -> harness.fcm.received().stream().map(MockFcm.Received::token).toList();
    };
  }

  private static Platform other(Platform platform) {
    return platform == Platform.APNS ? Platform.FCM : Platform.APNS;
  }

  /** Repeats as an outbox would, until the notification is delivered. */
  private void deliver(Notification notification) {
    await()
        .atMost(90, TimeUnit.SECONDS)
        .until(() -> harness.outcome(notification), DELIVERED::equals);
  }

  @ParameterizedTest
  @EnumSource
  void notificationsFailWhileTheProviderIsDownAndAreNotSentLater(Platform platform)
      throws Exception {
    harness.outcome(to(platform, 0));
    down(platform);
    for (int device = 1; device <= 20; device++) {
      harness.send(to(platform, device));
    }
    for (int i = 0; i < 20; i++) {
      assertThat(harness.next())
          .isInstanceOfSatisfying(
              PushOutcome.Retry.class,
              retry -> assertThat(retry.reason()).isIn("unreachable", "unanswered", "busy"));
    }
    assertThat(harness.outcome(to(other(platform), 1))).isEqualTo(DELIVERED);

    up(platform);
    deliver(to(platform, 99));
    deliver(to(platform, 100));
    assertThat(received(platform)).containsExactly(token(0), token(99), token(100));
    assertThat(harness.counted(platform, "delivered")).isEqualTo(3);
  }

  /** The provider is down from the start, when there is no connection that could report it. */
  @ParameterizedTest
  @EnumSource
  void aRetryNamesTheLengthOfThePause(Platform platform) throws Exception {
    down(platform);
    PushOutcome.Retry first = (PushOutcome.Retry) harness.outcome(to(platform, 1));
    assertThat(first.reason()).isEqualTo("unreachable");
    PushOutcome.Retry second = (PushOutcome.Retry) harness.outcome(to(platform, 2));
    assertThat(second.reason()).isEqualTo("unreachable");
    assertThat(second.after()).isBetween(Duration.ZERO, Duration.ofSeconds(2));
    assertThat(harness.logged()).anyMatch(line -> line.contains(platform + " is unreachable"));
    up(platform);
    deliver(to(platform, 3));
  }

  @Test
  void aSilentApnsOccupiesOnlyItsOwnPlaces() {
    harness.apns.answer(token -> MockApns.HANG);
    silent(Platform.APNS);
    harness.apns.answer(token -> MockApns.ACCEPT);
    harness.apns.resume();
    deliver(to(Platform.APNS, 50));
  }

  @Test
  void aSilentFcmOccupiesOnlyItsOwnPlaces() {
    harness.fcm.answer(token -> MockFcm.SILENCE);
    silent(Platform.FCM);
    harness.fcm.answer(token -> MockFcm.ACCEPT);
    deliver(to(Platform.FCM, 50));
  }

  private void silent(Platform platform) {
    // 4 in flight, 4 in the queue, and one for which there is no room.
    for (int device = 1; device <= 9; device++) {
      harness.send(to(platform, device));
    }
    assertThat(harness.probe.receiveMessage(PATIENCE)).isEqualTo(new PushService.Sent(8, BUSY));
    TestProbe<PushService.Sent> others = harness.kit.createTestProbe(PushService.Sent.class);
    harness.push.tell(new PushService.Send(to(other(platform), 1), 1, others.getRef()));
    assertThat(others.receiveMessage(PATIENCE)).isEqualTo(new PushService.Sent(1, DELIVERED));

    List<PushOutcome> outcomes = new ArrayList<>();
    for (int i = 0; i < 8; i++) {
      outcomes.add(harness.next());
    }
    assertThat(outcomes).isSubsetOf(TIMEOUT, BUSY);
    assertThat(outcomes.stream().filter(TIMEOUT::equals).count()).isBetween(4L, 8L);
    harness.probe.expectNoMessage(Duration.ofMillis(1));
    assertThat(harness.counted(platform, "timeout")).isGreaterThanOrEqualTo(4);
  }

  /**
   * After 64 missing answers in a row another connection is opened, on which the server answers.
   */
  @Test
  void aConnectionThatNeverAnswersIsReplaced() {
    PushLimits wide = new PushLimits(ApnsConnection.MAX_UNANSWERED, 0, TIGHT.timeout());
    PushProviders pushProviders =
        PushProviders.from(
            harness.access, null, wide, harness.kit.system(), InstantSource.system());
    ActorRef<PushService.Command> push =
        harness.kit.spawn(PushService.create(pushProviders, wide, harness.telemetry));
    harness.apns.answer(token -> MockApns.HANG);
    for (int i = 0; i < ApnsConnection.MAX_UNANSWERED; i++) {
      push.tell(new PushService.Send(to(Platform.APNS, 1), i, harness.probe.getRef()));
    }
    for (int i = 0; i < ApnsConnection.MAX_UNANSWERED; i++) {
      assertThat(harness.next()).isEqualTo(TIMEOUT);
    }
    harness.apns.answer(token -> MockApns.ACCEPT);
    // Without resume(): the old connection still hangs.
    await()
        .atMost(PATIENCE)
        .until(
            () -> {
              push.tell(new PushService.Send(to(Platform.APNS, 2), 0, harness.probe.getRef()));
              return harness.next();
            },
            DELIVERED::equals);
  }

  @Test
  void anExpiredAccessTokenIsRenewed() throws Exception {
    harness.outcome(to(Platform.FCM, 1));
    harness.fcm.forgetLogins();
    assertThat(harness.outcome(to(Platform.FCM, 2))).isEqualTo(DELIVERED);
    assertThat(harness.fcm.logins()).isEqualTo(2);
  }

  @Test
  void aFailingTokenServerDoesNotRemoveDeviceTokens() {
    harness.fcm.answerLogins(new MockFcm.Answer(400, Map.of(), "{\"error\":\"invalid_grant\"}"));
    assertThat(harness.outcome(to(Platform.FCM, 1)))
        .isEqualTo(new PushOutcome.Refused("credentials_refused"));
    harness.fcm.answerLogins(new MockFcm.Answer(503, Map.of("Retry-After", "7"), ""));
    assertThat(harness.outcome(to(Platform.FCM, 1)))
        .isEqualTo(new PushOutcome.Retry(Duration.ofSeconds(7), "http_503"));
    harness.fcm.answerLogins(MockFcm.SILENCE);
    assertThat(harness.outcome(to(Platform.FCM, 1))).isEqualTo(TIMEOUT);
    harness.fcm.answerLogins(null);
    deliver(to(Platform.FCM, 1));
  }

  @Test
  void anEndlessAnswerIsNotRead() {
    harness.fcm.answer(
        token -> new MockFcm.Answer(200, Map.of(), "<".repeat(FcmTransport.MAX_RESPONSE_BYTES)));
    assertThat(harness.outcome(to(Platform.FCM, 1)))
        .isEqualTo(new PushOutcome.Retry(null, "bad_answer"));
    harness.fcm.answer(
        token ->
            new MockFcm.Answer(200, Map.of(), "<".repeat(FcmTransport.MAX_RESPONSE_BYTES + 1)));
    assertThat(harness.outcome(to(Platform.FCM, 1)))
        .isEqualTo(new PushOutcome.Retry(null, "unanswered"));
  }

  /** Google's credentials file names Google's token server. */
  @Test
  void aConfiguredEndpointReplacesTheOneOfGoogle() throws Exception {
    Path real = folder.resolve("real.json");
    Files.writeString(
        real,
        Files.readString(harness.fcm.credentialsFile())
            .replace(harness.fcm.url() + "/token", "https://oauth2.googleapis.com/token"));
    FcmAccess access = FcmAccess.read(real, java.net.URI.create(harness.fcm.url()));
    assertThat(sendBy(null, access, Platform.FCM)).isEqualTo(DELIVERED);
    assertThat(harness.fcm.logins()).isEqualTo(1);
  }

  @Test
  void aServerThatIsNotTrustedGetsNothing() {
    ApnsAccess doubting =
        ApnsAccess.read(
            harness.apns.keyFile(),
            MockApns.KEY_ID,
            MockApns.TEAM_ID,
            MockApns.TOPIC,
            false,
            new ApnsAccess.Endpoint("127.0.0.1", harness.apns.port()),
            null);
    assertThat(sendBy(doubting, null, Platform.APNS))
        .isEqualTo(new PushOutcome.Retry(null, "unreachable"));
    assertThat(harness.apns.received()).isEmpty();
  }

  private PushOutcome sendBy(
      @org.jspecify.annotations.Nullable ApnsAccess apns,
      @org.jspecify.annotations.Nullable FcmAccess fcm,
      Platform platform) {
    PushLimits pushLimits = new PushLimits(1, 1, PATIENCE);
    PushProviders pushProviders =
        PushProviders.from(apns, fcm, pushLimits, harness.kit.system(), InstantSource.system());
    assertThat(pushProviders.has(Platform.APNS)).isEqualTo(apns != null);
    assertThat(pushProviders.has(Platform.FCM)).isEqualTo(fcm != null);
    ActorRef<PushService.Command> push =
        harness.kit.spawn(PushService.create(pushProviders, pushLimits, harness.telemetry));
    push.tell(new PushService.Send(to(other(platform), 1), 0, harness.probe.getRef()));
    assertThat(harness.next()).isEqualTo(new PushOutcome.Refused("not_configured"));
    push.tell(new PushService.Send(to(platform, 1), 1, harness.probe.getRef()));
    PushOutcome pushOutcome = harness.next();
    harness.kit.stop(push);
    return pushOutcome;
  }

  @Test
  void atTheEndEachIsToldAndTheClientsEnd() {
    harness.outcome(to(Platform.APNS, 1));
    harness.apns.answer(token -> MockApns.HANG);
    harness.fcm.answer(token -> MockFcm.SILENCE);
    harness.send(to(Platform.APNS, 1));
    harness.send(to(Platform.FCM, 1));
    await().atMost(PATIENCE).until(() -> harness.fcm.received().size() == 1);

    harness.kit.stop(harness.push);
    List<PushOutcome> ends = List.of(harness.next(), harness.next());
    assertThat(ends).containsOnly(new PushOutcome.Retry(null, "stopping"));
    await()
        .atMost(PATIENCE)
        .until(
            () ->
                Thread.getAllStackTraces().keySet().stream()
                    .noneMatch(thread -> thread.getName().startsWith("push-apns")));
  }

  /** In every kind of trouble at once. */
  @Test
  void noTokenAndNoKeyIsEverLogged() throws Exception {
    harness.outcome(to(Platform.APNS, 1));
    harness.outcome(to(Platform.FCM, 1));
    harness.apns.answer(
        token ->
            new MockApns.Answer.Reject(com.eatthepath.pushy.apns.server.RejectionReason.BAD_TOPIC));
    harness.fcm.answer(token -> MockFcm.error(400, token, "INVALID_ARGUMENT"));
    harness.outcome(to(Platform.APNS, 1));
    harness.outcome(to(Platform.FCM, 1));
    harness.fcm.answer(token -> new MockFcm.Answer(404, Map.of(), token));
    harness.outcome(to(Platform.FCM, 1));
    harness.fcm.answer(token -> MockFcm.SILENCE);
    harness.outcome(to(Platform.FCM, 1));
    harness.outcome(
        new Notification(Platform.APNS, token(1) + "/..", PushHarness.GROUP, 1, 1, true));
    down(Platform.APNS);
    down(Platform.FCM);
    harness.outcome(to(Platform.APNS, 1));
    harness.outcome(to(Platform.FCM, 1));
    String key = Files.readString(harness.apns.keyFile()).lines().skip(1).findFirst().orElseThrow();

    assertThat(harness.logged()).isNotEmpty();
    assertThat(harness.logged())
        .noneMatch(line -> line.contains("cafe0001"))
        .noneMatch(line -> line.contains(key) || line.contains("access-1"));
    assertThat(harness.telemetry.scrape()).doesNotContain("cafe0001").contains("parley_push_sent");
    assertThat(to(Platform.APNS, 1).toString()).doesNotContain("cafe0001");
    assertThat(new PushService.Send(to(Platform.FCM, 1), 1, harness.probe.getRef()).toString())
        .doesNotContain("cafe0001");
  }
}
