package parley.user;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.TreeMap;
import org.apache.pekko.actor.testkit.typed.javadsl.TestProbe;
import org.apache.pekko.actor.typed.ActorRef;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import parley.model.ConversationId;
import parley.model.DeviceId;
import parley.model.InboxRow;
import parley.user.UserTestData.Mail;

/**
 * Random courses of a user: conversations grow, repeat and skip; devices connect, disconnect,
 * acknowledge and lose their data; the user crashes at any moment. As in reality, a conversation
 * delivers from what was acknowledged. Each device gets every entry that it needs, in order, and
 * everything acknowledged to a conversation survives every crash. {@code -Dparley.seed=N} runs one
 * more course.
 */
class UserRandomTest {
  private static final int STEPS = 250;
  private static final List<ConversationId> CONVERSATIONS =
      List.of(new ConversationId("d_1"), new ConversationId("g_2"), new ConversationId("g_3"));
  private static final List<DeviceId> DEVICES =
      List.of(new DeviceId("a"), new DeviceId("b"), new DeviceId("c"));

  /** What a device must receive: everything after {@code start}, in order. */
  private static final class Expected {
    final Map<ConversationId, Long> acked = new HashMap<>();
    final Map<ConversationId, Long> got = new HashMap<>();
  }

  private final UserHarness harness = new UserHarness();
  private final Map<ConversationId, Long> log = new TreeMap<>();
  private final Map<ConversationId, Long> dispatched = new HashMap<>();
  private final Map<ConversationId, Long> told = new HashMap<>();
  private final Map<ConversationId, Long> order = new HashMap<>();
  private final Map<DeviceId, Expected> expected = new HashMap<>();
  private final Map<DeviceId, TestProbe<Delivery>> live = new HashMap<>();
  private final Map<DeviceId, String> sessionIds = new HashMap<>();
  private final Map<ConversationId, Long> shownAt = new HashMap<>();
  private long version;
  private int read;

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8, 8963997322480L, 0})
  void everyDeviceGetsEveryEntryOnceInOrder(long given) {
    long seed = given != 0 ? given : Long.getLong("parley.seed", System.nanoTime());
    System.out.println("UserRandomTest: seed " + seed);
    Random random = new Random(seed);
    harness.start();
    try {
      harness.make();
      for (int i = 0; i < STEPS; i++) {
        step(random);
        check("seed " + seed + ", step " + i);
      }
    } finally {
      harness.close();
    }
  }

  private void step(Random random) {
    ConversationId conversation = CONVERSATIONS.get(random.nextInt(CONVERSATIONS.size()));
    DeviceId device = DEVICES.get(random.nextInt(DEVICES.size()));
    switch (random.nextInt(16)) {
      case 0, 1, 2, 3 -> {
        log.merge(conversation, 1L + random.nextInt(3), Long::sum);
        order.put(conversation, 10_000 + ++version);
        deliver(conversation, dispatched.getOrDefault(conversation, 0L) + 1);
      }
      case 4, 5 -> deliver(conversation, dispatched.getOrDefault(conversation, 0L) + 1);
      case 6 -> deliver(conversation, 1 + random.nextInt((int) end(conversation) + 1));
      case 7, 8 -> harness.flush();
      case 9, 10 -> attach(device, random.nextInt(6) == 0);
      case 11 -> {
        TestProbe<Delivery> session = live.remove(device);
        if (session != null) {
          harness.end(session, device);
        }
      }
      case 12, 13 -> ack(device, conversation, random);
      case 14 -> {
        harness.restart();
        live.clear();
        // What was delivered and not flushed is delivered again.
        told.clear();
        told.putAll(dispatched);
        harness
            .durable()
            .rows()
            .rows()
            .forEach(
                (id, visibleRow) -> {
                  told.merge(id, visibleRow.lastSeq(), Math::max);
                  shownAt.put(id, visibleRow.orderAt());
                });
        expected.values().forEach(this::cursorsAreThoseOfTheJournal);
      }
      default -> harness.tick(random.nextInt(5_000));
    }
  }

  private long end(ConversationId conversation) {
    return log.getOrDefault(conversation, 0L);
  }

  private void deliver(ConversationId conversation, long given) {
    long to = end(conversation);
    if (to == 0) {
      return;
    }
    // If the user has none of its entries, a conversation delivers at least one.
    long from = told.getOrDefault(conversation, 0L) == 0 ? Math.min(given, to) : given;
    harness.tell(
        Mail.of(conversation, Math.min(from, to + 1), to)
            .version(++version)
            .textAt(order.getOrDefault(conversation, 0L))
            .deliver());
    if (from <= told.getOrDefault(conversation, 0L) + 1) {
      told.merge(conversation, to, Math::max);
      shownAt.put(conversation, Math.max(1_000L, order.getOrDefault(conversation, 0L)));
    } else if (from > to && told.containsKey(conversation)) {
      // No entries, but a newer row: it shows where the conversation is, ahead of the delivered
      // entries.
      shownAt.put(conversation, Math.max(1_000L, order.getOrDefault(conversation, 0L)));
    }
  }

  private void attach(DeviceId device, boolean fresh) {
    String session = "s" + ++version;
    boolean known = expected.containsKey(device);
    TestProbe<Delivery> probe = harness.attach(device, session, fresh);
    live.put(device, probe);
    sessionIds.put(device, session);
    if (fresh || !known) {
      Expected fromNow = new Expected();
      fromNow.acked.putAll(told);
      expected.put(device, fromNow);
    }
    Expected e = Objects.requireNonNull(expected.get(device));
    Map<ConversationId, Long> lags = new HashMap<>();
    for (Delivery.Lag lag : harness.lag(probe)) {
      lags.put(lag.conversationId(), lag.acked());
      assertThat(lag.head()).isEqualTo(told.get(lag.conversationId()));
    }
    e.got.clear();
    told.forEach(
        (conversation, head) -> {
          long acked = e.acked.getOrDefault(conversation, 0L);
          assertThat(lags.getOrDefault(conversation, head)).isEqualTo(Math.min(acked, head));
          e.got.put(conversation, head);
        });
  }

  private void ack(DeviceId device, ConversationId conversation, Random random) {
    TestProbe<Delivery> session = live.get(device);
    if (session == null || end(conversation) == 0) {
      return;
    }
    long seq = random.nextInt((int) end(conversation) + 3);
    // Sometimes the session knows of more than the user, as after a `sent`.
    long proven = random.nextInt(4) == 0 ? end(conversation) : 0;
    harness.tell(
        new User.Acked(
            device,
            Objects.requireNonNull(sessionIds.get(device)),
            List.of(new User.Ack(conversation, seq, proven))));
    Expected e = Objects.requireNonNull(expected.get(device));
    long head = told.getOrDefault(conversation, 0L);
    if (head > 0 || proven > 0) {
      e.acked.merge(conversation, Math.min(seq, Math.max(head, proven)), Math::max);
    }
  }

  /** After a crash the cursors of devices are those of the last flush; never further. */
  private void cursorsAreThoseOfTheJournal(Expected e) {
    DeviceId device =
        expected.entrySet().stream()
            .filter(x -> x.getValue() == e)
            .findFirst()
            .orElseThrow()
            .getKey();
    Device known = Objects.requireNonNull(harness.durable().devices().get(device));
    for (ConversationId conversation : CONVERSATIONS) {
      VisibleRow visibleRow = harness.durable().rows().rows().get(conversation);
      long durable =
          visibleRow == null ? 0 : visibleRow.cursors().acked(known.number(), visibleRow.lastSeq());
      assertThat(durable).isLessThanOrEqualTo(e.acked.getOrDefault(conversation, 0L));
      e.acked.put(conversation, durable);
    }
  }

  private void check(String at) {
    for (; read < harness.conversations.size(); read++) {
      if (harness.conversations.get(read).message() instanceof User.Dispatched d) {
        ConversationId conversation = harness.conversations.get(read).to();
        VisibleRow visibleRow = harness.durable().rows().rows().get(conversation);
        assertThat(visibleRow == null ? 0 : visibleRow.lastSeq())
            .as(at)
            .isGreaterThanOrEqualTo(d.seq());
        dispatched.merge(conversation, d.seq(), Math::max);
      }
    }
    live.forEach((device, session) -> follow(at, device, session));
    List<ConversationId> inbox = harness.inbox().stream().map(InboxRow::conversationId).toList();
    List<ConversationId> wanted = new ArrayList<>(told.keySet());
    wanted.removeIf(id -> told.getOrDefault(id, 0L) == 0);
    wanted.sort(
        Comparator.comparing((ConversationId id) -> Objects.requireNonNull(shownAt.get(id)))
            .reversed()
            .thenComparing(Comparator.naturalOrder()));
    assertThat(inbox).as(at).isEqualTo(wanted);
  }

  /** The numbered deliveries in a message, of which there may be several. */
  private static List<Delivery.Vital> vital(Delivery delivery) {
    return switch (delivery) {
      case Delivery.Together several ->
          several.deliveries().stream().map(Delivery.Numbered::delivery).toList();
      case Delivery.Numbered numbered -> List.of(numbered.delivery());
      default -> List.of();
    };
  }

  /** Checks that everything that a session was sent continues without a hole. */
  private void follow(String at, DeviceId device, TestProbe<Delivery> session) {
    Expected e = Objects.requireNonNull(expected.get(device));
    ActorRef<Delivery> self = session.getRef();
    self.tell(new Delivery.Attached(harness.anyone(), List.of(), 0));
    while (true) {
      Delivery delivery = session.receiveMessage();
      if (delivery instanceof Delivery.Attached) {
        break;
      }
      for (Delivery.Vital vital : vital(delivery)) {
        if (vital instanceof Delivery.Entries entries) {
          entries
              .entries()
              .forEach(
                  entry -> {
                    long last = e.got.getOrDefault(entries.conversationId(), 0L);
                    assertThat(entry.seq()).as(at).isEqualTo(last + 1);
                    e.got.put(entries.conversationId(), entry.seq());
                  });
        }
      }
    }
    told.forEach(
        (conversation, head) ->
            assertThat(e.got.getOrDefault(conversation, 0L)).as(at).isEqualTo(head));
  }
}
