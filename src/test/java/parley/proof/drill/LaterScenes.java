package parley.proof.drill;

import static org.awaitility.Awaitility.await;

import com.eatthepath.pushy.apns.server.RejectionReason;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import parley.client.MockApns;
import parley.client.ParleySocket;
import parley.model.Limits;

/**
 * Faults that show after hours or days: the clock of a single node goes ahead ({@link FakeTime}).
 */
@SuppressWarnings("try") // clients disturb by being there
final class LaterScenes {
  private static final String NAMESPACE = "later";
  private static final Duration MOST = Duration.ofSeconds(90);

  /** A few more than a user's pending notifications have room for: 10 devices in each. */
  private static final int GROUPS = 110;

  private final AlertBoard board;
  private final Path folder;

  LaterScenes(AlertBoard board, Path folder) {
    this.board = board;
    this.folder = folder;
  }

  // ---- push

  void push() throws Exception {
    Path data = folder.resolve("push");
    Files.createDirectories(folder);
    try (MockApns apns = new MockApns(folder)) {
      Map<String, String> settings = new HashMap<>(apns.environment());
      settings.put("PARLEY_PUSH_AFTER_SECONDS", "0");
      List<String> jvm = List.of("-Dparley.user.push.backoff=1s", "-Dparley.user.push.again=1s");
      try (DrillServer server = DrillServer.start(data, settings, jvm)) {
        phones(server);
        List<String> groups = new ArrayList<>();
        for (int group = 0; group < GROUPS; group++) {
          groups.add(server.client.group(server.ann, "Push " + group, List.of(server.ben)));
        }
        board.ask(NAMESPACE, List.of(server.management()));
        board.quiet();
        AlertBoard.Provocation away =
            board.provoke(
                "the provider is away, and a user with 10 phones gets messages in 110 groups",
                "ParleyOutboxFull");
        apns.stop();
        try (ParleySocket laptop = server.client.connectSynced(server.ann, "laptop")) {
          Messages.send(laptop, groups, GROUPS);
        }
        away.awaitFiring(MOST);
        later(
            server,
            jvm,
            Duration.ofMinutes(70),
            "the provider is away for 70 minutes",
            "ParleyPushesWait");
        AlertBoard.Provocation refused =
            board.provoke(
                "the provider refuses the server's credentials",
                "ParleyPushRefused",
                "ParleyDeadLettersMany",
                "ParleyDeadLettersDropped");
        apns.answer(token -> new MockApns.Answer.Reject(RejectionReason.INVALID_PROVIDER_TOKEN));
        apns.start();
        refused.awaitFiring(Duration.ofSeconds(150));
        later(
            server,
            jvm,
            Duration.ofHours(26),
            "nobody replays dead letters for a day",
            "ParleyDeadLettersOld");
      }
    }
  }

  /** Ben has as many phones as he may, each with a push token, and none is connected. */
  private static void phones(DrillServer server) {
    for (int phone = 0; phone < Limits.DEVICES; phone++) {
      String device = "phone-" + phone;
      server.client.connectSynced(server.ben, device).close();
      server
          .client
          .call(
              "PUT",
              "/v1/users/me/devices/" + device + "/push_token",
              server.ben.accessToken(),
              Map.of("platform", "apns", "token", "%064x".formatted(0xabad_cafe_0000L + phone)))
          .expect(204);
    }
  }

  /** The node is killed, and comes back when so much time has passed. */
  private void later(
      DrillServer server, List<String> jvm, Duration ahead, String fault, String alert)
      throws Exception {
    Map<String, String> clock = FakeTime.ahead(ahead).orElse(null);
    if (clock == null) {
      System.out.println("# libfaketime is not there: " + alert + " is left out");
      return;
    }
    AlertBoard.Provocation later = board.provoke(fault, alert);
    server.again(clock, jvm);
    later.awaitFiring(MOST);
  }

  // ---- the cold tier

  void coldTier() throws Exception {
    Map<String, String> clock = FakeTime.ahead(Duration.ofDays(4)).orElse(null);
    if (clock == null) {
      System.out.println("# libfaketime is not there: the cold tier is left out");
      return;
    }
    Path data = folder.resolve("cold");
    try (DrillServer server = DrillServer.start(data, Map.of("PARLEY_HOT_DAYS", "1"), List.of())) {
      server.write(6_000);
      board.ask(NAMESPACE, List.of(server.management()));
      board.quiet();
      // A file in place of the folder: nobody can write or read there, not even the superuser.
      Path cold = data.resolve("cold");
      server.process().kill9();
      if (Files.exists(cold)) {
        Files.move(cold, data.resolve("cold.away"));
      }
      Files.writeString(cold, "");
      AlertBoard.Provocation broken =
          board.provoke(
              "the cold tier cannot be written when four days have passed",
              "ParleyColdUnavailable",
              "ParleyArchiveStalled",
              "ParleyArchiveLate");
      server.again(clock, List.of());
      broken.awaitFiring(Duration.ofMinutes(4));
      Files.delete(cold);
      if (Files.exists(data.resolve("cold.away"))) {
        Files.move(data.resolve("cold.away"), cold);
      }
      await("segments")
          .atMost(Duration.ofMinutes(4))
          .pollInterval(Duration.ofSeconds(1))
          .until(() -> board.value("sum(parley_cold_segments_written_total)") >= 1);
      board.awaitSilence("ParleyColdUnavailable");
      AlertBoard.Provocation damaged =
          board.provoke("the files of segments are damaged", "ParleyColdDamaged");
      server.again(clock, List.of());
      damage(cold);
      String token = server.client.login("ann", server.ann.password()).accessToken();
      try (Repeating reader =
          new Repeating(
              500,
              () -> {
                for (String one : server.conversations) {
                  server.client.get(
                      "/v1/conversations/" + one + "/messages?limit=50&after=0", token);
                }
              })) {
        damaged.awaitFiring(MOST);
      }
    }
  }

  /** Changes a byte in the middle of each segment. */
  private static void damage(Path cold) throws IOException {
    try (Stream<Path> files = Files.walk(cold)) {
      for (Path file : files.filter(Files::isRegularFile).toList()) {
        byte[] bytes = Files.readAllBytes(file);
        if (bytes.length > 1_000) {
          bytes[bytes.length / 2] ^= 1;
          Files.write(file, bytes);
        }
      }
    }
  }
}
