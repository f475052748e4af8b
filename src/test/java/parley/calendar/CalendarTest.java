package parley.calendar;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.typesafe.config.ConfigFactory;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.pekko.actor.testkit.typed.javadsl.ActorTestKit;
import org.apache.pekko.actor.testkit.typed.javadsl.TestProbe;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.Behavior;
import org.apache.pekko.actor.typed.javadsl.Behaviors;
import org.apache.pekko.persistence.testkit.PersistenceTestKitPlugin;
import org.apache.pekko.persistence.testkit.PersistenceTestKitSnapshotPlugin;
import org.apache.pekko.persistence.testkit.javadsl.PersistenceTestKit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import parley.model.ConversationId;

/** Buckets and clocks: a registered conversation is asked on its day until it is finished. */
@Timeout(60)
class CalendarTest {
  private final ActorTestKit kit =
      ActorTestKit.create(
          "Calendar",
          ConfigFactory.parseString(
                  """
                  pekko.persistence.testkit.events.serialize = on
                  pekko.persistence.testkit.snapshots.serialize = on
                  pekko.loglevel = WARNING
                  """)
              .withFallback(PersistenceTestKitPlugin.getInstance().config())
              .withFallback(PersistenceTestKitSnapshotPlugin.config())
              .withFallback(ConfigFactory.load()));
  private final PersistenceTestKit journal = PersistenceTestKit.create(kit.system());
  private final AtomicLong now = new AtomicLong(20_000 * Calendar.DAY + 3_600_000 * 2);
  private final InstantSource time = () -> Instant.ofEpochMilli(now.get());
  private final TestProbe<CalendarBucket.Answer> answers = kit.createTestProbe();
  private final TestProbe<CalendarBucket.Waiting> waiting = kit.createTestProbe();
  private final ActorRef<ToBucket> buckets = kit.spawn(buckets());
  private final SimpleMeterRegistry registry = new SimpleMeterRegistry();
  private final CalendarMeters meters = new CalendarMeters(registry);
  private final List<String> asked = new CopyOnWriteArrayList<>();
  private final Set<ConversationId> dead = ConcurrentHashMap.newKeySet();
  private final Map<Integer, ActorRef<CalendarClock.Command>> clocks = new HashMap<>();

  @AfterEach
  void stop() {
    kit.shutdownTestKit();
  }

  /** A message on its way to a bucket. */
  private record ToBucket(String name, CalendarBucket.Command message) {}

  /** Starts a bucket when a message for it arrives, as sharding does. */
  private Behavior<ToBucket> buckets() {
    return Behaviors.setup(
        context -> {
          Map<String, ActorRef<CalendarBucket.Command>> all = new HashMap<>();
          return Behaviors.receiveMessage(
              to -> {
                all.computeIfAbsent(
                        to.name(),
                        name -> context.spawnAnonymous(CalendarBucket.create(name, time, null)))
                    .tell(to.message());
                if (to.message().equals(CalendarBucket.stop())) {
                  all.remove(to.name());
                }
                return Behaviors.same();
              });
        });
  }

  private void tell(long day, int slot, CalendarBucket.Command message) {
    buckets.tell(new ToBucket(CalendarBucket.name(day, slot), message));
  }

  private static ConversationId id(int number) {
    return ConversationId.group("x" + number);
  }

  private long today() {
    return Calendar.day(now.get());
  }

  private void register(ConversationId id, long day) {
    tell(day, CalendarBucket.slot(id), new CalendarBucket.Register(id, answers.getRef()));
    answers.expectMessage(new CalendarBucket.Registered(id, day));
  }

  private List<ConversationId> waiting(long day, int slot) {
    tell(day, slot, new CalendarBucket.Ask(100, waiting.getRef()));
    return waiting.receiveMessage().ids();
  }

  /** Conversations that archive at once, except for the dead ones. */
  private final CalendarClock.Recipients recipients =
      new CalendarClock.Recipients() {
        @Override
        public void tellBucket(long day, int slot, CalendarBucket.Command message) {
          tell(day, slot, message);
        }

        @Override
        public void askConversation(ConversationId id, long day) {
          asked.add(id.value() + "@" + day);
          if (!dead.contains(id)) {
            tell(day, CalendarBucket.slot(id), new CalendarBucket.Finished(id));
          }
        }
      };

  private void startClocks() {
    for (int i = 0; i < CalendarClock.CLOCKS; i++) {
      clocks.put(
          i, kit.spawn(CalendarClock.create(i, time, Duration.ofMillis(5), recipients, meters)));
    }
  }

  private void stopClocks() {
    clocks.values().forEach(kit::stop);
    clocks.clear();
  }

  private long clockDay(int number) {
    List<Object> all = journal.persistedInStorage("archive-clock|" + number);
    return all.isEmpty() ? 0 : ((CalendarClockEvent) all.getLast()).day();
  }

  private void awaitDay(long day) {
    await()
        .atMost(Duration.ofSeconds(30))
        .until(
            () -> {
              for (int i = 0; i < CalendarClock.CLOCKS; i++) {
                if (clockDay(i) != day) {
                  return false;
                }
              }
              return true;
            });
  }

  @Test
  void registrationsSurviveARestartAndAreRemovedOnce() {
    long day = today() + 3;
    register(id(1), day);
    register(id(1), day);
    int slot = CalendarBucket.slot(id(1));
    tell(day, slot, CalendarBucket.stop());
    assertThat(waiting(day, slot)).containsExactly(id(1));
    tell(day, slot, new CalendarBucket.Finished(id(1)));
    assertThat(waiting(day, slot)).isEmpty();
    tell(day, slot, CalendarBucket.stop());
    assertThat(waiting(day, slot)).isEmpty();
  }

  @Test
  void aDayThatHasComeOrIsFullSendsOn() {
    tell(today(), CalendarBucket.slot(id(1)), new CalendarBucket.Register(id(1), answers.getRef()));
    answers.expectMessage(new CalendarBucket.NotThatDay(id(1), today(), today() + 1));
    long day = today() + 1;
    List<CalendarBucket.Answer> all = new ArrayList<>();
    // At most as many at once as the stash holds.
    for (int i = 0; i <= CalendarBucket.CAPACITY; i++) {
      tell(day, 7, new CalendarBucket.Register(id(i), answers.getRef()));
      if (i % 1_000 == 999 || i == CalendarBucket.CAPACITY) {
        all.addAll(answers.receiveSeveralMessages(i + 1 - all.size(), Duration.ofSeconds(30)));
      }
    }
    assertThat(all)
        .filteredOn(a -> a instanceof CalendarBucket.Registered)
        .hasSize(CalendarBucket.CAPACITY);
    assertThat(all)
        .contains(new CalendarBucket.NotThatDay(id(CalendarBucket.CAPACITY), day, day + 1));
  }

  @Test
  void onTheDayAllAreAskedAndNothingIsLeftBehind() {
    startClocks();
    awaitDay(today() + 1);
    long day = today() + 2;
    for (int i = 0; i < 40; i++) {
      register(id(i), day);
    }
    now.addAndGet(Calendar.DAY);
    awaitDay(today() + 1);
    assertThat(asked).isEmpty();
    // A restart in between: the days of the clocks are durable.
    stopClocks();
    now.addAndGet(Calendar.DAY);
    startClocks();
    awaitDay(day + 1);
    assertThat(asked).hasSize(40).allMatch(one -> one.endsWith("@" + day));
    await()
        .until(
            () ->
                journal
                    .persistedInStorage(
                        "archive-day|" + CalendarBucket.name(day, CalendarBucket.slot(id(1))))
                    .isEmpty());
  }

  @Test
  void aConversationThatNeverAnswersIsPutOffAndHoldsUpNobody() {
    long day = today() + 1;
    startClocks();
    awaitDay(today() + 1);
    register(id(1), day);
    register(id(2), day);
    dead.add(id(1));
    now.addAndGet(Calendar.DAY);
    await()
        .atMost(Duration.ofSeconds(40))
        .until(
            () -> {
              now.addAndGet(31_000);
              return clockDay(CalendarBucket.slot(id(1)) % CalendarClock.CLOCKS) == day + 1;
            });
    assertThat(asked.stream().filter(("g_x1@" + day)::equals)).hasSize(CalendarClock.MAX_REQUESTS);
    assertThat(waiting(Calendar.day(now.get()) + 1, CalendarBucket.slot(id(1))))
        .containsExactly(id(1));
    assertThat(registry.get(CalendarMeters.POSTPONED).counter().count()).isEqualTo(1);
  }

  /** A day counts as late when the next one has come and the clock is not done with it. */
  @Test
  void theDaysThatAClockIsLateAreMeasured() {
    startClocks();
    awaitDay(today() + 1);
    assertThat(daysBehind()).isZero();
    long day = today() + 1;
    register(id(1), day);
    dead.add(id(1));
    now.addAndGet(Calendar.DAY);
    await().until(() -> asked.contains("g_x1@" + day));
    assertThat(daysBehind()).isZero();
    now.addAndGet(2 * Calendar.DAY);
    await().untilAsserted(() -> assertThat(daysBehind()).isEqualTo(2));
    stopClocks();
    assertThat(daysBehind()).isZero();
  }

  private double daysBehind() {
    return registry.get(CalendarMeters.BEHIND).gauge().value();
  }

  @Test
  void theClockTurnedForwardAndBackLosesNobody() {
    startClocks();
    awaitDay(today() + 1);
    long day = today() + 2;
    now.addAndGet(4 * Calendar.DAY);
    awaitDay(today() + 1);
    now.addAndGet(-4 * Calendar.DAY);
    awaitDay(today() + 1);
    register(id(1), day);
    now.addAndGet(2 * Calendar.DAY);
    awaitDay(today() + 1);
    assertThat(asked).containsExactly("g_x1@" + day);
  }
}
