package parley.user;

import static org.assertj.core.api.Assertions.assertThat;
import static parley.user.UserTestData.CHAT;
import static parley.user.UserTestData.GROUP;

import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.stream.LongStream;
import org.apache.pekko.actor.testkit.typed.javadsl.ActorTestKit;
import org.apache.pekko.actor.testkit.typed.javadsl.TestProbe;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import parley.Marker;
import parley.model.ConversationId;
import parley.model.InboxPage;
import parley.model.InboxRow;
import parley.model.Limits;
import parley.model.Presence;
import parley.user.UserTestData.Mail;

/** Pages of the inbox, and the behaviour at each bound. */
class UserBoundsTest {
  private @Nullable ActorTestKit kit;

  @AfterEach
  void stop() {
    if (kit != null) {
      kit.shutdownTestKit();
    }
  }

  private static ConversationId id(long i) {
    return new ConversationId(String.format("g_%06d", i));
  }

  private static ConversationRow taken(@Nullable ConversationRow conversationRow, Mail mail) {
    return ((DeliveryResult.Applied)
            DeliveryResult.of(
                conversationRow, mail.deliver(), Set.of(1L), DeviceCursors.NONE, false))
        .row();
  }

  private static VisibleRow row(ConversationId id, long at) {
    return (VisibleRow) taken(null, Mail.of(id, 1, 1).textAt(at));
  }

  @Test
  void pagesFollowTheOrderWhileRowsMove() {
    List<VisibleRow> rows = new ArrayList<>();
    // Two rows of each time: ties by id.
    for (long i = 0; i < 50; i++) {
      rows.add(row(id(i), 10_000 + i / 2));
    }
    List<String> seen = new ArrayList<>();
    String cursor = null;
    int moved = 49;
    do {
      InboxPage page = Objects.requireNonNull(InboxPages.page(rows, 7, cursor));
      page.conversations().forEach(r -> seen.add(r.conversationId().value()));
      cursor = page.nextCursor();
      // A row of an earlier page moves to the top, and another one disappears.
      rows.set(moved, row(id(moved), 99_000));
      moved--;
    } while (cursor != null);
    List<String> expected =
        LongStream.range(0, 25)
            .map(i -> 24 - i)
            .boxed()
            .flatMap(i -> List.of(id(2 * i), id(2 * i + 1)).stream())
            .map(ConversationId::value)
            .toList();
    assertThat(seen).isEqualTo(expected);
  }

  @Test
  void foreignPageCursorIsRefused() {
    for (String cursor : List.of("", "!", "x", "eDp5", "MTox".repeat(99), "OTk5OTk6")) {
      assertThat(InboxPages.page(List.of(), 20, cursor)).as(cursor).isNull();
    }
  }

  @Test
  void lastPageHasNoCursor() {
    List<VisibleRow> rows = List.of(row(id(1), 1), row(id(2), 2));
    assertThat(Objects.requireNonNull(InboxPages.page(rows, 2, null)).nextCursor()).isNull();
    assertThat(Objects.requireNonNull(InboxPages.page(rows, 1, null)).conversations())
        .extracting(InboxRow::conversationId)
        .containsExactly(id(1));
  }

  @Test
  void oldestRowLeavesAFullInboxWithItsCursors() {
    UnsavedChanges unsavedChanges = new UnsavedChanges(new ConversationRows());
    unsavedChanges.put(row(CHAT, 500));
    for (long i = 0; i < Limits.INBOX_ROWS; i++) {
      unsavedChanges.put(row(id(i), 10_000 + i));
    }
    assertThat(unsavedChanges.rows()).hasSize(Limits.INBOX_ROWS);
    ConversationRow hidden = Objects.requireNonNull(unsavedChanges.get(CHAT));
    assertThat(hidden).isInstanceOf(HiddenRow.class);
    assertThat(hidden.cursors().acked(1, 1)).isZero();
    // It comes back with the next entry, and its devices keep their cursors: nothing is requested
    // again.
    ConversationRow back = taken(hidden, Mail.of(CHAT, 2, 2).textAt(90_000));
    unsavedChanges.put(back);
    assertThat(back.lastSeq()).isEqualTo(2);
    assertThat(unsavedChanges.get(CHAT)).isInstanceOf(VisibleRow.class);
    assertThat(unsavedChanges.get(id(0))).isInstanceOf(HiddenRow.class);
  }

  @Test
  void journalRecoversTheSameHiddenRows() {
    UserState state = new UserState(UserTestData.ALICE);
    UnsavedChanges unsavedChanges = new UnsavedChanges(state.rows());
    for (long i = 0; i < Limits.INBOX_ROWS + 300; i++) {
      unsavedChanges.put(row(id(i), 10_000 + i));
    }
    while (!unsavedChanges.isClean()) {
      UserEvent.Flushed event = unsavedChanges.nextEvent();
      assertThat(event.rows().size() + event.hidden().size())
          .isBetween(1, UnsavedChanges.EVENT_ROWS);
      state.apply(event);
    }
    assertThat(state.rows().rows().values())
        .containsExactlyInAnyOrderElementsOf(unsavedChanges.rows());
    assertThat(state.rows().hidden().values())
        .containsExactlyInAnyOrderElementsOf(unsavedChanges.hidden())
        .hasSize(300);
    UserState again = UserState.of(UserTestData.ALICE, state.toSnapshot());
    assertThat(again.toSnapshot()).isEqualTo(state.toSnapshot());
  }

  @Test
  void hiddenRowsAreBoundedAndLeftConversationsGoFirst() {
    UserState state = new UserState(UserTestData.ALICE);
    UnsavedChanges unsavedChanges = new UnsavedChanges(state.rows());
    unsavedChanges.put(row(CHAT, 1).asHidden());
    ConversationRow left = taken(row(GROUP, 1), Mail.of(GROUP, 2, 2).version(9).left(2));
    unsavedChanges.put(left.withCursors(DeviceCursors.NONE, 0));
    for (long i = 0; i < ConversationRows.MAX_HIDDEN - 1; i++) {
      unsavedChanges.put(row(id(i), 1).asHidden());
    }
    assertThat(unsavedChanges.hidden()).hasSize(ConversationRows.MAX_HIDDEN);
    assertThat(unsavedChanges.get(GROUP)).isNull();
    unsavedChanges.put(row(id(99_999), 1).asHidden());
    assertThat(unsavedChanges.get(CHAT)).isNull();
    while (!unsavedChanges.isClean()) {
      state.apply(unsavedChanges.nextEvent());
    }
    assertThat(state.forgotten()).isTrue();
    assertThat(state.rows().hidden()).hasSize(ConversationRows.MAX_HIDDEN);
  }

  @Test
  void rowsWithLaggingDevicesAreForgottenLast() {
    UnsavedChanges unsavedChanges = new UnsavedChanges(new ConversationRows());
    VisibleRow lacking = row(CHAT, 1);
    unsavedChanges.put(lacking.withCursors(DeviceCursors.of(new long[] {1, 0}), 0).asHidden());
    for (long i = 0; i < ConversationRows.MAX_HIDDEN + 1; i++) {
      unsavedChanges.put(row(id(i), 1).withCursors(DeviceCursors.NONE, 0).asHidden());
    }
    assertThat(unsavedChanges.get(CHAT)).isNotNull();
    assertThat(unsavedChanges.get(id(0))).isNull();
    assertThat(unsavedChanges.get(id(1))).isNull();
    assertThat(unsavedChanges.hasDropped()).isTrue();
  }

  @Test
  void eventOfTheLargestRowsIsBounded() {
    UnsavedChanges unsavedChanges = new UnsavedChanges(new ConversationRows());
    for (long i = 0; i < 300; i++) {
      unsavedChanges.put(taken(null, Mail.of(id(i), 1, 1).name("n".repeat(2_000))));
    }
    int events = 0;
    while (!unsavedChanges.isClean()) {
      int bytes =
          unsavedChanges.nextEvent().rows().stream().mapToInt(VisibleRow::estimatedBytes).sum();
      assertThat(bytes).isLessThanOrEqualTo(UnsavedChanges.EVENT_BYTES);
      events++;
    }
    assertThat(events).isGreaterThan(10);
  }

  @Test
  void thousandWatchersAreKeptAndOneMoreIsAnsweredOnce() {
    kit = ActorTestKit.create();
    PresenceTracker presenceTracker = new PresenceTracker(UserTestData.ALICE, 1_000);
    Presence offline = presenceTracker.current(false, 0, 0);
    for (int i = 0; i < Limits.WATCHERS; i++) {
      presenceTracker.watch(kit.<Delivery>createTestProbe().getRef(), offline, 0);
    }
    TestProbe<Delivery> late = kit.createTestProbe();
    presenceTracker.watch(late.getRef(), offline, 0);
    late.expectMessage(new Delivery.PresenceSeen(offline));
    presenceTracker.changed(presenceTracker.current(true, 0, 1), 1);
    Marker.nothingMore(late);
    assertThat(presenceTracker.watchers()).isEqualTo(Limits.WATCHERS);
    // Leases end, and there is room again.
    presenceTracker.watch(late.getRef(), offline, 1_000);
    assertThat(presenceTracker.watchers()).isEqualTo(1);
  }

  @Test
  void hiddenUserKeepsItsLastSeenTime() {
    PresenceTracker presenceTracker = new PresenceTracker(UserTestData.ALICE, 1_000);
    presenceTracker.setStatus(Presence.Status.OFFLINE, 50);
    assertThat(presenceTracker.current(true, 10, 90))
        .isEqualTo(new Presence(UserTestData.ALICE, Presence.Status.OFFLINE, 50));
  }

  @Test
  void noticesInFlightDoNotWakeTheUser() {
    UnsavedChanges unsavedChanges = new UnsavedChanges(new ConversationRows());
    VisibleRow visibleRow = row(CHAT, 1);
    unsavedChanges.put(visibleRow.withCursors(visibleRow.cursors(), 1));
    ConversationNotices conversationNotices =
        new ConversationNotices(UserTestData.ALICE, (to, message) -> {}, unsavedChanges);
    UserState state = new UserState(UserTestData.ALICE);
    assertThat(conversationNotices.nextDue(state, 1_000)).isEqualTo(Long.MAX_VALUE);
    conversationNotices.delivered(CHAT, 1_000);
    assertThat(conversationNotices.nextDue(state, 1_000)).isEqualTo(1_050);
    conversationNotices.sendDue(state, 1_050);
    assertThat(conversationNotices.nextDue(state, 1_050)).isEqualTo(4_050);
  }

  @Test
  void noticesAreSentInBatchesAndComplete() {
    RetryQueue<Integer> retryQueue = new RetryQueue<>(1_000, 3);
    for (int i = 0; i < 7; i++) {
      retryQueue.offer(i, 0);
    }
    retryQueue.confirm(0);
    assertThat(retryQueue.due(0)).containsExactly(0, 1, 2);
    assertThat(retryQueue.due(0)).containsExactly(3, 4, 5);
    assertThat(retryQueue.due(0)).containsExactly(6);
    assertThat(retryQueue.due(999)).isEmpty();
    assertThat(retryQueue.nextDue()).isEqualTo(1_000);
    for (int i = 1; i < 7; i++) {
      retryQueue.confirm(i);
    }
    assertThat(retryQueue.complete()).isFalse();
    int told = 0;
    for (long now = 1_000; now < 200_000; now += 1_000) {
      told += retryQueue.due(now).size();
    }
    assertThat(told).isEqualTo(4);
    assertThat(retryQueue.isEmpty()).isTrue();
    assertThat(retryQueue.complete()).isFalse();
  }
}
