package parley.audit;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.typesafe.config.ConfigFactory;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.pekko.actor.testkit.typed.javadsl.ActorTestKit;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.cluster.sharding.typed.javadsl.ClusterSharding.ShardCommand;
import org.apache.pekko.persistence.testkit.javadsl.EventSourcedBehaviorTestKit;
import org.apache.pekko.serialization.jackson.JacksonObjectMapperProvider;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import parley.serial.SerializedSizes;
import parley.snapshot.PiecedSnapshotStore;

/** What the audit log keeps, in which order, how much, and in which form. */
class AuditLogTest {
  private static final Path FILES = Path.of("src/test/resources/golden/audit");

  private final ActorTestKit kit =
      ActorTestKit.create(
          ConfigFactory.parseString(
                  """
                  pekko.actor {
                    serializers.event =
                      "org.apache.pekko.serialization.jackson.JacksonCborSerializer"
                    serializers.snap =
                      "org.apache.pekko.serialization.jackson.JacksonCborSerializer"
                    serialization-identifiers { event = 7705, snap = 7706 }
                    serialization-bindings {
                      "parley.serial.Wire" = jackson-cbor
                      "parley.audit.AuditEvent" = event
                      "parley.audit.AuditState$Snapshot" = snap
                    }
                  }
                  pekko.serialization.jackson.event.type-in-manifest = off
                  pekko.serialization.jackson.snap.type-in-manifest = off
                  %s = ${pekko.persistence.testkit.snapshotstore.pluginid}
                  """
                      .formatted(PiecedSnapshotStore.PLUGIN))
              .withFallback(EventSourcedBehaviorTestKit.config())
              .withFallback(ConfigFactory.load())
              .resolve());
  private final AtomicLong now =
      new AtomicLong(Instant.parse("2026-11-25T02:00:00Z").toEpochMilli());
  private final EventSourcedBehaviorTestKit<AuditLog.Command, AuditEvent, AuditState> log =
      EventSourcedBehaviorTestKit.create(
          kit.system(),
          AuditLogEntity.create(
              kit.<ShardCommand>createTestProbe().getRef(), () -> Instant.ofEpochMilli(now.get())),
          EventSourcedBehaviorTestKit.enabledSerializationSettings().withVerifyState(false));

  @AfterEach
  void stop() {
    kit.shutdownTestKit();
  }

  private long start(String who, String target) {
    return log.<AuditLog.Started>runCommand(
            to -> new AuditLog.Start(who, "10.0.0.1", "POST /admin/marks", target, "", to))
        .reply()
        .nr();
  }

  private void finish(long nr, int status) {
    log.<AuditLog.Finished>runCommand(to -> new AuditLog.Finish(nr, status, to));
  }

  private AuditLog.Page page(@Nullable Long after, int limit) {
    return log.<AuditLog.Page>runCommand(to -> new AuditLog.GetPage(after, limit, to)).reply();
  }

  private static List<Long> numbers(AuditLog.Page page) {
    return page.records().stream().map(AuditRecord::nr).toList();
  }

  @Test
  void aChangeIsThereBeforeItsResult() {
    long begun = start("ops", "u_1");
    AuditRecord open = page(0L, 10).records().getFirst();
    assertThat(open.status()).isZero();
    assertThat(open.who()).isEqualTo("ops");
    now.addAndGet(250);
    finish(begun, 204);
    log.restart();
    AuditRecord done = page(0L, 10).records().getFirst();
    assertThat(done.status()).isEqualTo(204);
    assertThat(done.finishedAt() - done.at()).isEqualTo(250);
    assertThat(done.target()).isEqualTo("u_1");
  }

  @Test
  void aCrashBetweenLeavesItVisiblyStarted() {
    start("ops", "u_1");
    log.restart();
    long second = start("ops", "u_2");
    finish(second, 503);
    assertThat(page(0L, 10).records().stream().map(AuditRecord::status)).containsExactly(0, 503);
  }

  @Test
  void pagesAreInTheOrderOfTheChangesEvenIfTheClockIsSetBack() {
    for (int i = 1; i <= 5; i++) {
      start("ops", "u_" + i);
      now.addAndGet(i == 2 ? -Duration.ofDays(1).toMillis() : 1_000);
    }
    AuditLog.Page first = page(0L, 2);
    assertThat(numbers(first)).containsExactly(1L, 2L);
    assertThat(first.more()).isTrue();
    AuditLog.Page last = page(2L, 3);
    assertThat(numbers(last)).containsExactly(3L, 4L, 5L);
    assertThat(last.more()).isFalse();
    assertThat(numbers(page(null, 2))).containsExactly(4L, 5L);
    assertThat(numbers(page(0L, 1_000))).hasSize(5);
    assertThat(numbers(page(9L, 10))).isEmpty();
  }

  @Test
  void longTextsAreCut() {
    start("x".repeat(1_000), "y".repeat(10_000));
    AuditRecord record = page(null, 1).records().getFirst();
    assertThat(record.who()).hasSize(AuditLog.WHO_LENGTH).endsWith("…");
    assertThat(record.target()).hasSize(AuditLog.TARGET_LENGTH);
  }

  @Test
  void theOldestGoBeyondTheBound() {
    AuditState state = new AuditState();
    for (long nr = 1; nr <= AuditLog.RECORDS + 3; nr++) {
      state.apply(started(nr, now.get()));
    }
    assertThat(numbers(state.page(0L, 1, now.get()))).containsExactly(4L);
    state.apply(new AuditEvent.ChangeFinished(1, now.get(), 200));
    assertThat(state.contains(1)).isFalse();
  }

  @Test
  void recordsEndWithTheirRetention() {
    AuditState state = new AuditState();
    long day = Duration.ofDays(1).toMillis();
    state.apply(started(1, now.get()));
    state.apply(started(2, now.get() + day));
    state.apply(started(3, now.get() + AuditLog.RETENTION.toMillis() + 1));
    long last = now.get() + AuditLog.RETENTION.toMillis() + 1;
    assertThat(numbers(state.page(0L, 9, last))).containsExactly(2L, 3L);
    AuditState again = AuditState.of(state.toSnapshot());
    assertThat(numbers(again.page(0L, 9, last))).containsExactly(2L, 3L);
    assertThat(again.nextNumber()).isEqualTo(4);
  }

  @Test
  void aPageShowsNothingThatIsTooOldAlsoWithoutAnotherChange() {
    start("ops", "u_1");
    now.addAndGet(Duration.ofDays(1).toMillis());
    start("ops", "u_2");
    now.addAndGet(AuditLog.RETENTION.toMillis());
    assertThat(numbers(page(0L, 9))).containsExactly(2L);
    now.addAndGet(1);
    assertThat(numbers(page(0L, 9))).isEmpty();
    assertThat(numbers(page(null, 9))).isEmpty();
    assertThat(start("ops", "u_3")).isEqualTo(3);
  }

  @Test
  void aRecordSaysWhatWasDone() {
    log.runCommand(
        (ActorRef<AuditLog.Started> to) ->
            new AuditLog.Start("ops", "10.0.0.1", "POST", "u_1", "minutes=60 reason=spam", to));
    log.runCommand(
        (ActorRef<AuditLog.Started> to) ->
            new AuditLog.Start("ops", "10.0.0.1", "POST", "u_1", "理".repeat(1_000), to));
    log.restart();
    List<AuditRecord> records = page(0L, 9).records();
    assertThat(records.getFirst().detail()).isEqualTo("minutes=60 reason=spam");
    String cut = records.getLast().detail();
    assertThat(cut).startsWith("理理").endsWith("…");
    assertThat(cut.getBytes(StandardCharsets.UTF_8))
        .hasSizeLessThanOrEqualTo(AuditLog.DETAIL_BYTES);
  }

  /** A number is used once, also if nothing is left. */
  @Test
  void numbersGoOnAfterASnapshotWithoutRecords() {
    assertThat(AuditState.of(new AuditState.Snapshot(8, null)).nextNumber()).isEqualTo(8);
  }

  @Test
  void aFullPageFitsAMessage() {
    try (SerializedSizes sizes = new SerializedSizes()) {
      AuditState state = new AuditState();
      for (int i = 0; i < AuditLog.PAGE; i++) {
        state.apply(
            new AuditEvent.ChangeStarted(
                sizes.number() + i,
                now.get(),
                sizes.ascii(AuditLog.WHO_LENGTH),
                sizes.ascii(AuditLog.ADDRESS_LENGTH),
                sizes.ascii(AuditLog.ACTION_LENGTH),
                sizes.ascii(AuditLog.TARGET_LENGTH),
                sizes.ascii(AuditLog.DETAIL_BYTES)));
      }
      assertThat(sizes.of(state.page(0L, AuditLog.PAGE, now.get())))
          .isLessThan(SerializedSizes.MESSAGE);
    }
  }

  private static AuditEvent.ChangeStarted started(long nr, long at) {
    return new AuditEvent.ChangeStarted(
        nr, at, "ops", "10.0.0.1", "POST /admin/users/{user_id}/ban", "u_1", "");
  }

  @Test
  void theStoredFormIsPinned() throws IOException {
    Map<String, Object> all = new LinkedHashMap<>();
    all.put("started", started(3, 1_000));
    all.put(
        "started-detail",
        new AuditEvent.ChangeStarted(
            5, 1_400, "ops", "10.0.0.1", "POST /admin/x", "u_1", "minutes=60 reason=spam"));
    all.put("finished", new AuditEvent.ChangeFinished(3, 1_250, 204));
    all.put(
        "snapshot-detail",
        new AuditState.Snapshot(
            6,
            List.of(
                new AuditRecord(
                    5, 1_400, "ops", "10.0.0.1", "POST /admin/x", "u_1", "minutes=60", 0, 0))));
    all.put(
        "snapshot",
        new AuditState.Snapshot(
            5,
            List.of(
                new AuditRecord(
                    3, 1_000, "ops", "10.0.0.1", "POST /admin/marks", "x", "", 204, 1_250),
                new AuditRecord(4, 1_300, "ops", "10.0.0.1", "POST /admin/marks", "", "", 0, 0))));
    ObjectMapper json = new ObjectMapper();
    for (Map.Entry<String, Object> one : all.entrySet()) {
      boolean event = one.getValue() instanceof AuditEvent;
      ObjectMapper cbor =
          JacksonObjectMapperProvider.get(kit.system())
              .getOrCreate(event ? "event" : "snap", Optional.empty());
      Path file = FILES.resolve(one.getKey() + ".json");
      String written =
          json.writerWithDefaultPrettyPrinter()
                  .writeValueAsString(cbor.readTree(cbor.writeValueAsBytes(one.getValue())))
              + "\n";
      if (Boolean.getBoolean("golden.write") && !Files.exists(file)) {
        Files.createDirectories(FILES);
        Files.writeString(file, written);
      }
      String golden = Files.readString(file);
      assertThat(written).isEqualTo(golden);
      Class<?> root = event ? AuditEvent.class : AuditState.Snapshot.class;
      assertThat((Object) cbor.readValue(cbor.writeValueAsBytes(json.readTree(golden)), root))
          .isEqualTo(one.getValue());
    }
  }
}
