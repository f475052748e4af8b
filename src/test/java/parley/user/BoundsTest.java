package parley.user;

import static org.assertj.core.api.Assertions.assertThat;
import static parley.user.Fixtures.CHAT;
import static parley.user.Fixtures.GROUP;

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
import parley.user.Fixtures.Mail;

/** Pages, and what happens where something is full. */
class BoundsTest {
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

  private static Held taken(@Nullable Held held, Mail mail) {
    return ((Intake.Taken) Intake.of(held, mail.deliver(), Set.of(1L), DeviceCursors.NONE, false))
        .held();
  }

  private static Row row(ConversationId id, long at) {
    return (Row) taken(null, Mail.of(id, 1, 1).textAt(at));
  }

  @Test
  void pagesFollowTheOrderAndStayGoodWhenRowsMove() {
    List<Row> rows = new ArrayList<>();
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
      // A row that was seen already goes to the top, another vanishes.
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
  void aCursorOfSomebodyElseIsRefused() {
    for (String cursor : List.of("", "!", "x", "eDp5", "MTox".repeat(99), "OTk5OTk6")) {
      assertThat(InboxPages.page(List.of(), 20, cursor)).as(cursor).isNull();
    }
  }

  @Test
  void theLastPageHasNoCursor() {
    List<Row> rows = List.of(row(id(1), 1), row(id(2), 2));
    assertThat(Objects.requireNonNull(InboxPages.page(rows, 2, null)).nextCursor()).isNull();
    assertThat(Objects.requireNonNull(InboxPages.page(rows, 1, null)).conversations())
        .extracting(InboxRow::conversationId)
        .containsExactly(id(1));
  }

  @Test
  void theOldestRowLeavesAFullInboxAndKeepsItsCursors() {
    Pending pending = new Pending(new Places());
    pending.put(row(CHAT, 500));
    for (long i = 0; i < Limits.INBOX_ROWS; i++) {
      pending.put(row(id(i), 10_000 + i));
    }
    assertThat(pending.rows()).hasSize(Limits.INBOX_ROWS);
    Held parked = Objects.requireNonNull(pending.get(CHAT));
    assertThat(parked).isInstanceOf(Parked.class);
    assertThat(parked.cursors().acked(1, 1)).isZero();
    // It comes back with the next entry, where it was: nothing is asked for again.
    Held back = taken(parked, Mail.of(CHAT, 2, 2).textAt(90_000));
    pending.put(back);
    assertThat(back.lastSeq()).isEqualTo(2);
    assertThat(pending.get(CHAT)).isInstanceOf(Row.class);
    assertThat(pending.get(id(0))).isInstanceOf(Parked.class);
  }

  @Test
  void theJournalAgreesAboutWhoLeft() {
    UserState state = new UserState(Fixtures.ALICE);
    Pending pending = new Pending(state.places());
    for (long i = 0; i < Limits.INBOX_ROWS + 300; i++) {
      pending.put(row(id(i), 10_000 + i));
    }
    while (!pending.isClean()) {
      UserEvent.Flushed event = pending.next();
      assertThat(event.rows().size() + event.parked().size()).isBetween(1, Pending.EVENT_ROWS);
      state.apply(event);
    }
    assertThat(state.places().rows().values()).containsExactlyInAnyOrderElementsOf(pending.rows());
    assertThat(state.places().parked().values())
        .containsExactlyInAnyOrderElementsOf(pending.parked())
        .hasSize(300);
    UserState again = UserState.of(Fixtures.ALICE, state.snapshot());
    assertThat(again.snapshot()).isEqualTo(state.snapshot());
  }

  @Test
  void thePlaceOutsideTheInboxIsBoundedAndWhatWasLeftGoesFirst() {
    UserState state = new UserState(Fixtures.ALICE);
    Pending pending = new Pending(state.places());
    pending.put(row(CHAT, 1).parked());
    Held left = taken(row(GROUP, 1), Mail.of(GROUP, 2, 2).version(9).left(2));
    pending.put(left.withCursors(DeviceCursors.NONE, 0));
    for (long i = 0; i < Places.PARKED - 1; i++) {
      pending.put(row(id(i), 1).parked());
    }
    assertThat(pending.parked()).hasSize(Places.PARKED);
    assertThat(pending.get(GROUP)).isNull();
    pending.put(row(id(99_999), 1).parked());
    assertThat(pending.get(CHAT)).isNull();
    while (!pending.isClean()) {
      state.apply(pending.next());
    }
    assertThat(state.forgotten()).isTrue();
    assertThat(state.places().parked()).hasSize(Places.PARKED);
  }

  @Test
  void whatADeviceStillLacksIsForgottenLast() {
    Pending pending = new Pending(new Places());
    Row lacking = row(CHAT, 1);
    pending.put(lacking.withCursors(DeviceCursors.of(new long[] {1, 0}), 0).parked());
    for (long i = 0; i < Places.PARKED + 1; i++) {
      pending.put(row(id(i), 1).withCursors(DeviceCursors.NONE, 0).parked());
    }
    assertThat(pending.get(CHAT)).isNotNull();
    assertThat(pending.get(id(0))).isNull();
    assertThat(pending.get(id(1))).isNull();
    assertThat(pending.forgets()).isTrue();
  }

  @Test
  void anEventStaysSmallWithTheLargestRows() {
    Pending pending = new Pending(new Places());
    for (long i = 0; i < 300; i++) {
      pending.put(taken(null, Mail.of(id(i), 1, 1).name("n".repeat(2_000))));
    }
    int events = 0;
    while (!pending.isClean()) {
      int bytes = pending.next().rows().stream().mapToInt(Row::weight).sum();
      assertThat(bytes).isLessThanOrEqualTo(Pending.EVENT_BYTES);
      events++;
    }
    assertThat(events).isGreaterThan(10);
  }

  @Test
  void aThousandWatchersAndOneMoreWhoIsToldOnce() {
    kit = ActorTestKit.create();
    Presences presences = new Presences(Fixtures.ALICE, 1_000);
    Presence offline = presences.current(false, 0, 0);
    for (int i = 0; i < Limits.WATCHERS; i++) {
      presences.watch(kit.<User.Delivery>createTestProbe().getRef(), offline, 0);
    }
    TestProbe<User.Delivery> late = kit.createTestProbe();
    presences.watch(late.getRef(), offline, 0);
    late.expectMessage(new User.PresenceSeen(offline));
    presences.changed(presences.current(true, 0, 1), 1);
    Marker.nothingMore(late);
    assertThat(presences.watchers()).isEqualTo(Limits.WATCHERS);
    // Leases end, and there is room again.
    presences.watch(late.getRef(), offline, 1_000);
    assertThat(presences.watchers()).isEqualTo(1);
  }

  @Test
  void whoHidesWasLastSeenWhenThatBegan() {
    Presences presences = new Presences(Fixtures.ALICE, 1_000);
    presences.want(Presence.Status.OFFLINE, 50);
    assertThat(presences.current(true, 10, 90))
        .isEqualTo(new Presence(Fixtures.ALICE, Presence.Status.OFFLINE, 50));
  }

  @Test
  void whatWaitsForAnAnswerDoesNotWakeTheUserMeanwhile() {
    Pending pending = new Pending(new Places());
    Row row = row(CHAT, 1);
    pending.put(row.withCursors(row.cursors(), 1));
    Telling telling = new Telling(Fixtures.ALICE, (to, message) -> {}, pending);
    UserState state = new UserState(Fixtures.ALICE);
    assertThat(telling.nextDue(state, 1_000)).isEqualTo(Long.MAX_VALUE);
    telling.delivered(CHAT, 1_000);
    assertThat(telling.nextDue(state, 1_000)).isEqualTo(1_050);
    telling.tell(state, 1_050);
    assertThat(telling.nextDue(state, 1_050)).isEqualTo(4_050);
  }

  @Test
  void tellingComesInBatchesAndEnds() {
    Repeats<Integer> repeats = new Repeats<>(1_000, 3);
    for (int i = 0; i < 7; i++) {
      repeats.offer(i, 0);
    }
    repeats.confirm(0);
    assertThat(repeats.due(0)).containsExactly(0, 1, 2);
    assertThat(repeats.due(0)).containsExactly(3, 4, 5);
    assertThat(repeats.due(0)).containsExactly(6);
    assertThat(repeats.due(999)).isEmpty();
    assertThat(repeats.nextDue()).isEqualTo(1_000);
    for (int i = 1; i < 7; i++) {
      repeats.confirm(i);
    }
    assertThat(repeats.complete()).isFalse();
    int told = 0;
    for (long now = 1_000; now < 200_000; now += 1_000) {
      told += repeats.due(now).size();
    }
    assertThat(told).isEqualTo(4);
    assertThat(repeats.isEmpty()).isTrue();
    assertThat(repeats.complete()).isFalse();
  }
}
