package parley.push;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.typesafe.config.ConfigFactory;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.pekko.actor.testkit.typed.javadsl.ActorTestKit;
import org.apache.pekko.persistence.testkit.javadsl.EventSourcedBehaviorTestKit;
import org.apache.pekko.serialization.jackson.JacksonObjectMapperProvider;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import parley.model.ConversationId;
import parley.model.DeviceId;
import parley.model.UserId;
import parley.serial.SerializedSizes;
import parley.telemetry.Telemetry;

/** One slot of dead letters: what it keeps, in which order, how many, and in which form. */
class DeadLetterSlotTest {
  private static final Path FILES = Path.of("src/test/resources/golden/push");
  private static final UserId ANN = new UserId("u_ann");
  private static final UserId BEN = new UserId("u_ben");

  private final ActorTestKit kit =
      ActorTestKit.create(
          EventSourcedBehaviorTestKit.config()
              .withFallback(
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
                          "parley.push.DeadLetterEvent" = event
                          "parley.push.DeadLetterState$Snapshot" = snap
                        }
                      }
                      pekko.serialization.jackson.event.type-in-manifest = off
                      pekko.serialization.jackson.snap.type-in-manifest = off
                      """)));
  private final AtomicInteger dropped = new AtomicInteger();
  private final Telemetry telemetry = new Telemetry();
  private final EventSourcedBehaviorTestKit<DeadLetters.Command, DeadLetterEvent, DeadLetterState>
      slot =
          EventSourcedBehaviorTestKit.create(
              kit.system(),
              DeadLetterSlot.create(
                  "7",
                  kit.<org.apache.pekko.cluster.sharding.typed.javadsl.ClusterSharding.ShardCommand>
                          createTestProbe()
                      .getRef(),
                  dropped::incrementAndGet,
                  telemetry.entities().deadLetters()),
              EventSourcedBehaviorTestKit.enabledSerializationSettings()
                  .withVerifyState(false)
                  .withVerifyEquality(true));

  @AfterEach
  void stop() {
    kit.shutdownTestKit();
  }

  private static DeadLetter letter(UserId user, String conversation, long seq) {
    return new DeadLetter(
        user,
        new DeviceId("phone"),
        "apns",
        new ConversationId(conversation),
        seq,
        "unavailable",
        3,
        1_000 + seq);
  }

  private void keep(DeadLetter letter) {
    DeadLetters.Kept kept =
        slot.<DeadLetters.Kept>runCommand(to -> new DeadLetters.Keep(letter, 5, to)).reply();
    assertThat(kept.reference()).isEqualTo(5);
  }

  private DeadLetters.Page page(@Nullable UserId user, long after, int limit) {
    return slot.<DeadLetters.Page>runCommand(to -> new DeadLetters.GetPage(user, after, limit, to))
        .reply();
  }

  private static List<Long> seqs(DeadLetters.Page page) {
    return page.letters().stream().map(l -> l.letter().seq()).toList();
  }

  @Test
  void deadLettersSurviveARestartAndArePaged() {
    for (int i = 1; i <= 5; i++) {
      keep(letter(i % 2 == 0 ? ANN : BEN, "d_" + i, i));
    }
    slot.restart();
    DeadLetters.Page first = page(null, 0, 3);
    assertThat(seqs(first)).containsExactly(1L, 2L, 3L);
    assertThat(first.more()).isTrue();
    assertThat(first.letters().getFirst().id()).isEqualTo("7-1");
    DeadLetters.Page second = page(null, first.letters().getLast().nr(), 3);
    assertThat(seqs(second)).containsExactly(4L, 5L);
    assertThat(second.more()).isFalse();
    assertThat(seqs(page(ANN, 0, 10))).containsExactly(2L, 4L);
  }

  @Test
  void thereIsOneForEachDeviceAndConversation() {
    keep(letter(ANN, "d_1", 4));
    keep(letter(ANN, "d_1", 4));
    keep(letter(ANN, "d_1", 3));
    keep(letter(ANN, "d_1", 9));
    assertThat(seqs(page(null, 0, 10))).containsExactly(9L);
    assertThat(page(null, 0, 10).letters().getFirst().nr()).isEqualTo(3);
  }

  /** A replay removes a letter by its number, after the push it made has failed anew. */
  @Test
  void aReplayThatFailsLeavesANewDeadLetter() {
    keep(letter(ANN, "d_1", 4));
    keep(letter(ANN, "d_1", 4));
    slot.<DeadLetters.Removed>runCommand(to -> new DeadLetters.Remove(List.of(1L), to));
    assertThat(seqs(page(null, 0, 10))).containsExactly(4L);
    slot.restart();
    assertThat(page(null, 0, 10).letters().getFirst().id()).isEqualTo("7-2");
  }

  @Test
  void removedOnesAreGoneForEver() {
    keep(letter(ANN, "d_1", 1));
    keep(letter(ANN, "d_2", 2));
    DeadLetters.Removed removed =
        slot.<DeadLetters.Removed>runCommand(to -> new DeadLetters.Remove(List.of(1L, 1L, 77L), to))
            .reply();
    assertThat(removed.count()).isEqualTo(1);
    slot.restart();
    assertThat(seqs(page(null, 0, 10))).containsExactly(2L);
    keep(letter(ANN, "d_1", 1));
    assertThat(page(null, 0, 10).letters().getLast().nr()).isEqualTo(3);
  }

  @Test
  void theOldestGoWhereThereIsNoRoom() {
    for (int i = 1; i <= DeadLetterState.LETTERS + 2; i++) {
      keep(letter(ANN, "g_" + i, i));
    }
    slot.restart();
    DeadLetters.Page page = page(null, 0, 1);
    assertThat(seqs(page)).containsExactly(3L);
    assertThat(page.dropped()).isEqualTo(2);
    assertThat(dropped.get()).isEqualTo(2);
    assertThat(slot.getState().letters()).hasSize(DeadLetterState.LETTERS);
  }

  @Test
  void aFullSlotFitsAnItem() {
    try (SerializedSizes serializedSizes = new SerializedSizes()) {
      DeadLetterState state = new DeadLetterState();
      for (int i = 0; i < DeadLetterState.LETTERS; i++) {
        state.apply(
            new DeadLetterEvent.Kept(
                serializedSizes.number() + i,
                new DeadLetter(
                    new UserId(serializedSizes.id()),
                    new DeviceId(serializedSizes.id()),
                    "apns",
                    new ConversationId(serializedSizes.id()),
                    serializedSizes.number(),
                    serializedSizes.ascii(DeadLetter.REASON_CHARS),
                    3,
                    serializedSizes.number())));
      }
      assertThat(serializedSizes.of(state.snapshot())).isLessThan(SerializedSizes.EVENT);
      List<DeadLetters.Letter> letters =
          state.letters().entrySet().stream()
              .limit(DeadLetters.PAGE)
              .map(e -> new DeadLetters.Letter(31, e.getKey(), e.getValue()))
              .toList();
      assertThat(serializedSizes.of(new DeadLetters.Page(letters, true, 1, 1)))
          .isLessThan(SerializedSizes.MESSAGE);
    }
  }

  @Test
  void theStoredFormIsPinned() throws IOException {
    Map<String, Object> all = new LinkedHashMap<>();
    all.put("kept", new DeadLetterEvent.Kept(3, letter(ANN, "d_1", 7)));
    all.put("removed", new DeadLetterEvent.Removed(List.of(1L, 3L)));
    all.put(
        "snapshot",
        new DeadLetterState.Snapshot(
            9, 2, List.of(new DeadLetterState.Numbered(8, letter(BEN, "g_2", 5)))));
    ObjectMapper json = new ObjectMapper();
    for (Map.Entry<String, Object> one : all.entrySet()) {
      boolean event = one.getValue() instanceof DeadLetterEvent;
      ObjectMapper cbor =
          JacksonObjectMapperProvider.get(kit.system())
              .getOrCreate(event ? "event" : "snap", java.util.Optional.empty());
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
      Class<?> root = event ? DeadLetterEvent.class : DeadLetterState.Snapshot.class;
      assertThat((Object) cbor.readValue(cbor.writeValueAsBytes(json.readTree(golden)), root))
          .isEqualTo(one.getValue());
    }
  }
}
