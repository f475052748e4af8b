package parley.conversation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import parley.model.Entry;
import parley.model.EntryBody;
import parley.model.EntryIntent;
import parley.model.Role;
import parley.model.UserId;
import parley.user.User;

/** Random commands, compared with what can be computed from the log alone. */
class ConversationRandomTest {
  private static final List<UserId> USERS =
      List.of(
          ConversationHarness.ANN,
          ConversationHarness.BOB,
          ConversationHarness.CAT,
          ConversationHarness.DAN);

  @Test
  void cursorsCountsAndPagesMatchTheLog() {
    long seed = Long.getLong("parley.seed", System.nanoTime());
    System.out.println("ConversationRandomTest seed " + seed);
    Random random = new Random(seed);
    try (ConversationHarness h =
        ConversationHarness.group(ConversationHarness.BOB, ConversationHarness.CAT)) {
      run(random, h, null);
    }
  }

  @Test
  void cursorsCountsAndPagesMatchWithOldEntriesInTheColdTier() {
    long seed = Long.getLong("parley.seed", System.nanoTime());
    System.out.println("ConversationRandomTest with archiving, seed " + seed);
    Random random = new Random(seed);
    try (ColdTierHarness harness =
        new ColdTierHarness(
            ConversationHarness.group(ConversationHarness.BOB, ConversationHarness.CAT))) {
      run(random, harness.h, harness);
      assertThat(harness.state().archive().archivedTo()).isPositive();
    }
  }

  @Test
  void cursorsCountsAndPagesMatchWithACursorLogThatFailsNowAndThen() {
    long seed = Long.getLong("parley.seed", System.nanoTime());
    System.out.println("ConversationRandomTest with a cursor log, seed " + seed);
    Random random = new Random(seed);
    ManualCursorLog log = new ManualCursorLog();
    try (ConversationHarness h =
        ConversationHarness.group(ConversationHarness.BOB, ConversationHarness.CAT)) {
      ConversationSettings s = h.settings();
      h.settings(
          new ConversationSettings(
              s.cursorFlushDelay(),
              s.tick(),
              s.idle(),
              s.snapshots(),
              s.readJournal(),
              true,
              Duration.ofMillis(20)));
      h.cursorLog(log);
      h.restart();
      h.read(ConversationHarness.ANN, 0);
      List<UserId> users = new ArrayList<>(USERS);
      for (int i = 0; i < 2 * CursorLogClient.MAX_MEMBERS_WITH_ENTRY; i++) {
        users.add(new UserId("u" + i));
      }
      h.tell(new Conversation.AddMembers(ConversationHarness.ANN, users, h.views.getRef()));
      ManualCursorLog.Mode[] modes = ManualCursorLog.Mode.values();
      for (int part = 0; part < 60; part++) {
        log.mode = modes[random.nextInt(modes.length)];
        for (int step = 0; step < 20; step++) {
          UserId user = users.get(random.nextInt(users.size()));
          long seq = 1 + random.nextLong(h.events().size() + 1);
          switch (random.nextInt(8)) {
            case 0, 1 -> h.tell(new Conversation.Read(user, seq, null));
            case 2 -> h.tell(new Conversation.FromUser(new User.Delivered(user, seq)));
            case 3 -> h.post(user, "d" + part + "-" + step, new EntryIntent.Delete(seq));
            case 4 -> h.clock.addAndGet(random.nextInt(4_000));
            case 5 -> {
              if (log.held() > 0) {
                log.keepNext();
              }
            }
            default -> h.post(user, "t" + part + "-" + step, text("t"));
          }
        }
        if (random.nextInt(3) == 0) {
          log.mode = ManualCursorLog.Mode.KEEP;
          h.restart();
          h.read(ConversationHarness.ANN, 0);
        }
      }
      assertThat(log.asked()).isPositive();
      log.mode = ManualCursorLog.Mode.KEEP;
      log.open = false;
      h.restart();
      h.read(ConversationHarness.ANN, 0);
      await().untilAsserted(() -> check(h, h.events()));
      for (UserId user : users) {
        long read = 0;
        long delivered = 0;
        for (User.Deliver deliver : h.deliveries(user)) {
          assertThat(deliver.member().read()).isGreaterThanOrEqualTo(read);
          assertThat(deliver.member().delivered()).isGreaterThanOrEqualTo(delivered);
          read = deliver.member().read();
          delivered = deliver.member().delivered();
        }
      }
    }
  }

  private static void run(Random random, ConversationHarness h, @Nullable ColdTierHarness harness) {
    for (int step = 0; step < 1_500; step++) {
      UserId user = USERS.get(random.nextInt(USERS.size()));
      if (harness != null && random.nextInt(40) == 0) {
        harness.days(1 + random.nextInt(50));
        harness.tier.fault =
            random.nextInt(5) == 0 ? MemoryTier.Fault.REFUSE : MemoryTier.Fault.NONE;
        h.tell(new Conversation.Archive(harness.today()));
      }
      long end = Math.max(1, harness == null ? h.events().size() : harness.written.size());
      switch (random.nextInt(20)) {
        case 0 ->
            h.tell(
                new Conversation.AddMembers(
                    ConversationHarness.ANN, List.of(user), h.views.getRef()));
        case 1 -> {
          if (!user.equals(ConversationHarness.ANN)) {
            h.tell(new Conversation.RemoveMember(ConversationHarness.ANN, user, h.views.getRef()));
          }
        }
        case 2, 3 -> h.tell(new Conversation.Read(user, 1 + random.nextLong(end), null));
        case 4 -> h.post(user, "d" + step, new EntryIntent.Delete(1 + random.nextLong(end)));
        case 5 -> h.post(user, "e" + step, new EntryIntent.Edit(1 + random.nextLong(end), "edit"));
        case 6 -> h.post(user, "r" + step, new EntryIntent.React(1 + random.nextLong(end), "+"));
        case 7 -> h.post(user, "t" + random.nextInt(step + 1), text("retry"));
        default -> h.post(user, "t" + step, text("t" + step));
      }
      if (random.nextInt(300) == 0) {
        h.restart();
      }
    }
    h.restart();
    h.read(ConversationHarness.ANN, 0);
    check(h, harness == null ? h.events() : harness.written);
  }

  private static EntryIntent text(String content) {
    return new EntryIntent.Text(content, null, List.of());
  }

  /**
   * The oracle: it reads the stored log from its start and applies the rules of the protocol in
   * their simplest form.
   */
  private static void check(ConversationHarness h, List<ConversationEvent> events) {
    List<Entry> log = new ArrayList<>();
    Map<UserId, Long> joined = new HashMap<>();
    Map<UserId, Long> read = new HashMap<>();
    Set<String> names = new HashSet<>();
    ConversationState replayed = new ConversationState(h.id);
    for (ConversationEvent event : events) {
      replayed.apply(event);
      List<ConversationEvent.CursorMove> moves = List.of();
      if (event instanceof ConversationEvent.CursorsMoved moved) {
        moves = moved.cursors();
      } else if (event instanceof ConversationEvent.EntriesAppended appended) {
        moves = appended.cursors() == null ? List.of() : appended.cursors();
      }
      for (ConversationEvent.CursorMove move : moves) {
        if (joined.containsKey(move.userId())) {
          assertThat(move.read()).isGreaterThanOrEqualTo(read.getOrDefault(move.userId(), 0L));
          read.put(move.userId(), move.read());
        }
      }
      if (event instanceof ConversationEvent.EntriesAppended appended) {
        for (Entry entry : appended.entries()) {
          log.add(entry);
          assertThat(entry.seq()).isEqualTo(log.size());
          assertThat(
                  entry.clientMsgId() == null
                      || names.add(entry.senderId() + " " + entry.clientMsgId()))
              .isTrue();
          if (entry.body() instanceof EntryBody.GroupCreated created) {
            created.memberIds().forEach(u -> join(joined, read, u, entry.seq()));
          } else if (entry.body() instanceof EntryBody.MembersAdded added) {
            added.memberIds().forEach(u -> join(joined, read, u, entry.seq()));
          } else if (entry.body() instanceof EntryBody.MemberRemoved removed) {
            joined.remove(removed.userId());
          }
        }
      }
    }
    Set<Long> deleted = new HashSet<>();
    log.forEach(
        e -> {
          if (e.body() instanceof EntryBody.Delete delete) {
            deleted.add(delete.targetSeq());
          }
        });
    Map<Long, String> wording = new HashMap<>();
    for (Entry entry : log) {
      if (entry.body() instanceof EntryBody.Text text && !deleted.contains(entry.seq())) {
        wording.put(entry.seq(), text.content());
      } else if (entry.body() instanceof EntryBody.Edit edit
          && !deleted.contains(edit.targetSeq())) {
        wording.put(edit.targetSeq(), edit.content());
      }
    }
    assertThat(replayed.members())
        .extracting(m -> m.userId())
        .containsExactlyInAnyOrderElementsOf(joined.keySet());
    assertThat(replayed.member(ConversationHarness.ANN))
        .extracting(m -> m.role())
        .isEqualTo(Role.ADMIN);
    for (Member member : replayed.members()) {
      long unread =
          log.stream()
              .filter(e -> e.seq() > read.getOrDefault(member.userId(), 0L))
              .filter(
                  e -> e.body() instanceof EntryBody.Text && !e.senderId().equals(member.userId()))
              .filter(e -> !deleted.contains(e.seq()))
              .count();
      assertThat(member.unread()).as("unread of " + member.userId()).isEqualTo(unread);
      assertThat(h.last(member.userId()).member().unread()).isEqualTo(unread);
      assertThat(h.last(member.userId()).member().read())
          .isEqualTo(read.getOrDefault(member.userId(), 0L));
      long from = joined.getOrDefault(member.userId(), 0L);
      List<Long> all = new ArrayList<>();
      for (long after = 0; ; ) {
        var page = h.page(member.userId(), null, after, 37, false);
        page.entries().forEach(e -> all.add(e.seq()));
        page.entries().forEach(e -> assertThat(e.deleted()).isEqualTo(deleted.contains(e.seq())));
        page.entries().forEach(e -> assertThat(content(e)).isEqualTo(wording.get(e.seq())));
        if (!page.hasMore()) {
          break;
        }
        after = all.getLast();
      }
      assertThat(all).hasSize((int) (log.size() - from + 1));
      assertThat(all.getFirst()).isEqualTo(from);
    }
    ConversationState fromSnapshot = ConversationState.of(h.id, replayed.toSnapshot());
    assertThat(fromSnapshot.toSnapshot())
        .usingRecursiveComparison()
        .isEqualTo(replayed.toSnapshot());
  }

  private static @Nullable String content(Entry entry) {
    return entry.body() instanceof EntryBody.Text text ? text.content() : null;
  }

  private static void join(
      Map<UserId, Long> joined, Map<UserId, Long> read, UserId user, long seq) {
    joined.put(user, seq);
    read.put(user, seq - 1);
  }
}
