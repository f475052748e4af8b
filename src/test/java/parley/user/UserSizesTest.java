package parley.user;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import org.apache.pekko.persistence.SaveSnapshotSuccess;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import parley.model.ConversationId;
import parley.model.ConversationType;
import parley.model.DeviceId;
import parley.model.DeviceView;
import parley.model.Entry;
import parley.model.EntryBody;
import parley.model.InboxPage;
import parley.model.LastMessage;
import parley.model.Limits;
import parley.model.UserId;
import parley.push.DeadLetter;
import parley.serial.SerializedSizes;
import parley.snapshot.SnapshotHarness;

/** A user that has reached every bound still fits into messages, events and snapshots. */
class UserSizesTest {
  private static final SerializedSizes SIZES = new SerializedSizes();

  @AfterAll
  static void stop() {
    SIZES.close();
  }

  private static VisibleRow row() {
    return new VisibleRow(
        new ConversationId(SIZES.id()),
        SIZES.number(),
        ConversationType.GROUP,
        SIZES.wide(Limits.NAME_CHARS),
        SIZES.ascii(Limits.URL_CHARS),
        SIZES.number(),
        SIZES.number(),
        new LastMessage(
            SIZES.number(),
            new UserId(SIZES.id()),
            "text",
            SIZES.wide(Limits.PREVIEW_CHARS),
            SIZES.number()),
        SIZES.number(),
        SIZES.number(),
        SIZES.number(),
        SIZES.number(),
        SIZES.number(),
        SIZES.number(),
        SIZES.number(),
        true,
        true,
        true,
        lag(),
        ages(),
        SIZES.number());
  }

  private static DeviceCursors lag() {
    return DeviceCursors.of(
        LongStream.range(0, 2 * Limits.DEVICES).map(i -> SIZES.number()).toArray());
  }

  private static BacklogAges ages() {
    return BacklogAges.of(
        LongStream.range(0, 2 * BacklogAges.MARKS).map(i -> SIZES.number()).toArray());
  }

  private static PendingPush owed() {
    return new PendingPush(
        new ConversationId(SIZES.id()),
        SIZES.number(),
        SIZES.number(),
        SIZES.number(),
        PushSchedule.MAX_FAILURES,
        SIZES.number(),
        SIZES.ascii(DeadLetter.REASON_CHARS));
  }

  private static HiddenRow hidden() {
    return row().asHidden();
  }

  private static Device device() {
    return new Device(
        new DeviceId(SIZES.id()),
        SIZES.number(),
        SIZES.wide(64),
        SIZES.number(),
        "apns",
        SIZES.ascii(4_096),
        SIZES.number());
  }

  /** Ordinary rows are a tenth of the largest ones, so there can be as many as the bound allows. */
  private static UserState full(int rows, int hidden) {
    List<VisibleRow> all = new ArrayList<>();
    for (int i = 0; i < rows; i++) {
      all.add(row());
    }
    List<HiddenRow> left = new ArrayList<>();
    for (int i = 0; i < hidden; i++) {
      left.add(hidden());
    }
    List<Device> devices = new ArrayList<>();
    for (int i = 0; i < Limits.DEVICES; i++) {
      devices.add(device());
    }
    return UserState.of(
        UserTestData.ALICE,
        UserTestData.snapshot(
            new parley.model.Profile(
                UserTestData.ALICE,
                SIZES.ascii(32),
                SIZES.wide(Limits.NAME_CHARS),
                SIZES.ascii(Limits.URL_CHARS)),
            SIZES.number(),
            SIZES.number(),
            SIZES.number(),
            SIZES.number(),
            true,
            devices,
            all,
            left,
            Stream.generate(UserSizesTest::owed).limit(PushSchedule.MAX_PENDING).toList(),
            null,
            Stream.generate(
                    () ->
                        new StartedGroups.Begun(
                            new ConversationId(SIZES.ascii(64)), SIZES.ascii(64), SIZES.number()))
                .limit(User.GROUPS_KEPT)
                .toList()));
  }

  @Test
  void largestSnapshotIsStoredAndRecovered() {
    UserSnapshot snapshot = full(Limits.INBOX_ROWS, ConversationRows.MAX_HIDDEN).toSnapshot();
    try (SnapshotHarness harness = new SnapshotHarness("full-user")) {
      assertThat(harness.save("user|alice", 100, snapshot)).isInstanceOf(SaveSnapshotSuccess.class);
      assertThat(harness.largest()).isLessThan(SerializedSizes.EVENT);
      assertThat(harness.load("user|alice")).isEqualTo(snapshot);
    }
  }

  @Test
  void eventsFitAnItem() {
    UnsavedChanges unsavedChanges = new UnsavedChanges(new ConversationRows());
    for (int i = 0; i < 500; i++) {
      unsavedChanges.put(i % 3 == 0 ? hidden() : row());
    }
    for (int i = 0; i < Limits.DEVICES; i++) {
      unsavedChanges.seen(
          new UserEvent.DeviceSeen(new DeviceId(SIZES.id()), SIZES.wide(64), SIZES.number()));
    }
    int events = 0;
    while (!unsavedChanges.isClean()) {
      assertThat(SIZES.of(unsavedChanges.nextEvent())).isLessThan(SerializedSizes.EVENT);
      events++;
    }
    assertThat(events).isGreaterThan(5);
    for (int i = 0; i < 500; i++) {
      VisibleRow visibleRow = row();
      unsavedChanges.put(visibleRow);
      unsavedChanges.eventOf(visibleRow.id());
      unsavedChanges.putCursors(visibleRow.withCursors(lag(), SIZES.number()));
    }
    while (!unsavedChanges.isClean()) {
      assertThat(SIZES.of(unsavedChanges.nextEvent())).isLessThan(SerializedSizes.EVENT);
    }
  }

  @Test
  void largestEventWithAFullOutboxFitsAnItem() {
    UnsavedChanges unsavedChanges = new UnsavedChanges(new ConversationRows());
    for (int i = 0; i < 500; i++) {
      unsavedChanges.put(row());
    }
    List<PendingPush> owed =
        Stream.generate(UserSizesTest::owed).limit(PushSchedule.MAX_PENDING).toList();
    UserEvent.Flushed event = unsavedChanges.nextEvent().withPushes(owed, List.of());
    assertThat(SIZES.of(event)).isLessThan(SerializedSizes.EVENT);
  }

  @Test
  void pagesOfTheInboxFitAFrame() {
    List<VisibleRow> rows = new ArrayList<>();
    for (int i = 0; i < 300; i++) {
      rows.add(row());
    }
    int seen = 0;
    String cursor = null;
    do {
      InboxPage page = Objects.requireNonNull(InboxPages.page(rows, Limits.INBOX_PAGE, cursor));
      assertThat(SIZES.of(new User.Inbox(page))).isLessThan(SerializedSizes.MESSAGE);
      assertThat(page.conversations()).isNotEmpty();
      seen += page.conversations().size();
      cursor = page.nextCursor();
    } while (cursor != null);
    assertThat(seen).isEqualTo(300);
  }

  @Test
  void pageOfOrdinaryRowsIsNotCut() {
    List<VisibleRow> rows = new ArrayList<>();
    for (long i = 0; i < 300; i++) {
      rows.add(
          (VisibleRow)
              ((DeliveryResult.Applied)
                      DeliveryResult.of(
                          null,
                          UserTestData.Mail.of(new ConversationId("g_" + i), 1, 1).deliver(),
                          java.util.Set.of(1L),
                          DeviceCursors.NONE,
                          false))
                  .row());
    }
    assertThat(
            Objects.requireNonNull(InboxPages.page(rows, Limits.INBOX_PAGE, null)).conversations())
        .hasSize(Limits.INBOX_PAGE);
  }

  @Test
  void sessionMessagesFitAFrame() {
    List<Delivery.Lag> lags = new ArrayList<>();
    for (int i = 0; i < Delivery.LAGS; i++) {
      lags.add(new Delivery.Lag(new ConversationId(SIZES.id()), SIZES.number(), SIZES.number()));
    }
    assertThat(SIZES.of(new Delivery.Attached(SIZES.ref(), lags, 20)))
        .isLessThan(SerializedSizes.MESSAGE);
    assertThat(SIZES.of(new Delivery.MoreLagging(lags))).isLessThan(SerializedSizes.MESSAGE);
    assertThat(SIZES.of(new Delivery.Numbered(1, new Delivery.RowChanged(row().toInboxRow()))))
        .isLessThan(SerializedSizes.MESSAGE);
    List<User.Ack> acks = new ArrayList<>();
    for (int i = 0; i < 1_000; i++) {
      acks.add(new User.Ack(new ConversationId(SIZES.id()), SIZES.number(), SIZES.number()));
    }
    assertThat(SIZES.of(new User.Acked(new DeviceId(SIZES.id()), SIZES.id(), acks)))
        .isLessThan(SerializedSizes.MESSAGE);
    List<DeviceView> devices = new ArrayList<>();
    for (int i = 0; i < Limits.DEVICES; i++) {
      devices.add(new DeviceView(new DeviceId(SIZES.id()), SIZES.wide(64), true, SIZES.number()));
    }
    assertThat(SIZES.of(new User.Devices(devices))).isLessThan(SerializedSizes.MESSAGE);
  }

  @Test
  void largestEntryWithAllCursorsFitsAFrame() {
    List<UserId> mentions = new ArrayList<>();
    for (int i = 0; i < Limits.MENTIONS; i++) {
      mentions.add(new UserId(SIZES.id()));
    }
    Entry entry =
        new Entry(
            SIZES.number(),
            SIZES.id(),
            new UserId(SIZES.id()),
            SIZES.number(),
            SIZES.id(),
            new EntryBody.Text(SIZES.ascii(Limits.CONTENT_BYTES), 1L, mentions, true));
    assertThat(
            SIZES.of(
                new Delivery.Numbered(
                    1, new Delivery.Entries(new ConversationId(SIZES.id()), List.of(entry)))))
        .isLessThan(SerializedSizes.MESSAGE);
  }
}
