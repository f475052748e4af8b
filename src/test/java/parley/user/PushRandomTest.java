package parley.user;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import org.apache.pekko.actor.testkit.typed.javadsl.TestProbe;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import parley.model.ConversationId;
import parley.model.DeviceId;
import parley.push.DeadLetter;
import parley.push.Notification;
import parley.push.PushOutcome;
import parley.push.PushService;
import parley.user.UserTestData.Mail;

/**
 * Random courses of a user with phones: messages arrive, are fetched, read and muted, providers
 * answer anything or nothing, the node dies at any moment. A device is never pushed to about an
 * entry that it has, or that is read or muted. A push whose outcome is stored is not sent again. In
 * the end each device was told of what it lacks: by a push, or by a dead letter, or not at all
 * because its token is gone. {@code -Dparley.seed=N} runs one more course.
 */
class PushRandomTest {
  private static final int STEPS = 300;

  // After this many steps the test waits for all pending pushes.
  private static final int CHAPTER = 20;
  private static final List<ConversationId> CONVERSATIONS =
      List.of(new ConversationId("d_1"), new ConversationId("g_2"), new ConversationId("g_3"));
  private static final List<DeviceId> DEVICES = List.of(new DeviceId("a"), new DeviceId("b"));

  private record Line(ConversationId conversation, DeviceId device) {}

  private final UserHarness harness = new UserHarness();
  private final Map<ConversationId, Long> log = new HashMap<>();
  private final Map<ConversationId, Long> taken = new HashMap<>();
  private final Map<ConversationId, Long> read = new HashMap<>();
  private final Set<ConversationId> muted = new HashSet<>();
  private final Map<Line, Long> fetched = new HashMap<>();

  // The newest seq that a provider or the dead letters have confirmed.
  private final Map<Line, Long> told = new HashMap<>();

  // The newest seq whose outcome is in the journal.
  private final Map<Line, Long> noted = new HashMap<>();
  // The newest seq that needed a push. A muted conversation or a lost token ends the need.
  private final Map<Line, Long> due = new HashMap<>();
  private final Map<DeviceId, TestProbe<Delivery>> live = new HashMap<>();
  private final Map<DeviceId, String> sessions = new HashMap<>();
  private final Map<String, DeviceId> tokens = new HashMap<>();
  private final Set<DeviceId> gone = new HashSet<>();
  private long version;

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8, 0})
  void everyDeviceIsPushedToOnce(long given) {
    long seed = given != 0 ? given : Long.getLong("parley.seed", System.nanoTime());
    System.out.println("PushRandomTest: seed " + seed);
    Random random = new Random(seed);
    harness.pushes();
    harness.start();
    try {
      harness.make();
      for (DeviceId device : DEVICES) {
        attach(device);
        register(device);
        leave(device);
      }
      for (int i = 0; i < STEPS; i++) {
        String at = "seed " + seed + ", step " + i;
        step(random, at);
        checkSends(at);
        if (i % CHAPTER == CHAPTER - 1) {
          checkTold(at);
        }
      }
      settle("seed " + seed);
    } catch (AssertionError e) {
      System.out.println(steps.subList(Math.max(0, steps.size() - 14), steps.size()));
      throw e;
    } finally {
      harness.close();
    }
  }

  private final List<String> steps = new ArrayList<>();

  private void step(Random random, String at) {
    ConversationId conversation = CONVERSATIONS.get(random.nextInt(CONVERSATIONS.size()));
    DeviceId device = DEVICES.get(random.nextInt(DEVICES.size()));
    int what = random.nextInt(20);
    steps.add(what + " " + conversation + " " + device);
    switch (what) {
      case 0, 1, 2, 3 -> message(conversation, 1 + random.nextInt(2));
      case 4, 5 -> harness.flush();
      case 6 -> attach(device);
      case 7, 8 -> leave(device);
      case 9 -> fetch(device, conversation);
      case 10 -> read(conversation);
      case 11 -> mute(conversation, random.nextInt(3) == 0);
      case 12 -> harness.remind();
      case 13, 14, 15, 16 -> answer(random, at);
      case 17 -> letterKept();
      case 18 -> crash();
      default -> harness.pass(Duration.ofMillis(random.nextInt(20_000)));
    }
  }

  private void message(ConversationId conversation, int count) {
    long from = log.merge(conversation, (long) count, Long::sum) - count + 1;
    deliver(conversation, Math.min(from, taken.getOrDefault(conversation, 0L) + 1));
  }

  private void deliver(ConversationId conversation, long from) {
    long to = log.getOrDefault(conversation, 0L);
    long seen = read.getOrDefault(conversation, 0L);
    harness.tell(
        Mail.of(conversation, from, to).version(++version).read(seen, to - seen).deliver());
    long had = taken.getOrDefault(conversation, 0L);
    if (to > had && !muted.contains(conversation)) {
      DEVICES.forEach(device -> due.put(new Line(conversation, device), to));
    }
    taken.put(conversation, to);
  }

  private void attach(DeviceId device) {
    String session = "s" + ++version;
    live.put(device, harness.attach(device, session, false));
    sessions.put(device, session);
  }

  private void leave(DeviceId device) {
    TestProbe<Delivery> session = live.remove(device);
    if (session != null) {
      harness.end(session, device);
    }
  }

  private void register(DeviceId device) {
    String token = "t" + ++version;
    tokens.put(token, device);
    gone.remove(device);
    harness.ask(
        (org.apache.pekko.actor.typed.ActorRef<User.DoneReply> to) ->
            new User.SetPushToken(device, "apns", token, to));
  }

  private void fetch(DeviceId device, ConversationId conversation) {
    if (live.containsKey(device) && taken.getOrDefault(conversation, 0L) > 0) {
      long seq = taken.getOrDefault(conversation, 0L);
      String session = String.valueOf(sessions.get(device));
      harness.tell(new User.Acked(device, session, List.of(new User.Ack(conversation, seq, 0))));
      fetched.put(new Line(conversation, device), seq);
    }
  }

  private void read(ConversationId conversation) {
    long to = taken.getOrDefault(conversation, 0L);
    if (to > 0) {
      read.put(conversation, to);
      harness.tell(Mail.none(conversation, ++version).read(to, 0).deliver());
    }
  }

  private void mute(ConversationId conversation, boolean on) {
    if (taken.getOrDefault(conversation, 0L) == 0) {
      return;
    }
    harness.ask(
        (org.apache.pekko.actor.typed.ActorRef<User.DoneReply> to) ->
            new User.SetRowFlags(conversation, on, null, null, to));
    if (on) {
      muted.add(conversation);
      due.keySet().removeIf(line -> line.conversation().equals(conversation));
    } else {
      muted.remove(conversation);
    }
  }

  private void answer(Random random, String at) {
    if (harness.sends.isEmpty()) {
      return;
    }
    PushService.Send send = harness.sends.get(random.nextInt(harness.sends.size()));
    harness.sends.remove(send);
    Notification n = send.notification();
    DeviceId device = device(n);
    Line line = new Line(n.conversationId(), device);
    PushOutcome pushOutcome =
        switch (random.nextInt(7)) {
          case 0, 1, 2 -> new PushOutcome.Delivered();
          case 3 -> new PushOutcome.Retry(null, "busy");
          case 4 -> new PushOutcome.Refused("BadTopic");
          case 5 -> new PushOutcome.Retry(null, "timeout");
          default -> new PushOutcome.Gone(0, "Unregistered");
        };
    boolean flush = random.nextBoolean();
    send.replyTo().tell(new PushService.Sent(send.reference(), pushOutcome));
    harness.tell(new UserInternal.Idle());
    if (pushOutcome instanceof PushOutcome.Delivered) {
      told.merge(line, n.seq(), Math::max);
    }
    if (flush) {
      harness.flush();
      Device known = harness.durable().devices().get(device);
      PendingPush pendingPush =
          known == null
              ? null
              : harness
                  .durable()
                  .outbox()
                  .get(new PendingPush.Key(line.conversation(), known.number()));
      // An answer that came too late does not count.
      if (pushOutcome instanceof PushOutcome.Delivered
          && (pendingPush == null || pendingPush.seq() > n.seq())) {
        noted.merge(line, n.seq(), Math::max);
      }
    }
    if (pushOutcome instanceof PushOutcome.Gone && token(device) == null) {
      due.keySet().removeIf(one -> one.device().equals(device));
      gone.add(device);
      register(device);
    }
    assertThat(harness.sends.size()).as(at).isLessThanOrEqualTo(PushSender.IN_FLIGHT);
  }

  private @org.jspecify.annotations.Nullable String token(DeviceId device) {
    Device known = harness.durable().devices().get(device);
    return known == null ? null : known.pushToken();
  }

  private DeviceId device(Notification n) {
    DeviceId device = tokens.get(n.token());
    if (device == null) {
      throw new AssertionError("a token of nobody");
    }
    return device;
  }

  private void letterKept() {
    if (!harness.letters.isEmpty()) {
      UserHarness.Letter letter = harness.letters.removeFirst();
      DeadLetter what = letter.letter();
      told.merge(new Line(what.conversationId(), what.deviceId()), what.seq(), Math::max);
      harness.tell(new UserInternal.LetterKept(letter.reference()));
    }
  }

  /** Unflushed changes are lost, and the conversations deliver them again. */
  private void crash() {
    harness.sends.clear();
    harness.letters.clear();
    harness.reminders.clear();
    // The next incarnation begins at a later time.
    harness.clock.advance(1);
    harness.restart();
    live.clear();
    checked.clear();
    for (ConversationId conversation : CONVERSATIONS) {
      VisibleRow visibleRow = harness.durable().rows().rows().get(conversation);
      long kept = visibleRow == null ? 0 : visibleRow.lastSeq();
      taken.put(conversation, kept);
      for (DeviceId device : DEVICES) {
        Device known = harness.durable().devices().get(device);
        long acked =
            visibleRow == null || known == null
                ? 0
                : visibleRow.cursors().acked(known.number(), visibleRow.lastSeq());
        fetched.merge(new Line(conversation, device), acked, Math::min);
      }
      if (log.getOrDefault(conversation, 0L) > 0) {
        deliver(conversation, Math.min(kept + 1, log.getOrDefault(conversation, 0L)));
      }
    }
  }

  private final Set<Long> checked = new HashSet<>();

  /** Checks that each push that was just sent was needed. */
  private void checkSends(String at) {
    for (PushService.Send send : List.copyOf(harness.sends)) {
      if (!checked.add(send.reference())) {
        continue;
      }
      Notification n = send.notification();
      Line line = new Line(n.conversationId(), device(n));
      long had = fetched.getOrDefault(line, 0L);
      assertThat(n.seq()).as(at + " fetched").isGreaterThan(had);
      assertThat(n.seq()).as(at + " noted").isGreaterThan(noted.getOrDefault(line, 0L));
      assertThat(n.seq()).as(at + " read").isGreaterThan(read.getOrDefault(n.conversationId(), 0L));
      assertThat(muted).as(at).doesNotContain(n.conversationId());
      assertThat(n.badge()).as(at).isPositive();
    }
  }

  /**
   * Checks that each device has what it needed, without a new message that would make up for a lost
   * one.
   */
  private void checkTold(String at) {
    for (DeviceId device : List.copyOf(live.keySet())) {
      leave(device);
    }
    drain(at);
    due.forEach(
        (line, seq) -> {
          long had = fetched.getOrDefault(line, 0L);
          if (seq > Math.max(had, read.getOrDefault(line.conversation(), 0L))) {
            assertThat(told.getOrDefault(line, 0L)).as(at + ": " + line).isEqualTo(seq);
          }
        });
  }

  private void settle(String at) {
    checkTold(at);
    for (ConversationId conversation : CONVERSATIONS) {
      mute(conversation, false);
      message(conversation, 1);
    }
    drain(at);
    for (ConversationId conversation : CONVERSATIONS) {
      for (DeviceId device : DEVICES) {
        assertThat(told.getOrDefault(new Line(conversation, device), 0L))
            .as(at + ": " + conversation + " to " + device)
            .isEqualTo(log.get(conversation));
      }
    }
  }

  /** Lets everybody answer and time pass until no push is pending. */
  private void drain(String at) {
    harness.flush();
    harness.remind();
    int rounds = 0;
    while (!harness.durable().outbox().isEmpty() || !harness.sends.isEmpty()) {
      assertThat(rounds++).as(at).isLessThan(200);
      harness.pass(Duration.ofHours(2));
      checkSends(at);
      List<PushService.Send> sends = new ArrayList<>(harness.sends);
      harness.sends.clear();
      for (PushService.Send send : sends) {
        Notification n = send.notification();
        told.merge(new Line(n.conversationId(), device(n)), n.seq(), Math::max);
        send.replyTo().tell(new PushService.Sent(send.reference(), new PushOutcome.Delivered()));
      }
      while (!harness.letters.isEmpty()) {
        letterKept();
      }
      harness.flush();
    }
  }
}
