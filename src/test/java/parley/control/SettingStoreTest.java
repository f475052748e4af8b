package parley.control;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.typesafe.config.ConfigFactory;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.pekko.actor.testkit.typed.javadsl.ActorTestKit;
import org.apache.pekko.actor.testkit.typed.javadsl.TestProbe;
import org.apache.pekko.persistence.testkit.javadsl.EventSourcedBehaviorTestKit;
import org.apache.pekko.serialization.jackson.JacksonObjectMapperProvider;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import parley.serial.SerializedSizes;
import parley.snapshot.PiecedSnapshotStore;

/** What the store of settings keeps, how much, in which form, and whom it tells. */
class SettingStoreTest {
  private static final Path FILES = Path.of("src/test/resources/golden/settings");
  private static final String LIMIT = SettingCatalog.CONVERSATION_MESSAGES;

  private final ActorTestKit kit =
      ActorTestKit.create(
          ConfigFactory.parseString(
                  """
                  pekko.actor {
                    serializers.event =
                      "org.apache.pekko.serialization.jackson.JacksonCborSerializer"
                    serializers.snap =
                      "org.apache.pekko.serialization.jackson.JacksonCborSerializer"
                    serialization-identifiers { event = 7707, snap = 7708 }
                    serialization-bindings {
                      "parley.serial.Wire" = jackson-cbor
                      "parley.control.SettingEvent" = event
                      "parley.control.SettingStoreState$Snapshot" = snap
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
  private final EventSourcedBehaviorTestKit<SettingStore.Command, SettingEvent, SettingStoreState>
      store =
          EventSourcedBehaviorTestKit.create(
              kit.system(),
              SettingStoreEntity.create(() -> Instant.ofEpochMilli(now.get())),
              EventSourcedBehaviorTestKit.enabledSerializationSettings().withVerifyState(false));

  @AfterEach
  void stop() {
    kit.shutdownTestKit();
  }

  private SettingStore.Reply put(String name, String value, int minutes) {
    return store
        .<SettingStore.Reply>runCommand(to -> new SettingStore.Put(name, value, minutes, "ann", to))
        .reply();
  }

  private SettingStore.Page get(long known, @Nullable String after) {
    return (SettingStore.Page)
        store.<SettingStore.ToNode>runCommand(to -> new SettingStore.Get(known, after, to)).reply();
  }

  private static List<String> values(SettingStore.Page page) {
    return page.overrides().stream().map(one -> one.name() + "=" + one.value()).toList();
  }

  @Test
  void valuesOutliveARestart() {
    assertThat(put(LIMIT, "250", 0)).isEqualTo(new SettingStore.Changed(1));
    assertThat(put("log.parley", "DEBUG", 60)).isEqualTo(new SettingStore.Changed(2));
    assertThat(put(LIMIT, "300", 0)).isEqualTo(new SettingStore.Changed(3));
    store.restart();
    SettingStore.Page page = get(0, null);
    assertThat(values(page)).containsExactly(LIMIT + "=300", "log.parley=DEBUG");
    assertThat(page.version()).isEqualTo(3);
    assertThat(page.overrides().getFirst().who()).isEqualTo("ann");
    assertThat(page.overrides().getFirst().until()).isZero();
    assertThat(page.overrides().getLast().until() - page.overrides().getLast().since())
        .isEqualTo(Duration.ofMinutes(60).toMillis());
    assertThat(get(3, null).same()).isTrue();
    assertThat(get(3, null).overrides()).isEmpty();
  }

  @Test
  void whatIsRemovedOrOverIsGone() {
    put(LIMIT, "250", 0);
    put("flag.push", "off", 5);
    now.addAndGet(Duration.ofMinutes(5).toMillis());
    assertThat(values(get(0, null))).containsExactly(LIMIT + "=250");
    assertThat(
            store.<SettingStore.Reply>runCommand(to -> new SettingStore.Remove(LIMIT, to)).reply())
        .isEqualTo(new SettingStore.Changed(3));
    assertThat(values(get(0, null))).isEmpty();
    // What is not set is removed without an event.
    assertThat(
            store
                .<SettingStore.Reply>runCommand(to -> new SettingStore.Remove(LIMIT, to))
                .hasNoEvents())
        .isTrue();
  }

  @Test
  void nodesThatAskedAreTold() {
    TestProbe<SettingStore.ToNode> node = kit.createTestProbe();
    store.runCommand(new SettingStore.Get(RuntimeSettings.NONE, null, node.getRef()));
    assertThat(node.expectMessageClass(SettingStore.Page.class).same()).isFalse();
    put(LIMIT, "250", 0);
    assertThat(node.receiveMessage()).isEqualTo(new SettingStore.News(1));
  }

  /** Also a name that this version does not know: a newer node may run beside this one. */
  @Test
  void unknownNamesAreKept() {
    put("limit.of-a-newer-version", "blue", 0);
    store.restart();
    assertThat(values(get(0, null))).containsExactly("limit.of-a-newer-version=blue");
  }

  @Test
  void eachFamilyHasItsBound() {
    SettingStoreState state = new SettingStoreState();
    for (int i = 0; i < SettingCatalog.LEVELS; i++) {
      state.apply(changed("log.parley.l" + i, 0));
    }
    assertThat(state.hasRoom("log.parley.more", SettingCatalog.familyOf("log.parley.more"), 0))
        .isFalse();
    assertThat(state.hasRoom("log.parley.l7", SettingCatalog.familyOf("log.parley.l7"), 0))
        .isTrue();
    assertThat(state.hasRoom(LIMIT, SettingCatalog.familyOf(LIMIT), 0)).isTrue();
    for (int i = SettingCatalog.LEVELS; i < SettingStore.OVERRIDES; i++) {
      state.apply(changed("x." + i, 10));
    }
    assertThat(state.hasRoom(LIMIT, null, 9)).isFalse();
    // Those that have ended make room.
    assertThat(state.hasRoom(LIMIT, null, 10)).isTrue();
  }

  @Test
  void aFullStoreIsReadInPagesThatFitMessages() {
    try (SerializedSizes sizes = new SerializedSizes()) {
      SettingStoreState state = new SettingStoreState();
      for (int i = 0; i < SettingStore.OVERRIDES; i++) {
        String name = sizes.ascii(SettingStore.NAME_LENGTH - 4) + "%04d".formatted(i);
        state.apply(
            new SettingEvent.SettingChanged(
                sizes.number(),
                name,
                sizes.ascii(SettingStore.VALUE_LENGTH),
                sizes.ascii(SettingStore.WHO_LENGTH),
                0));
      }
      List<SettingOverride> all = new ArrayList<>();
      SettingStore.Page page = state.page(null, 0);
      while (true) {
        assertThat(sizes.of(page)).isLessThan(SerializedSizes.MESSAGE);
        all.addAll(page.overrides());
        if (!page.more()) {
          break;
        }
        page = state.page(page.overrides().getLast().name(), 0);
      }
      assertThat(all).isEqualTo(state.toSnapshot().overrides());
      assertThat(all).hasSize(SettingStore.OVERRIDES);
      SettingStoreState again = SettingStoreState.of(state.toSnapshot());
      assertThat(again.toSnapshot()).isEqualTo(state.toSnapshot());
    }
  }

  private static SettingEvent.SettingChanged changed(String name, long until) {
    return new SettingEvent.SettingChanged(1, name, "250", "ann", until);
  }

  @Test
  void theStoredFormIsPinned() throws IOException {
    Map<String, Object> all = new LinkedHashMap<>();
    all.put("changed", changed(LIMIT, 3_601_000));
    all.put("removed", new SettingEvent.SettingRemoved(2_000, LIMIT));
    all.put(
        "snapshot",
        new SettingStoreState.Snapshot(
            7,
            List.of(
                new SettingOverride(LIMIT, "250", "ann", 1_000, 3_601_000),
                new SettingOverride("flag.push", "off", "ann", 1_000, 0))));
    ObjectMapper json = new ObjectMapper();
    for (Map.Entry<String, Object> one : all.entrySet()) {
      boolean event = one.getValue() instanceof SettingEvent;
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
      Class<?> root = event ? SettingEvent.class : SettingStoreState.Snapshot.class;
      assertThat((Object) cbor.readValue(cbor.writeValueAsBytes(json.readTree(golden)), root))
          .isEqualTo(one.getValue());
    }
  }
}
