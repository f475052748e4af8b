package parley.user;

import static org.assertj.core.api.Assertions.assertThat;
import static parley.user.UserTestData.ALICE;
import static parley.user.UserTestData.BOB;
import static parley.user.UserTestData.CHAT;
import static parley.user.UserTestData.GROUP;
import static parley.user.UserTestData.LAPTOP;
import static parley.user.UserTestData.PHONE;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.apache.pekko.actor.testkit.typed.javadsl.ActorTestKit;
import org.apache.pekko.serialization.jackson.JacksonObjectMapperProvider;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import parley.model.ConversationId;
import parley.model.ConversationType;
import parley.model.LastMessage;
import parley.model.Profile;

/**
 * Pins the stored form of events and snapshots: reading a file gives exactly the value, and writing
 * the value gives exactly the file. Files are added, never edited.
 */
class UserGoldenTest {
  private static final ActorTestKit KIT = ActorTestKit.create(UserTestData.serialization());
  private static final Path FILES = Path.of("src/test/resources/golden/user");

  @AfterAll
  static void stop() {
    KIT.shutdownTestKit();
  }

  private static final VisibleRow ROW =
      new VisibleRow(
          CHAT,
          12,
          ConversationType.DIRECT,
          "Bob",
          "https://example.org/b.png",
          1,
          7,
          new LastMessage(7, BOB, "text", "hello", 1_007),
          1_007,
          6,
          5,
          4,
          3,
          7,
          6,
          true,
          true,
          true,
          DeviceCursors.of(new long[] {1, 3, 2, 9}),
          null,
          0);

  /** Empty and zero fields are not written, and must not be read as null. */
  private static final VisibleRow NAMELESS =
      new VisibleRow(
          GROUP,
          1,
          ConversationType.GROUP,
          "",
          null,
          0,
          0,
          new LastMessage(0, BOB, "", "", 0),
          0,
          0,
          0,
          0,
          0,
          0,
          0,
          false,
          false,
          false,
          null,
          null,
          0);

  private static final HiddenRow HIDDEN =
      new HiddenRow(
          GROUP,
          20,
          ConversationType.GROUP,
          2,
          9,
          9,
          1_005,
          8,
          7,
          true,
          true,
          true,
          DeviceCursors.of(new long[] {2, 5}),
          null,
          0);

  /** A row that was dropped once; a device has not been told yet. */
  private static final VisibleRow BACK =
      new VisibleRow(
          CHAT,
          12,
          ConversationType.DIRECT,
          "Bob",
          null,
          1,
          7,
          null,
          1_007,
          6,
          5,
          4,
          3,
          7,
          6,
          false,
          false,
          false,
          DeviceCursors.of(new long[] {1, 0}),
          null,
          6);

  static List<Arguments> files() {
    Map<String, Object> all = new LinkedHashMap<>();
    all.put("created", new UserEvent.Created("alice", "Alice", 1_000));
    all.put(
        "profile_changed",
        new UserEvent.ProfileChanged("Alice B.", "https://example.org/a.png", 3));
    all.put("profile_changed_no_picture", new UserEvent.ProfileChanged("Alice B.", null, 4));
    all.put("profile_announced", new UserEvent.ProfileAnnounced(3));
    all.put("device_added", new UserEvent.DeviceAdded(PHONE, 2, "web/1", 1_000, null));
    all.put("device_added_evicting", new UserEvent.DeviceAdded(PHONE, 11, "web/1", 1_000, LAPTOP));
    all.put("created_no_name", new UserEvent.Created("", "", 1_000));
    all.put("profile_changed_no_name", new UserEvent.ProfileChanged("", null, 3));
    all.put("device_added_no_client", new UserEvent.DeviceAdded(PHONE, 2, "", 1_000, null));
    all.put(
        "flushed_no_names",
        new UserEvent.Flushed(
            List.of(NAMELESS),
            List.of(),
            List.of(),
            List.of(),
            List.of(new UserEvent.DeviceSeen(PHONE, "", 2_000)),
            List.of(),
            List.of()));
    all.put(
        "snapshot_no_names",
        UserTestData.snapshot(
            new Profile(ALICE, "", "", null),
            0,
            0,
            2,
            0,
            false,
            List.of(new Device(PHONE, 1, "", 0, null, null, 0)),
            List.of(NAMELESS),
            null,
            null));
    all.put("device_removed", new UserEvent.DeviceRemoved(PHONE));
    all.put(
        "device_removed_logins",
        new UserEvent.DeviceRemoved(PHONE, List.of(new EndedLogin("sid-1", 1_000, false))));
    all.put(
        "device_added_login", new UserEvent.DeviceAdded(PHONE, 2, "web/1", 1_000, null, "sid-1"));
    all.put(
        "flushed_logins",
        UserEvent.Flushed.logins(
            List.of(new EndedLogin("sid-1", 1_000, true), new EndedLogin("sid-2", 2_000, false)),
            List.of(new UserEvent.DeviceSeen(PHONE, "web/1", 900, "sid-1", false))));
    all.put(
        "flushed_connected",
        UserEvent.Flushed.logins(
            List.of(), List.of(new UserEvent.DeviceSeen(PHONE, "web/1", 900, "sid-1", true))));
    all.put("push_token_set", new UserEvent.PushTokenSet(PHONE, "apns", "token", 0));
    all.put("push_token_set_at", new UserEvent.PushTokenSet(PHONE, "apns", "token", 5_000));
    all.put("push_token_claimed", new UserEvent.PushTokenSet(PHONE, "apns", "token", 5_000, 3));
    all.put("push_token_removed", new UserEvent.PushTokenSet(PHONE, null, null, 0));
    all.put(
        "flushed",
        new UserEvent.Flushed(
            List.of(ROW),
            List.of(HIDDEN),
            List.of(
                new UserEvent.CursorsMoved(
                    new ConversationId("d_other"), 5, DeviceCursors.of(new long[] {1, 2}))),
            List.of(new ConversationId("g_gone")),
            List.of(new UserEvent.DeviceSeen(PHONE, "web/1", 2_000)),
            List.of(),
            List.of()));
    all.put(
        "flushed_cursors",
        new UserEvent.Flushed(
            List.of(),
            List.of(),
            List.of(new UserEvent.CursorsMoved(CHAT, 5, null)),
            List.of(),
            List.of(),
            List.of(),
            List.of()));
    all.put(
        "flushed_forgotten",
        new UserEvent.Flushed(
            List.of(BACK),
            List.of(BACK.asHidden()),
            List.of(),
            List.of(),
            List.of(),
            List.of(),
            List.of()));
    all.put(
        "flushed_pushes",
        new UserEvent.Flushed(
            List.of(ROW.withAges(BacklogAges.of(new long[] {1_000, 2, 864_001_000, 7}))),
            List.of(HIDDEN.withAges(BacklogAges.of(new long[] {1_000, 9}))),
            List.of(),
            List.of(),
            List.of(),
            List.of(
                new PendingPush(CHAT, 2, 7, 1_000, 0, 0, null),
                new PendingPush(GROUP, 2, 9, 2_000, 2, 31_000, "unavailable")),
            List.of(new PendingPush.Key(CHAT, 1))));
    all.put(
        "snapshot",
        UserTestData.snapshot(
            new Profile(ALICE, "alice", "Alice", null),
            3,
            2,
            4,
            2_000,
            true,
            List.of(new Device(PHONE, 3, "web/1", 2_000, "apns", "token", 0)),
            List.of(ROW),
            List.of(HIDDEN),
            null));
    all.put(
        "snapshot_pushes",
        UserTestData.snapshot(
            new Profile(ALICE, "alice", "Alice", null),
            3,
            2,
            4,
            2_000,
            true,
            List.of(new Device(PHONE, 3, "web/1", 2_000, "apns", "token", 5_000)),
            List.of(ROW.withAges(BacklogAges.of(new long[] {1_000, 2}))),
            List.of(HIDDEN.withAges(BacklogAges.of(new long[] {1_000, 9}))),
            List.of(new PendingPush(CHAT, 3, 7, 1_000, 1, 9_000, "timeout"))));
    all.put(
        "snapshot_logins",
        UserTestData.snapshot(
            new Profile(ALICE, "alice", "Alice", null),
            3,
            2,
            4,
            2_000,
            true,
            List.of(
                new Device(
                    PHONE,
                    3,
                    "web/1",
                    2_000,
                    "apns",
                    "token",
                    5_000,
                    List.of("sid-2"),
                    true,
                    0,
                    false)),
            null,
            null,
            null,
            List.of(new EndedLogin("sid-1", 1_000, true)),
            null));
    all.put(
        "snapshot_connected",
        UserTestData.snapshot(
            new Profile(ALICE, "alice", "Alice", null),
            3,
            2,
            4,
            2_000,
            true,
            List.of(
                new Device(
                    PHONE, 3, "web/1", 2_000, null, null, 0, List.of("sid-2"), false, 0, true)),
            null,
            null,
            null));
    all.put("push_token_lost", new UserEvent.PushTokenSet(PHONE, null, null, 0, 4));
    all.put(
        "flushed_releases",
        UserEvent.Flushed.releases(
            List.of(new TokenRelease("hash-1", 3, false), new TokenRelease("hash-2", 4, true))));
    all.put(
        "snapshot_releases",
        new UserSnapshot(
            new Profile(ALICE, "alice", "Alice", null),
            0,
            0,
            4,
            0,
            false,
            List.of(
                new Device(
                    PHONE,
                    3,
                    "web/1",
                    2_000,
                    "apns",
                    "token",
                    5_000,
                    List.of(),
                    true,
                    Device.RELEASED,
                    false)),
            null,
            null,
            null,
            null,
            null,
            List.of(new TokenRelease("hash-1", 3, false)),
            null,
            null));
    all.put("flushed_ban", UserEvent.Flushed.ban(new Ban(1_000, 61_000, "spam", false)));
    all.put("flushed_ban_without_end", UserEvent.Flushed.ban(new Ban(1_000, 0, "spam", false)));
    all.put("flushed_ban_lifted", UserEvent.Flushed.ban(Ban.liftedAt(2_000)));
    all.put(
        "snapshot_ban",
        new UserSnapshot(
            new Profile(ALICE, "alice", "Alice", null),
            0,
            0,
            1,
            0,
            false,
            null,
            null,
            null,
            null,
            null,
            null,
            null,
            new Ban(1_000, 61_000, "spam", false),
            null));
    all.put(
        "group_begun", new UserEvent.GroupBegun(new StartedGroups.Begun(GROUP, "ref-1", 1_000)));
    all.put(
        "group_begun_no_ref",
        new UserEvent.GroupBegun(new StartedGroups.Begun(GROUP, null, 1_000)));
    all.put(
        "snapshot_groups",
        UserTestData.snapshot(
            new Profile(ALICE, "alice", "Alice", null),
            0,
            0,
            1,
            0,
            false,
            List.of(new Device(PHONE, 3, "web/1", 2_000, null, null, 0)),
            List.of(ROW),
            null,
            null,
            null,
            List.of(
                new StartedGroups.Begun(GROUP, "ref-1", 1_000),
                new StartedGroups.Begun(CHAT, null, 2_000))));
    return all.entrySet().stream().map(e -> Arguments.of(e.getKey(), e.getValue())).toList();
  }

  static List<Arguments> owners() {
    return List.of(
        Arguments.of("token_owner", new PushTokenOwnership(BOB, 2, List.of(ALICE))),
        Arguments.of("token_owner_released", new PushTokenOwnership(null, 2, List.of())));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("owners")
  void pushTokenOwnershipKeepsItsStoredForm(String name, PushTokenOwnership value)
      throws IOException {
    ObjectMapper cbor =
        JacksonObjectMapperProvider.get(KIT.system())
            .getOrCreate("parley-token-owner", java.util.Optional.empty());
    Path file = FILES.resolve(name + ".json");
    String written =
        new ObjectMapper()
                .writerWithDefaultPrettyPrinter()
                .writeValueAsString(cbor.readTree(cbor.writeValueAsBytes(value)))
            + "\n";
    if (Boolean.getBoolean("golden.write") && !Files.exists(file)) {
      Files.writeString(file, written);
    }
    String golden = Files.readString(file, StandardCharsets.UTF_8);
    assertThat(written).isEqualTo(golden);
    byte[] bytes = cbor.writeValueAsBytes(new ObjectMapper().readTree(golden));
    assertThat(cbor.readValue(bytes, PushTokenOwnership.class)).isEqualTo(value);
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("files")
  void storedFormIsUnchanged(String name, Object value) throws IOException {
    boolean event = value instanceof UserEvent;
    Class<?> root = event ? UserEvent.class : UserSnapshot.class;
    ObjectMapper cbor =
        JacksonObjectMapperProvider.get(KIT.system())
            .getOrCreate(
                event ? "parley-user-event" : "parley-user-snapshot", java.util.Optional.empty());
    ObjectMapper json = new ObjectMapper();
    Path file = FILES.resolve(name + ".json");
    String written =
        json.writerWithDefaultPrettyPrinter()
                .writeValueAsString(cbor.readTree(cbor.writeValueAsBytes(value)))
            + "\n";
    if (Boolean.getBoolean("golden.write") && !Files.exists(file)) {
      Files.createDirectories(FILES);
      Files.writeString(file, written);
    }
    String golden = Files.readString(file, StandardCharsets.UTF_8);
    assertThat(written).isEqualTo(golden);
    assertThat((Object) cbor.readValue(cbor.writeValueAsBytes(json.readTree(golden)), root))
        .isEqualTo(value);
  }
}
