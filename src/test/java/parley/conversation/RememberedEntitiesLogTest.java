package parley.conversation;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.InputStream;
import java.time.Duration;
import java.util.HexFormat;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.stream.Stream;
import org.apache.pekko.actor.testkit.typed.javadsl.ActorTestKit;
import org.apache.pekko.actor.testkit.typed.javadsl.TestProbe;
import org.apache.pekko.actor.typed.javadsl.Behaviors;
import org.apache.pekko.japi.Pair;
import org.apache.pekko.persistence.testkit.SnapshotMeta;
import org.apache.pekko.persistence.testkit.javadsl.PersistenceTestKit;
import org.apache.pekko.persistence.testkit.javadsl.SnapshotTestKit;
import org.apache.pekko.serialization.Serialization;
import org.apache.pekko.serialization.SerializationExtension;
import org.apache.pekko.serialization.SerializerWithStringManifest;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/** Reads sharding's lists of remembered entities, as the version before reminders left them. */
class RememberedEntitiesLogTest {
  private static final String SHARDS = RememberedEntitiesLog.shardListId("conversation");
  private static final String ENTITIES = RememberedEntitiesLog.entityListId("conversation", "17");

  private final ActorTestKit kit = ActorTestKit.create("Remembered", ConversationHarness.IN_MEMORY);
  private final PersistenceTestKit journal = PersistenceTestKit.create(kit.system());
  private final SnapshotTestKit snapshots = SnapshotTestKit.create(kit.system());
  private final Serialization serialization = SerializationExtension.get(kit.system());

  @AfterEach
  void stop() {
    kit.shutdownTestKit();
  }

  private static JsonNode goldens() throws IOException {
    try (InputStream in =
        RememberedEntitiesLogTest.class.getResourceAsStream("/golden/sharding/remembered.json")) {
      return new ObjectMapper().readTree(Objects.requireNonNull(in));
    }
  }

  /** An event as the old version stored it. */
  private Object golden(String name) {
    try {
      JsonNode golden = goldens().path(name);
      byte[] bytes = HexFormat.of().parseHex(golden.path("hex").asText());
      return serialization.deserialize(bytes, 13, golden.path("manifest").asText()).get();
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  private void written(String id, Object... events) {
    journal.persistForRecovery(id, List.of(events));
  }

  private RememberedEntitiesLog.Found read(String id) {
    TestProbe<RememberedEntitiesLog.Found> found = kit.createTestProbe();
    kit.spawn(
        Behaviors.setup(
            context -> {
              RememberedEntitiesLog.read(context, id, found.getRef());
              return Behaviors.empty();
            }));
    RememberedEntitiesLog.Found answer = found.receiveMessage(Duration.ofSeconds(20));
    assertThat(answer.id()).isEqualTo(id);
    return answer;
  }

  @TestFactory
  Stream<DynamicTest> theBytesAreThoseThatShardingWrites() throws Exception {
    return goldens().properties().stream()
        .map(
            one ->
                DynamicTest.dynamicTest(
                    one.getKey(),
                    () -> {
                      Object event = golden(one.getKey());
                      var serializer =
                          (SerializerWithStringManifest) serialization.findSerializerFor(event);
                      assertThat(serializer.identifier()).isEqualTo(13);
                      assertThat(serializer.manifest(event))
                          .isEqualTo(one.getValue().path("manifest").asText());
                      assertThat(HexFormat.of().formatHex(serializer.toBinary(event)))
                          .isEqualTo(one.getValue().path("hex").asText());
                    }));
  }

  @Test
  void missingListIsEmpty() {
    assertThat(read(SHARDS).names()).isEmpty();
    assertThat(journal.persistedInStorage(SHARDS)).isEmpty();
  }

  @Test
  void startedAndNotStoppedEntityIsListed() {
    written(ENTITIES, golden("entities_started"), golden("entities_stopped"));
    assertThat(read(ENTITIES).names()).containsExactly("g_2");
  }

  @Test
  void listContinuesAfterItsSnapshot() {
    written(ENTITIES, "left out of the snapshot", golden("entities_stopped"));
    snapshots.persistForRecovery(
        ENTITIES, List.of(Pair.create(SnapshotMeta.create(1), golden("entities"))));
    assertThat(read(ENTITIES).names()).containsExactly("g_2");
  }

  @Test
  void shardsAreEventsOrASnapshot() {
    written(SHARDS, "3", golden("migration_marker"), "5", "99");
    assertThat(read(SHARDS).names()).isEqualTo(Set.of("3", "5", "99"));
    snapshots.persistForRecovery(
        SHARDS, List.of(Pair.create(SnapshotMeta.create(3), golden("shards"))));
    assertThat(read(SHARDS).names()).isEqualTo(Set.of("5", "17", "99"));
  }

  @Test
  void unreadableListIsAnErrorAndNotAnEmptyList() {
    written(ENTITIES, golden("entities_started"));
    journal.failNextRead(ENTITIES);
    assertThat(read(ENTITIES).names()).isNull();
  }
}
