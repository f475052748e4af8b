package parley.push;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.params.provider.Arguments.arguments;
import static parley.push.PushHarness.to;

import com.eatthepath.pushy.apns.server.RejectionReason;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.EnumSet;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
import parley.client.MockApns;
import parley.client.MockFcm;

/** The outcomes for the answers of the providers, as they arrive over the wire. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class PushOutcomesTest {
  private static final Set<RejectionReason> RETRIED =
      EnumSet.of(
          RejectionReason.EXPIRED_PROVIDER_TOKEN,
          RejectionReason.IDLE_TIMEOUT,
          RejectionReason.TOO_MANY_REQUESTS,
          RejectionReason.TOO_MANY_PROVIDER_TOKEN_UPDATES,
          RejectionReason.INTERNAL_SERVER_ERROR,
          RejectionReason.SERVICE_UNAVAILABLE,
          RejectionReason.SHUTDOWN);

  private static final Set<RejectionReason> NOT_OURS =
      EnumSet.of(RejectionReason.BAD_DEVICE_TOKEN, RejectionReason.DEVICE_TOKEN_NOT_FOR_TOPIC);

  private PushHarness harness;

  @BeforeAll
  void open(@TempDir Path folder) throws Exception {
    harness = new PushHarness(folder, new PushLimits(8, 8, PushHarness.PATIENCE));
  }

  @AfterAll
  void close() {
    harness.close();
  }

  @ParameterizedTest
  @EnumSource
  void eachReasonOfApns(RejectionReason reason) {
    harness.apns.answer(token -> MockApns.ACCEPT);
    assertThat(harness.outcome(to(Platform.APNS, 0))).isEqualTo(new PushOutcome.Delivered());
    harness.apns.answer(token -> new MockApns.Answer.Reject(reason));

    PushOutcome pushOutcome = harness.outcome(to(Platform.APNS, 1));

    if (reason == RejectionReason.UNREGISTERED || NOT_OURS.contains(reason)) {
      assertThat(pushOutcome).isInstanceOf(PushOutcome.Gone.class);
      assertThat(((PushOutcome.Gone) pushOutcome).since()).isZero();
    } else if (RETRIED.contains(reason)) {
      assertThat(pushOutcome).isInstanceOf(PushOutcome.Retry.class);
      assertThat(((PushOutcome.Retry) pushOutcome).after()).isNull();
    } else {
      assertThat(pushOutcome).isInstanceOf(PushOutcome.Refused.class);
    }
    // Apple's own reason, which equals ours except for the case of letters.
    assertThat(word(pushOutcome).replaceAll("([a-z])([A-Z])", "$1_$2").toUpperCase(Locale.ROOT))
        .isEqualTo(reason.name());
  }

  private static String word(PushOutcome pushOutcome) {
    return switch (pushOutcome) {
      case PushOutcome.Delivered delivered -> "";
      case PushOutcome.Retry retry -> retry.reason();
      case PushOutcome.Gone gone -> gone.reason();
      case PushOutcome.Refused refused -> refused.reason();
    };
  }

  @Test
  void aTokenOfApnsIsGoneSinceTheTimeItNames() {
    Instant since = Instant.ofEpochMilli(1_700_000_000_123L);
    harness.apns.answer(token -> new MockApns.Answer.Gone(since));
    assertThat(harness.outcome(to(Platform.APNS, 1)))
        .isEqualTo(new PushOutcome.Gone(since.toEpochMilli(), "Unregistered"));
  }

  @Test
  void anImpossibleApnsTokenIsNotSent() {
    int before = harness.apns.received().size();
    for (String token : new String[] {"../../x", "abc", "zz", "00".repeat(129)}) {
      assertThat(
              harness.outcome(
                  new Notification(Platform.APNS, token, PushHarness.GROUP, 1, 1, true)))
          .isEqualTo(new PushOutcome.Gone(0, "malformed_token"));
    }
    assertThat(harness.apns.received()).hasSize(before);
  }

  /** A reason that Apple does not list counts by its status, and its text is not passed on. */
  @ParameterizedTest
  @CsvSource({
    "410, Retry, Gone",
    "429, Later, Retry",
    "500, , Retry",
    "502, Bad, Retry",
    "400, New, Refused",
    "403, 'x y', Refused"
  })
  void unknownReasonsOfApns(int status, @Nullable String said, String kind) {
    PushOutcome pushOutcome =
        ApnsOutcomes.of(status, said, Optional.empty(), new ProviderConfirmation());
    assertThat(pushOutcome.getClass().getSimpleName()).isEqualTo(kind);
    assertThat(word(pushOutcome)).isEqualTo("http_" + status);
  }

  @Test
  void anExpiredTokenOfApnsIsGone() {
    Instant since = Instant.ofEpochMilli(5);
    assertThat(ApnsOutcomes.of(410, "ExpiredToken", Optional.of(since), new ProviderConfirmation()))
        .isEqualTo(new PushOutcome.Gone(5, "ExpiredToken"));
  }

  /** A wrong topic or environment must not cost all users their tokens. */
  @Test
  void beforeAnythingWasAcceptedNoTokenIsGivenUpForNotBeingOurs() {
    ProviderConfirmation none = new ProviderConfirmation();
    assertThat(ApnsOutcomes.of(400, "BadDeviceToken", Optional.empty(), none))
        .isEqualTo(new PushOutcome.Refused("BadDeviceToken"));
    none.accepted();
    assertThat(ApnsOutcomes.of(400, "BadDeviceToken", Optional.empty(), none))
        .isEqualTo(new PushOutcome.Gone(0, "BadDeviceToken"));
  }

  static Stream<Arguments> fcm() {
    Duration seven = Duration.ofSeconds(7);
    return Stream.of(
        arguments(
            MockFcm.error(404, "NOT_FOUND", "UNREGISTERED"),
            new PushOutcome.Gone(0, "UNREGISTERED")),
        arguments(
            MockFcm.error(403, "PERMISSION_DENIED", "SENDER_ID_MISMATCH"),
            new PushOutcome.Gone(0, "SENDER_ID_MISMATCH")),
        arguments(
            MockFcm.error(400, "INVALID_ARGUMENT", "INVALID_ARGUMENT"),
            new PushOutcome.Gone(0, "INVALID_ARGUMENT")),
        arguments(MockFcm.badField("message.token"), new PushOutcome.Gone(0, "INVALID_ARGUMENT")),
        arguments(
            MockFcm.badField("message.android.ttl"), new PushOutcome.Refused("INVALID_ARGUMENT")),
        arguments(
            MockFcm.error(429, "RESOURCE_EXHAUSTED", "QUOTA_EXCEEDED"),
            new PushOutcome.Retry(Duration.ofSeconds(60), "QUOTA_EXCEEDED")),
        arguments(
            MockFcm.error(429, "RESOURCE_EXHAUSTED", "QUOTA_EXCEEDED").with("retry-after", "7"),
            new PushOutcome.Retry(seven, "QUOTA_EXCEEDED")),
        arguments(
            MockFcm.error(503, "UNAVAILABLE", "UNAVAILABLE"),
            new PushOutcome.Retry(null, "UNAVAILABLE")),
        arguments(
            MockFcm.error(503, "UNAVAILABLE", "UNAVAILABLE").with("Retry-After", "7"),
            new PushOutcome.Retry(seven, "UNAVAILABLE")),
        arguments(
            MockFcm.error(500, "INTERNAL", "INTERNAL"), new PushOutcome.Retry(null, "INTERNAL")),
        arguments(
            MockFcm.error(500, "INTERNAL", "INTERNAL").with("Retry-After", "7"),
            new PushOutcome.Retry(seven, "INTERNAL")),
        arguments(
            MockFcm.error(401, "UNAUTHENTICATED", "THIRD_PARTY_AUTH_ERROR"),
            new PushOutcome.Refused("THIRD_PARTY_AUTH_ERROR")),
        arguments(
            MockFcm.error(403, "PERMISSION_DENIED", null), new PushOutcome.Refused("http_403")),
        arguments(MockFcm.error(404, "NOT_FOUND", null), new PushOutcome.Refused("http_404")),
        arguments(
            MockFcm.error(429, "RESOURCE_EXHAUSTED", null),
            new PushOutcome.Retry(Duration.ofSeconds(60), "http_429")),
        arguments(MockFcm.error(502, "UNKNOWN", null), new PushOutcome.Retry(null, "http_502")),
        arguments(
            new MockFcm.Answer(503, java.util.Map.of(), "<html>not JSON</html>"),
            new PushOutcome.Retry(null, "http_503")),
        arguments(
            new MockFcm.Answer(200, java.util.Map.of(), "<html>not JSON</html>"),
            new PushOutcome.Retry(null, "bad_answer")));
  }

  @ParameterizedTest
  @MethodSource
  void fcm(MockFcm.Answer answer, PushOutcome expected) {
    harness.fcm.answer(token -> MockFcm.ACCEPT);
    assertThat(harness.outcome(to(Platform.FCM, 0))).isEqualTo(new PushOutcome.Delivered());
    int before = harness.fcm.received().size();
    harness.fcm.answer(token -> answer);

    assertThat(harness.outcome(to(Platform.FCM, 1))).isEqualTo(expected);
    // Once: the library would try a 503 four times more, on our thread.
    if (answer.status() != 401) {
      assertThat(harness.fcm.received()).hasSize(before + 1);
    }
  }

  @ParameterizedTest
  @CsvSource({
    "7, 7",
    "0, 0",
    "86400, 86400",
    "86401, 86400",
    "99999999999999999999, 86400",
    "' 7 ', 7",
    "-7,",
    "soon,",
    "'',",
    "'Fri, 31 Jan 2025 10:15:40 GMT', 0",
    "'Fri, 30 Jan 2026 10:15:40 GMT', 0",
    "'Sat, 31 Jan 2026 10:15:40 GMT', 10",
    "'Wed, 31 Jan 2029 10:15:40 GMT', 86400"
  })
  void retryAfterIsReadAsSecondsOrADate(String value, @Nullable Long seconds) {
    Instant now = Instant.parse("2026-01-31T10:15:30Z");
    assertThat(RetryAfter.parse(value, now).map(Duration::toSeconds))
        .isEqualTo(Optional.ofNullable(seconds));
  }

  @Test
  void retryAfterAsADateGoesThrough() {
    String date =
        DateTimeFormatter.RFC_1123_DATE_TIME.format(
            Instant.now().plusSeconds(600).atOffset(ZoneOffset.UTC));
    harness.fcm.answer(
        token -> MockFcm.error(503, "UNAVAILABLE", "UNAVAILABLE").with("Retry-After", date));
    assertThat(harness.outcome(to(Platform.FCM, 1)))
        .isInstanceOfSatisfying(
            PushOutcome.Retry.class,
            retry ->
                assertThat(retry.after())
                    .isBetween(Duration.ofSeconds(500), Duration.ofSeconds(600)));
  }
}
