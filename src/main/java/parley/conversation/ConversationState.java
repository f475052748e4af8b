package parley.conversation;

import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import org.jspecify.annotations.Nullable;
import parley.conversation.ConversationEvent.CursorMove;
import parley.conversation.ConversationEvent.Person;
import parley.model.ConversationId;
import parley.model.ConversationType;
import parley.model.Entry;
import parley.model.EntryBody;
import parley.model.LastMessage;
import parley.model.Limits;
import parley.model.Role;
import parley.model.UserId;

/**
 * The state of a conversation: the result of its events. Only {@link #apply} changes it, and it
 * depends on nothing but the events. So a recovered conversation has the same state as before the
 * crash.
 *
 * <p>Bounds: {@link Limits#GROUP_MEMBERS} members and as many former ones, {@link
 * DedupeWindow#CAPACITY} hashes, {@link LogIndex#CAPACITY} checkpoints, {@link Amendments#CAPACITY}
 * amendments, {@link RecentEntries#ENTRIES} entries.
 */
final class ConversationState {
  final ConversationId id;

  /**
   * How many events were applied. This is the sequence number of the last event, and the version of
   * the inbox rows that are sent to users.
   */
  long eventNr;

  @Nullable ConversationType type;
  long createdAt;
  @Nullable String name;
  @Nullable String avatarUrl;
  long lastSeq;
  long lastAt;
  long lastTextAt;
  @Nullable LastMessage lastMessage;

  /**
   * The last message was deleted, and the text before it is not in memory. {@link PreviewSearch}
   * looks it up.
   */
  boolean previewLost;

  long dispatchedTo;
  boolean settled = true;
  @Nullable UserId opener;

  final LinkedHashMap<UserId, Member> members = new LinkedHashMap<>();
  final LinkedHashMap<UserId, Former> former = new LinkedHashMap<>();
  final LinkedHashMap<UserId, Person> people = new LinkedHashMap<>();

  /**
   * The largest {@link Member#clockLead} among former members that were dropped from {@link
   * #former}.
   */
  long formerClockLead;

  /** Entries up to this seq are in the cold tier and are read from there. */
  long archivedTo;

  /** The sequence number of the event that ends with the entry {@link #archivedTo}. */
  long archivedEvent;

  /** Events up to this number are removed from the journal; at most {@link #archivedEvent}. */
  long removedTo;

  /** The segment that is being archived, or null. */
  ConversationEvent.@Nullable SegmentPlanned planned;

  /**
   * When the oldest entry that is not archived was accepted, epoch milliseconds; 0 if all are
   * archived.
   */
  long hotSince;

  /** The day for which the calendar remembers this conversation, in days since 1970; 0 is none. */
  long due;

  DedupeWindow dedupe = new DedupeWindow();
  LogIndex index = new LogIndex();
  Amendments amendments = new Amendments();
  RecentEntries recentEntries = new RecentEntries();

  /**
   * A former member.
   *
   * @param read its read cursor when it left, for its last inbox row
   */
  record Former(
      UserId userId, long joinedSeq, long joinedAt, long leftSeq, long read, long clockLead) {}

  ConversationState(ConversationId id) {
    this.id = id;
  }

  boolean exists() {
    return type != null;
  }

  boolean group() {
    return type == ConversationType.GROUP;
  }

  @Nullable Member member(UserId user) {
    return members.get(user);
  }

  /** The name in a member's inbox row. */
  String nameFor(UserId viewer) {
    if (group()) {
      return name == null ? "" : name;
    }
    Person other = otherPerson(viewer);
    return other == null ? "" : other.displayName();
  }

  /** The picture in a member's inbox row. */
  @Nullable String avatarFor(UserId viewer) {
    if (group()) {
      return avatarUrl;
    }
    Person other = otherPerson(viewer);
    return other == null ? null : other.avatarUrl();
  }

  private @Nullable Person otherPerson(UserId viewer) {
    for (Person person : people.values()) {
      if (!person.userId().equals(viewer)) {
        return person;
      }
    }
    return null;
  }

  /** Applies one event. */
  void apply(ConversationEvent event) {
    eventNr++;
    settled = event instanceof ConversationEvent.Settled || (settled && concernsNoMember(event));
    switch (event) {
      case ConversationEvent.DirectOpened opened -> open(opened);
      case ConversationEvent.EntriesAppended appended -> append(appended);
      case ConversationEvent.CursorsMoved moved -> moved.cursors().forEach(this::move);
      case ConversationEvent.ProfileNoted noted ->
          people.put(noted.person().userId(), noted.person());
      case ConversationEvent.PreviewRestored restored -> restore(restored);
      case ConversationEvent.Settled done -> {
        dispatchedTo = lastSeq;
        due = done.due();
      }
      case ConversationEvent.SegmentPlanned plan -> planned = plan;
      case ConversationEvent.SegmentSealed sealed -> seal(sealed);
      case ConversationEvent.EventsRemoved removed ->
          removedTo = Math.max(removedTo, removed.upTo());
    }
  }

  /** Whether the event concerns no member: it only changes where entries are stored. */
  private static boolean concernsNoMember(ConversationEvent event) {
    return event instanceof ConversationEvent.SegmentPlanned
        || event instanceof ConversationEvent.SegmentSealed
        || event instanceof ConversationEvent.EventsRemoved;
  }

  private void seal(ConversationEvent.SegmentSealed sealed) {
    planned = null;
    if (sealed.to() <= archivedTo) {
      return;
    }
    archivedTo = sealed.to();
    archivedEvent = sealed.lastEvent();
    // Only entries that all members have acknowledged are archived. So dispatch never reads the
    // cold tier.
    dispatchedTo = Math.max(dispatchedTo, archivedTo);
    if (sealed.nextAt() > 0) {
      hotSince = sealed.nextAt();
    } else {
      // The plan knew of no later entry. If one has come since, it is in memory.
      Entry next = recentEntries.get(archivedTo + 1);
      hotSince = archivedTo == lastSeq ? 0 : next == null ? lastAt : next.at();
    }
  }

  private void open(ConversationEvent.DirectOpened opened) {
    type = ConversationType.DIRECT;
    createdAt = opened.at();
    opener = opened.opener().userId();
    for (Person person : List.of(opened.opener(), opened.peer())) {
      people.put(person.userId(), person);
      members.put(person.userId(), new Member(person.userId(), Role.MEMBER, 1, opened.at(), 0, 0));
    }
  }

  private void append(ConversationEvent.EntriesAppended appended) {
    if (appended.cursors() != null) {
      appended.cursors().forEach(this::move);
    }
    dispatchedTo = Math.max(dispatchedTo, appended.dispatchedTo());
    Entry first = appended.entries().getFirst();
    index.note(first.seq(), eventNr, first.at());
    appended.entries().forEach(this::append);
  }

  private void append(Entry entry) {
    if (entry.seq() != lastSeq + 1) {
      throw new IllegalStateException(id + ": entry " + entry.seq() + " after " + lastSeq);
    }
    if (lastSeq == archivedTo) {
      hotSince = entry.at();
    }
    lastSeq = entry.seq();
    lastAt = entry.at();
    String clientMsgId = entry.clientMsgId();
    dedupe.add(
        entry.seq(), clientMsgId == null ? 0 : ClientMsgIds.hash(entry.senderId(), clientMsgId));
    recordClockLead(entry);
    recentEntries.add(entry);
    switch (entry.body()) {
      case EntryBody.Text text -> appendText(entry, text);
      case EntryBody.Edit edit -> edit(entry.seq(), edit);
      case EntryBody.Delete delete -> delete(delete);
      case EntryBody.Reaction reaction -> {}
      case EntryBody.GroupCreated created -> create(entry, created);
      case EntryBody.MembersAdded added ->
          added.memberIds().forEach(user -> join(user, Role.MEMBER, entry.seq(), entry.at()));
      case EntryBody.MemberRemoved removed -> leave(removed.userId(), entry.seq());
      case EntryBody.RoleChanged changed -> {
        Member member = members.get(changed.userId());
        if (member != null) {
          member.role = changed.role();
        }
      }
      case EntryBody.GroupChanged changed -> {
        name = changed.name() == null ? name : changed.name();
        if (changed.avatarUrl() != null) {
          avatarUrl = changed.avatarUrl().isEmpty() ? null : changed.avatarUrl();
        }
      }
    }
  }

  private void recordClockLead(Entry entry) {
    Member sender = members.get(entry.senderId());
    if (sender != null && entry.clientMsgId() != null) {
      long time = ClientMsgIds.time(entry.clientMsgId(), entry.at());
      if (time != ClientMsgIds.NO_TIME) {
        sender.clockLead = Math.max(sender.clockLead, time - entry.at());
      }
    }
  }

  private void appendText(Entry entry, EntryBody.Text text) {
    lastTextAt = entry.at();
    lastMessage = preview(entry, text.content() == null ? "" : text.content());
    previewLost = false;
    for (Member member : members.values()) {
      if (!member.userId.equals(entry.senderId())) {
        member.unread++;
      }
    }
  }

  static LastMessage preview(Entry entry, String content) {
    return new LastMessage(
        entry.seq(),
        entry.senderId(),
        entry.body().type(),
        LastMessage.preview(content),
        entry.at());
  }

  private void edit(long seq, EntryBody.Edit edit) {
    amendments.edited(edit.targetSeq(), seq);
    LastMessage last = lastMessage;
    if (last != null && last.seq() == edit.targetSeq() && edit.content() != null) {
      lastMessage =
          new LastMessage(
              last.seq(),
              last.senderId(),
              last.type(),
              LastMessage.preview(edit.content()),
              last.at());
    }
  }

  private void delete(EntryBody.Delete delete) {
    long target = delete.targetSeq();
    if (amendments.isDeleted(target)) {
      return;
    }
    amendments.delete(target);
    for (Member member : members.values()) {
      boolean counted =
          target > member.read
              && target >= member.joinedSeq
              && !member.userId.equals(delete.targetSender());
      if (counted) {
        member.unread--;
      }
    }
    if (lastMessage != null && lastMessage.seq() == target) {
      lastMessage = newestTextInMemory();
      previewLost = lastMessage == null && recentEntries.firstSeq() > 1;
    }
  }

  private @Nullable LastMessage newestTextInMemory() {
    Iterator<Entry> newestFirst = recentEntries.newestFirst();
    while (newestFirst.hasNext()) {
      Entry entry = newestFirst.next();
      if (entry.body() instanceof EntryBody.Text text && !amendments.isDeleted(entry.seq())) {
        String content = text.content();
        // The edit is newer than the text, so it is in memory too.
        Entry edit = recentEntries.get(amendments.of(entry.seq()));
        if (edit != null && edit.body() instanceof EntryBody.Edit newer) {
          content = newer.content();
        }
        return preview(entry, content == null ? "" : content);
      }
    }
    return null;
  }

  private void restore(ConversationEvent.PreviewRestored restored) {
    if (previewLost && (lastMessage == null || lastMessage.seq() <= restored.asOf())) {
      lastMessage = restored.lastMessage();
      previewLost = false;
    }
  }

  private void create(Entry entry, EntryBody.GroupCreated created) {
    type = ConversationType.GROUP;
    createdAt = entry.at();
    lastTextAt = entry.at();
    name = created.name();
    avatarUrl = created.avatarUrl();
    for (UserId user : created.memberIds()) {
      join(user, user.equals(entry.senderId()) ? Role.ADMIN : Role.MEMBER, entry.seq(), entry.at());
    }
  }

  private void join(UserId user, Role role, long seq, long at) {
    Former before = former.remove(user);
    long ahead = before == null ? formerClockLead : before.clockLead();
    members.put(user, new Member(user, role, seq, at, seq - 1, ahead));
  }

  private void leave(UserId user, long seq) {
    Member gone = members.remove(user);
    if (gone == null) {
      return;
    }
    former.put(
        user, new Former(user, gone.joinedSeq, gone.joinedAt, seq, gone.read, gone.clockLead));
    if (former.size() > Limits.GROUP_MEMBERS) {
      Former oldest = former.pollFirstEntry().getValue();
      formerClockLead = Math.max(formerClockLead, oldest.clockLead());
    }
  }

  private void move(CursorMove move) {
    Member member = members.get(move.userId());
    if (member == null) {
      return;
    }
    member.delivered = Math.max(member.delivered, move.delivered());
    if (move.read() > member.read) {
      member.read = move.read();
      member.unread = move.unread();
    }
  }

  ConversationSnapshot toSnapshot() {
    List<ConversationSnapshot.MemberSnapshot> storedMembers = new ArrayList<>(members.size());
    members.values().forEach(member -> storedMembers.add(member.toSnapshot()));
    List<ConversationSnapshot.FormerSnapshot> storedFormer = new ArrayList<>(former.size());
    for (Former f : former.values()) {
      storedFormer.add(
          new ConversationSnapshot.FormerSnapshot(
              f.userId(), f.joinedSeq(), f.joinedAt(), f.leftSeq(), f.read(), f.clockLead()));
    }
    return new ConversationSnapshot(
        eventNr,
        type,
        createdAt,
        name,
        avatarUrl,
        List.copyOf(people.values()),
        opener,
        lastSeq,
        lastAt,
        lastTextAt,
        lastMessage,
        previewLost,
        dispatchedTo,
        settled,
        storedMembers,
        storedFormer,
        formerClockLead,
        dedupe.toBytes(),
        amendments.targets(),
        amendments.amendments(),
        index.seqs(),
        index.events(),
        index.times(),
        index.stride(),
        recentEntries.toStore(),
        archivedTo,
        archivedEvent,
        removedTo,
        planned,
        hotSince,
        due);
  }

  static ConversationState of(ConversationId id, ConversationSnapshot stored) {
    ConversationState state = new ConversationState(id);
    state.eventNr = stored.eventNr();
    state.type = stored.type();
    state.createdAt = stored.createdAt();
    state.name = stored.name();
    state.avatarUrl = stored.avatarUrl();
    state.opener = stored.opener();
    state.lastSeq = stored.lastSeq();
    state.lastAt = stored.lastAt();
    state.lastTextAt = stored.lastTextAt();
    state.lastMessage = stored.lastMessage();
    state.previewLost = stored.previewLost();
    state.dispatchedTo = stored.dispatchedTo();
    state.settled = stored.settled();
    state.formerClockLead = stored.formerAhead();
    if (stored.people() != null) {
      stored.people().forEach(person -> state.people.put(person.userId(), person));
    }
    if (stored.members() != null) {
      stored.members().forEach(member -> state.members.put(member.userId(), Member.of(member)));
    }
    if (stored.former() != null) {
      for (ConversationSnapshot.FormerSnapshot f : stored.former()) {
        state.former.put(
            f.userId(),
            new Former(f.userId(), f.joinedSeq(), f.joinedAt(), f.leftSeq(), f.read(), f.ahead()));
      }
    }
    state.dedupe = DedupeWindow.fromBytes(orEmpty(stored.hashes()), stored.lastSeq());
    state.amendments = Amendments.of(orEmpty(stored.amended()), orEmpty(stored.amendments()));
    state.index =
        LogIndex.of(
            orEmpty(stored.indexSeqs()),
            orEmpty(stored.indexEvents()),
            orEmpty(stored.indexTimes()),
            stored.indexStride());
    if (stored.tail() != null) {
      stored.tail().forEach(state.recentEntries::add);
    }
    state.archivedTo = stored.archivedTo();
    // An older version took snapshots in which a seal had not moved dispatchedTo.
    state.dispatchedTo = Math.max(state.dispatchedTo, state.archivedTo);
    state.archivedEvent = stored.archivedEvent();
    state.removedTo = stored.removedTo();
    state.planned = stored.planned();
    // A snapshot from before there was an archive does not say when the first entry was written.
    boolean untold = stored.hotSince() == 0 && stored.lastSeq() > stored.archivedTo();
    state.hotSince = untold ? stored.createdAt() : stored.hotSince();
    state.due = stored.due();
    return state;
  }

  /** The snapshot leaves out an empty array, which is then read as null. */
  private static byte[] orEmpty(byte @Nullable [] bytes) {
    return bytes == null ? new byte[0] : bytes;
  }

  private static long[] orEmpty(long @Nullable [] numbers) {
    return numbers == null ? new long[0] : numbers;
  }
}
