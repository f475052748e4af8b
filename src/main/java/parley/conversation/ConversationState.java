package parley.conversation;

import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import org.jspecify.annotations.Nullable;
import parley.conversation.ConversationEvent.CursorMove;
import parley.conversation.ConversationEvent.Person;
import parley.model.ConversationId;
import parley.model.ConversationType;
import parley.model.Entry;
import parley.model.EntryBody;
import parley.model.Limits;
import parley.model.Role;
import parley.model.UserId;

/**
 * The state of a conversation: the result of its events. Only {@link #apply} changes it, and {@link
 * #applyKeptCursors} for cursors that are durable elsewhere. It depends on nothing else, so a
 * recovered conversation has the same state as before the crash.
 *
 * <p>Bounds: {@link Limits#GROUP_MEMBERS} members and as many former ones, {@link
 * DedupeWindow#CAPACITY} hashes, {@link LogIndex#CAPACITY} checkpoints, {@link
 * AmendedEntries#CAPACITY} amendments, {@link RecentEntries#ENTRIES} entries.
 */
final class ConversationState {
  private final ConversationId id;
  private long eventNr;

  private @Nullable ConversationType type;
  private long createdAt;
  private @Nullable String name;
  private @Nullable String avatarUrl;
  private long lastSeq;
  private long lastAt;
  private long dispatchedTo;
  private boolean settled = true;
  private @Nullable UserId opener;

  private final LinkedHashMap<UserId, Member> members = new LinkedHashMap<>();
  private final LinkedHashMap<UserId, Person> people = new LinkedHashMap<>();

  private final FormerMembers former = new FormerMembers();
  private NewestText newestText = new NewestText();
  private ArchiveProgress archive = new ArchiveProgress();
  private DedupeWindow dedupe = new DedupeWindow();
  private LogIndex index = new LogIndex();
  private AmendedEntries amendedEntries = new AmendedEntries();
  private RecentEntries recentEntries = new RecentEntries();

  ConversationState(ConversationId id) {
    this.id = id;
  }

  ConversationId id() {
    return id;
  }

  /**
   * How many events were applied. This is the sequence number of the last event, and the version of
   * the inbox rows that are sent to users.
   */
  long eventNr() {
    return eventNr;
  }

  /** When the conversation was created, epoch milliseconds. */
  long createdAt() {
    return createdAt;
  }

  /** The name of a group, or null. */
  @Nullable String name() {
    return name;
  }

  /** The picture of a group, or null. */
  @Nullable String avatarUrl() {
    return avatarUrl;
  }

  /** The seq of the last entry; 0 if there is none. */
  long lastSeq() {
    return lastSeq;
  }

  /** When the last entry was accepted, epoch milliseconds. */
  long lastAt() {
    return lastAt;
  }

  /** All members have acknowledged the entries up to this seq. */
  long dispatchedTo() {
    return dispatchedTo;
  }

  /** Whether the journal says that all members have everything. */
  boolean isSettled() {
    return settled;
  }

  /** Whether the user opened this direct conversation. */
  boolean wasOpenedBy(UserId user) {
    return user.equals(opener);
  }

  /** The newest text, as an inbox row shows it. */
  NewestText newestText() {
    return newestText;
  }

  /** How far the log is archived. */
  ArchiveProgress archive() {
    return archive;
  }

  /** The members, in the order in which they joined. */
  Collection<Member> members() {
    return Collections.unmodifiableCollection(members.values());
  }

  /** The newest former members. */
  FormerMembers former() {
    return former;
  }

  /** The person of a direct conversation, or null. */
  @Nullable Person person(UserId user) {
    return people.get(user);
  }

  /** The entry if it is in memory, or null. */
  @Nullable Entry entryInMemory(long seq) {
    return recentEntries.get(seq);
  }

  /** The lowest seq in memory, or {@link Long#MAX_VALUE} if there is none. */
  long firstSeqInMemory() {
    return recentEntries.firstSeq();
  }

  /** The entries of the range that are in memory, in ascending order. */
  List<Entry> entriesInMemory(long from, long to) {
    return recentEntries.range(from, to);
  }

  /** The seq of the newest edit, {@link AmendedEntries#DELETED} or {@link AmendedEntries#NONE}. */
  long amendmentOf(long seq) {
    return amendedEntries.of(seq);
  }

  boolean isDeleted(long seq) {
    return amendedEntries.isDeleted(seq);
  }

  /** The deleted seqs of a range, in ascending order. */
  long[] deletedIn(long from, long to) {
    return amendedEntries.deletedIn(from, to);
  }

  /** Whether one more entry, or this one again, may be edited or deleted. */
  boolean hasRoomToAmend(long seq) {
    return amendedEntries.hasRoomFor(seq);
  }

  /** Recognises entries that were posted before. */
  DedupeWindow dedupe() {
    return dedupe;
  }

  /** Finds the event and the time of an entry. */
  LogIndex index() {
    return index;
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

  /** Applies the event to this state and returns it. */
  ConversationState apply(ConversationEvent event) {
    eventNr++;
    settled = event instanceof ConversationEvent.Settled || (settled && concernsNoMember(event));
    switch (event) {
      case ConversationEvent.DirectOpened opened -> open(opened);
      case ConversationEvent.EntriesAppended appended -> append(appended);
      case ConversationEvent.CursorsMoved moved -> moved.cursors().forEach(this::move);
      case ConversationEvent.ProfileNoted noted ->
          people.put(noted.person().userId(), noted.person());
      case ConversationEvent.PreviewRestored restored -> newestText.restored(restored);
      case ConversationEvent.Settled done -> {
        dispatchedTo = lastSeq;
        archive.promised(done.due());
      }
      case ConversationEvent.SegmentPlanned plan -> archive.plan(plan);
      case ConversationEvent.SegmentSealed sealed -> seal(sealed);
      case ConversationEvent.EventsRemoved removed -> archive.removed(removed);
    }
    return this;
  }

  /** Whether the event concerns no member: it only changes where entries are stored. */
  private static boolean concernsNoMember(ConversationEvent event) {
    return event instanceof ConversationEvent.SegmentPlanned
        || event instanceof ConversationEvent.SegmentSealed
        || event instanceof ConversationEvent.EventsRemoved;
  }

  private void seal(ConversationEvent.SegmentSealed sealed) {
    // If the plan knew of no later entry, and one has come since, it is in memory.
    Entry next = recentEntries.get(sealed.to() + 1);
    long oldestLater = sealed.to() == lastSeq ? 0 : next == null ? lastAt : next.at();
    if (archive.seal(sealed, oldestLater)) {
      // Only entries that all members have acknowledged are archived. So dispatch never reads the
      // cold tier.
      dispatchedTo = Math.max(dispatchedTo, archive.archivedTo());
    }
  }

  private void open(ConversationEvent.DirectOpened opened) {
    type = ConversationType.DIRECT;
    createdAt = opened.at();
    opener = opened.opener().userId();
    for (Person person : List.of(opened.opener(), opened.peer())) {
      people.put(person.userId(), person);
      members.put(
          person.userId(),
          new Member(person.userId(), Role.MEMBER, 1, opened.at(), 0, ClockLead.NONE));
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
    archive.append(lastSeq, entry.at());
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
          member.roleChanged(changed.role());
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
        sender.sentAhead(time - entry.at(), entry.seq());
      }
    }
  }

  private void appendText(Entry entry, EntryBody.Text text) {
    newestText.textAppended(entry, text);
    members.values().forEach(member -> member.textAppended(entry.senderId()));
  }

  private void edit(long seq, EntryBody.Edit edit) {
    amendedEntries.edited(edit.targetSeq(), seq);
    newestText.edited(edit);
  }

  private void delete(EntryBody.Delete delete) {
    long target = delete.targetSeq();
    if (amendedEntries.isDeleted(target)) {
      return;
    }
    amendedEntries.delete(target);
    members.values().forEach(member -> member.textDeleted(target, delete.targetSender()));
    newestText.deleted(target, recentEntries, amendedEntries);
  }

  private void create(Entry entry, EntryBody.GroupCreated created) {
    type = ConversationType.GROUP;
    createdAt = entry.at();
    newestText.groupCreated(entry.at());
    name = created.name();
    avatarUrl = created.avatarUrl();
    for (UserId user : created.memberIds()) {
      join(user, user.equals(entry.senderId()) ? Role.ADMIN : Role.MEMBER, entry.seq(), entry.at());
    }
  }

  private void join(UserId user, Role role, long seq, long at) {
    members.put(user, new Member(user, role, seq, at, seq - 1, former.joinedAgain(user)));
  }

  private void leave(UserId user, long seq) {
    Member gone = members.remove(user);
    if (gone != null) {
      former.left(gone, seq);
    }
  }

  /**
   * Moves cursors that are durable in the cursor log. This is the only change that is not an event:
   * the next event with cursors holds them, and after a crash the cursor log has them.
   */
  void applyKeptCursors(List<CursorMove> moves) {
    moves.forEach(this::move);
  }

  private void move(CursorMove move) {
    Member member = members.get(move.userId());
    if (member != null) {
      member.moved(move);
    }
  }

  ConversationSnapshot toSnapshot() {
    List<ConversationSnapshot.MemberSnapshot> storedMembers = new ArrayList<>(members.size());
    members.values().forEach(member -> storedMembers.add(member.toSnapshot()));
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
        newestText.lastTextAt(),
        newestText.lastMessage(),
        newestText.isLost(),
        dispatchedTo,
        settled,
        storedMembers,
        former.toSnapshot(),
        former.droppedClockLead().largest(),
        former.droppedClockLead().farFrom(),
        former.droppedClockLead().farTo(),
        dedupe.toBytes(),
        amendedEntries.targets(),
        amendedEntries.amendments(),
        index.seqs(),
        index.events(),
        index.times(),
        index.stride(),
        recentEntries.toStore(),
        archive.archivedTo(),
        archive.archivedEvent(),
        archive.removedTo(),
        archive.planned(),
        archive.hotSince(),
        archive.promisedDay());
  }

  /** About how many bytes a snapshot has, compressed. */
  long snapshotBytes() {
    return 1_000
        + dedupe.storedBytes()
        + 60L * (people.size() + members.size() + former.all().size())
        + 6L * amendedEntries.size()
        + 8L * index.size()
        + recentEntries.storedBytes();
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
    state.newestText = NewestText.of(stored);
    state.dispatchedTo = stored.dispatchedTo();
    state.settled = stored.settled();
    if (stored.people() != null) {
      stored.people().forEach(person -> state.people.put(person.userId(), person));
    }
    if (stored.members() != null) {
      stored
          .members()
          .forEach(
              member -> state.members.put(member.userId(), Member.of(member, stored.lastSeq())));
    }
    state.former.restore(stored);
    state.dedupe = DedupeWindow.fromBytes(orEmpty(stored.hashes()), stored.lastSeq());
    state.amendedEntries =
        AmendedEntries.of(orEmpty(stored.amended()), orEmpty(stored.amendments()));
    state.index =
        LogIndex.of(
            orEmpty(stored.indexSeqs()),
            orEmpty(stored.indexEvents()),
            orEmpty(stored.indexTimes()),
            stored.indexStride());
    if (stored.tail() != null) {
      stored.tail().forEach(state.recentEntries::add);
    }
    state.archive = ArchiveProgress.of(stored);
    // An older version took snapshots in which a seal had not moved dispatchedTo.
    state.dispatchedTo = Math.max(state.dispatchedTo, state.archive.archivedTo());
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
