package parley.push;

import static org.assertj.core.api.Assertions.assertThat;
import static parley.push.PushHarness.GROUP;
import static parley.push.PushHarness.PATIENCE;
import static parley.push.PushHarness.to;
import static parley.push.PushHarness.token;

import java.nio.file.Path;
import java.time.Instant;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import parley.client.JsonTrees;
import parley.client.MockApns;
import parley.client.MockFcm;

/** The push actor, its clients and the providers' mock servers together. */
@Timeout(120)
class PushServiceTest {
  private static final PushLimits ROOMY = new PushLimits(8, 100, PATIENCE);

  @TempDir Path folder;
  private PushHarness harness;

  @BeforeEach
  void open() throws Exception {
    harness = new PushHarness(folder, ROOMY);
  }

  @AfterEach
  void close() {
    harness.close();
  }

  @ParameterizedTest
  @EnumSource
  void isDelivered(Platform platform) throws Exception {
    assertThat(harness.outcome(to(platform, 1))).isEqualTo(new PushOutcome.Delivered());
    assertThat(harness.counted(platform, "delivered")).isEqualTo(1);
    assertThat(harness.pushProviders.has(platform)).isTrue();
  }

  @Test
  void anIphoneGetsIdsAndCountersOnly() throws Exception {
    long before = Instant.now().getEpochSecond();
    harness.outcome(to(Platform.APNS, 1));
    harness.outcome(new Notification(Platform.APNS, token(2), GROUP, 43, 0, false));

    MockApns.Received urgent = harness.apns.received().get(0);
    assertThat(urgent.payload())
        .isEqualTo(
            JsonTrees.parse(
                """
                {"aps": {"alert": {"loc-key": "PARLEY_MESSAGE"}, "sound": "default",
                         "mutable-content": 1, "badge": 3, "thread-id": "%1$s"},
                 "conversation_id": "%1$s", "seq": 42}
                """
                    .formatted(GROUP)));
    assertThat(urgent.headers())
        .containsEntry("apns-collapse-id", GROUP.value())
        .containsEntry("apns-priority", "10")
        .containsEntry("apns-push-type", "alert")
        .containsEntry("apns-topic", MockApns.TOPIC);
    assertThat(Long.parseLong(urgent.headers().get("apns-expiration")))
        .isBetween(before + 28 * 86_400, Instant.now().getEpochSecond() + 28 * 86_400);

    MockApns.Received normal = harness.apns.received().get(1);
    assertThat(normal.payload())
        .isEqualTo(
            JsonTrees.parse(
                """
                {"aps": {"badge": 0, "content-available": 1},
                 "conversation_id": "%s", "seq": 43}
                """
                    .formatted(GROUP)));
    assertThat(normal.headers())
        .containsEntry("apns-collapse-id", GROUP.value())
        .containsEntry("apns-priority", "5")
        .containsEntry("apns-push-type", "alert");
  }

  @Test
  void anAndroidGetsIdsAndCountersOnly() throws Exception {
    harness.outcome(to(Platform.FCM, 1));
    harness.outcome(new Notification(Platform.FCM, token(2), GROUP, 43, 0, false));

    assertThat(harness.fcm.received())
        .extracting(MockFcm.Received::body)
        .containsExactly(
            JsonTrees.parse(
                """
                {"message": {"token": "%s",
                  "data": {"conversation_id": "%2$s", "seq": "42", "badge": "3"},
                  "android": {"collapse_key": "%2$s", "priority": "high", "ttl": "2419200s"}}}
                """
                    .formatted(token(1), GROUP)),
            JsonTrees.parse(
                """
                {"message": {"token": "%s",
                  "data": {"conversation_id": "%2$s", "seq": "43", "badge": "0"},
                  "android": {"collapse_key": "%2$s", "priority": "normal", "ttl": "86400s"}}}
                """
                    .formatted(token(2), GROUP)));
    assertThat(harness.fcm.logins()).isEqualTo(1);
  }
}
