package parley.conversation;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.apache.pekko.persistence.SaveSnapshotSuccess;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import parley.conversation.ConversationEvent.CursorMove;
import parley.conversation.ConversationEvent.EntriesAppended;
import parley.model.ConversationId;
import parley.model.ConversationType;
import parley.model.Entry;
import parley.model.EntryBody;
import parley.model.LastMessage;
import parley.model.Limits;
import parley.model.Role;
import parley.model.UserId;
import parley.serial.SerializedSizes;
import parley.snapshot.SnapshotHarness;
import parley.user.Delivery;
import parley.user.RowMember;
import parley.user.User;

/** A conversation that has reached every bound still fits into messages, events and snapshots. */
class ConversationSizesTest {
  private static final SerializedSizes SIZES = new SerializedSizes();
  private static final ConversationId ID = new ConversationId(SIZES.id());

  @AfterAll
  static void stop() {
    SIZES.close();
  }

  private static UserId user() {
    return new UserId(SIZES.id());
  }

  private static List<UserId> users(int count) {
    List<UserId> users = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      users.add(user());
    }
    return users;
  }

  private static Entry entry(long seq, UserId sender, EntryBody entryBody) {
    return new Entry(seq, SIZES.id(), sender, SIZES.number(), SIZES.id(), entryBody);
  }

  private static EntryBody.Text text(int bytes, int mentions) {
    return new EntryBody.Text(SIZES.ascii(bytes), 1L, users(mentions), true);
  }

  private static final UserId ADMIN = user();

  /** 1,024 members and as many former ones, all windows and indexes full. */
  private static ConversationState full() {
    ConversationState state = new ConversationState(ID);
    List<UserId> members = users(Limits.GROUP_MEMBERS - 1);
    members.add(ADMIN);
    long seq = 1;
    state.apply(
        events(
            entry(
                seq,
                ADMIN,
                new EntryBody.GroupCreated(
                    SIZES.wide(Limits.NAME_CHARS), SIZES.ascii(Limits.URL_CHARS), members))));
    for (UserId member : members.subList(0, Limits.GROUP_MEMBERS - 1)) {
      state.apply(events(entry(++seq, ADMIN, new EntryBody.MemberRemoved(member))));
    }
    state.apply(
        events(entry(++seq, ADMIN, new EntryBody.MembersAdded(users(Limits.GROUP_MEMBERS - 1)))));
    // Amendments of entries that are far apart, each by an edit far behind its target.
    while (state.hasRoomToAmend(seq + 1)) {
      state.apply(events(entry(++seq, ADMIN, new EntryBody.Text("x", null, null, false))));
      state.apply(events(entry(seq + 1, ADMIN, new EntryBody.Edit(seq, "y"))));
      seq++;
    }
    for (int i = 0; i < 300; i++) {
      state.apply(events(entry(++seq, ADMIN, text(1_000, 0))));
    }
    String widest = SIZES.wide(Limits.PREVIEW_CHARS);
    state.apply(events(entry(++seq, ADMIN, new EntryBody.Text(widest, null, null, false))));
    List<CursorMove> cursors = new ArrayList<>();
    for (Member member : state.members()) {
      member.sentAhead(SIZES.number(), SIZES.number());
      cursors.add(new CursorMove(member.userId(), seq, seq - 1, SIZES.number()));
    }
    state.apply(new ConversationEvent.CursorsMoved(cursors));
    return state;
  }

  private static EntriesAppended events(Entry... entries) {
    return new EntriesAppended(List.of(entries), null, 0);
  }

  @Test
  void largestSnapshotIsStoredAndRecovered() {
    ConversationState full = full();
    ConversationSnapshot snapshot = full.toSnapshot();
    assertThat(snapshot.members()).hasSize(Limits.GROUP_MEMBERS);
    assertThat(snapshot.former()).hasSize(Limits.GROUP_MEMBERS - 1);
    assertThat(snapshot.amended()).hasSize(AmendedEntries.CAPACITY);
    assertThat(snapshot.hashes()).hasSize(8 * DedupeWindow.CAPACITY);
    try (SnapshotHarness harness = new SnapshotHarness("full-conversation")) {
      assertThat(harness.save("conversation|a", 100, snapshot))
          .isInstanceOf(SaveSnapshotSuccess.class);
      assertThat(harness.largest()).isLessThan(SerializedSizes.EVENT);
      var back = (ConversationSnapshot) Objects.requireNonNull(harness.load("conversation|a"));
      assertThat(ConversationState.of(ID, back).toSnapshot())
          .usingRecursiveComparison()
          .isEqualTo(snapshot);
    }
  }

  @Test
  void largestBatchWithAllCursorsFitsAnItem() {
    List<CursorMove> cursors = new ArrayList<>();
    for (int i = 0; i < Limits.GROUP_MEMBERS; i++) {
      cursors.add(new CursorMove(user(), SIZES.number(), SIZES.number(), SIZES.number()));
    }
    for (EntryBody last :
        List.of(
            text(Limits.CONTENT_BYTES, Limits.MENTIONS),
            new EntryBody.MembersAdded(users(Limits.GROUP_MEMBERS)))) {
      for (int size : List.of(1, 500, 900, Limits.CONTENT_BYTES)) {
        EntryBatch entryBatch = new EntryBatch();
        List<Entry> entries = new ArrayList<>();
        while (true) {
          Entry next = entry(entries.size() + 1L, user(), text(size, size == 1 ? 0 : 1));
          EntryBatch probe = new EntryBatch();
          entries.forEach(one -> probe.add(one, false));
          probe.add(next, false);
          if (probe.full()) {
            break;
          }
          entries.add(next);
          entryBatch.add(next, false);
        }
        entries.add(entry(entries.size() + 1L, user(), last));
        assertThat(SIZES.of(new EntriesAppended(entries, cursors, SIZES.number())))
            .as("%d entries of %d bytes and %s", entries.size(), size, last.type())
            .isLessThan(SerializedSizes.EVENT);
      }
    }
  }

  @Test
  void largestDeliveriesFitAFrame() {
    List<Delivery.Receipt> receipts = new ArrayList<>();
    for (int i = 0; i < Limits.RECEIPT_MEMBERS; i++) {
      receipts.add(new Delivery.Receipt(user(), SIZES.number(), SIZES.number()));
    }
    for (int size : List.of(1, 300, 2_000, Limits.CONTENT_BYTES)) {
      List<Entry> entries = new ArrayList<>();
      for (int i = 0; i < 1_000; i++) {
        entries.add(entry(i + 1, user(), text(size, size == 1 ? 0 : 20)));
      }
      List<Entry> fitting = EntrySize.fitIntoMessage(entries);
      assertThat(fitting).isNotEmpty();
      assertThat(SIZES.of(deliver(fitting, receipts))).isLessThan(SerializedSizes.MESSAGE);
    }
    Entry largest = entry(1, user(), new EntryBody.MembersAdded(users(Limits.GROUP_MEMBERS)));
    assertThat(EntrySize.fitIntoMessage(List.of(largest, largest))).hasSize(1);
    assertThat(SIZES.of(deliver(List.of(largest), receipts))).isLessThan(SerializedSizes.MESSAGE);
  }

  private static User.Deliver deliver(List<Entry> entries, List<Delivery.Receipt> receipts) {
    return new User.Deliver(
        ID,
        SIZES.number(),
        new User.RowHeader(
            ConversationType.GROUP,
            SIZES.number(),
            new LastMessage(
                SIZES.number(), user(), "text", SIZES.wide(Limits.PREVIEW_CHARS), SIZES.number()),
            SIZES.number()),
        new RowMember(
            SIZES.wide(Limits.NAME_CHARS),
            SIZES.ascii(Limits.URL_CHARS),
            SIZES.number(),
            SIZES.number(),
            SIZES.number(),
            SIZES.number(),
            SIZES.number(),
            SIZES.number(),
            SIZES.number(),
            SIZES.number(),
            false),
        entries,
        receipts);
  }

  @Test
  void largestPagesFitAFrame() {
    ConversationState state = full();
    for (boolean forward : List.of(true, false)) {
      for (int size : List.of(1, 2_000, Limits.CONTENT_BYTES)) {
        List<Entry> entries = new ArrayList<>();
        for (int i = 0; i < Limits.PAGE; i++) {
          entries.add(entry(i + 1, ADMIN, text(size, size == 1 ? 0 : 20)));
        }
        var get =
            new Conversation.GetPage(
                ADMIN, null, forward ? 0L : null, Limits.PAGE, false, SIZES.ref());
        var page =
            ConversationViews.page(
                state,
                get,
                new ConversationViews.Range(1, Limits.PAGE, 0, false),
                entries,
                EntrySource.MEMORY);
        assertThat(SIZES.of(new Conversation.Page(page))).isLessThan(SerializedSizes.MESSAGE);
        assertThat(page.hasMore()).isEqualTo(page.entries().size() < entries.size());
      }
    }
  }

  @Test
  void largestGroupFitsAFrame() {
    ConversationState state = full();
    assertThat(SIZES.of(new Conversation.Viewed(ConversationViews.of(state, ADMIN))))
        .isLessThan(SerializedSizes.MESSAGE);
    assertThat(
            SIZES.of(
                new Conversation.CreateGroup(
                    ADMIN,
                    SIZES.wide(Limits.NAME_CHARS),
                    SIZES.ascii(Limits.URL_CHARS),
                    users(Limits.GROUP_MEMBERS),
                    SIZES.ref())))
        .isLessThan(SerializedSizes.MESSAGE);
    assertThat(
            SIZES.of(
                new Conversation.Post(
                    ADMIN,
                    SIZES.id(),
                    new parley.model.EntryIntent.Text(
                        SIZES.ascii(Limits.CONTENT_BYTES), 1L, users(Limits.MENTIONS)),
                    user(),
                    SIZES.ref())))
        .isLessThan(SerializedSizes.MESSAGE);
    assertThat(state.member(ADMIN)).isNotNull().extracting(m -> m.role()).isEqualTo(Role.ADMIN);
  }
}
