package parley.admin;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.typesafe.config.ConfigFactory;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Supplier;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.apache.pekko.actor.testkit.typed.javadsl.ActorTestKit;
import org.apache.pekko.actor.testkit.typed.javadsl.TestProbe;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.cluster.typed.Cluster;
import org.apache.pekko.cluster.typed.Join;
import org.apache.pekko.persistence.testkit.PersistenceTestKitPlugin;
import org.apache.pekko.persistence.testkit.PersistenceTestKitSnapshotPlugin;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import parley.calendar.Calendar;
import parley.calendar.CalendarBucket;
import parley.calendar.CalendarMeters;
import parley.calendar.ShardedCalendar;
import parley.model.ConversationId;

/** A conversation that never registered is entered into the calendar and asked on its day. */
@Timeout(60)
class ArchiveEnrolmentTest {
  private static final int ALL = 300;

  /** Sometimes a shard ends only when its hand-over times out, after 20 s. */
  private final ActorTestKit kit =
      ActorTestKit.create(
          "Enrolment",
          ConfigFactory.parseString("pekko.actor.testkit.typed.system-shutdown-default = 40s")
              .withFallback(PersistenceTestKitPlugin.getInstance().config())
              .withFallback(PersistenceTestKitSnapshotPlugin.config())
              .withFallback(ConfigFactory.load()));

  private final AtomicLong now = new AtomicLong(20_000 * Calendar.DAY + 7_200_000);
  private final InstantSource clock = () -> Instant.ofEpochMilli(now.get());
  private final TestProbe<ArchiveEnrolment.Started> started = kit.createTestProbe();
  private final TestProbe<ArchiveEnrolment.Progress> progress = kit.createTestProbe();

  @AfterEach
  void stop() {
    kit.shutdownTestKit();
  }

  private static Stream<ConversationId> names() {
    return IntStream.range(0, ALL).mapToObj(i -> ConversationId.group("x" + i));
  }

  private ActorRef<ArchiveEnrolment.Command> job(
      Supplier<Stream<ConversationId>> names, Calendar calendar) {
    return kit.spawn(ArchiveEnrolment.create(names, calendar, clock));
  }

  private ArchiveEnrolment.Started start(ActorRef<ArchiveEnrolment.Command> job, int perSecond) {
    job.tell(new ArchiveEnrolment.Start(perSecond, started.getRef()));
    return started.receiveMessage();
  }

  private ArchiveEnrolment.Progress progress(ActorRef<ArchiveEnrolment.Command> job) {
    job.tell(new ArchiveEnrolment.GetProgress(progress.getRef()));
    return progress.receiveMessage();
  }

  private ArchiveEnrolment.Progress ended(ActorRef<ArchiveEnrolment.Command> job) {
    return await().atMost(Duration.ofSeconds(30)).until(() -> progress(job), now -> !now.running());
  }

  @Test
  void everybodyIsCalledOnTheNextDayAndOnceHoweverOftenEntered() {
    Cluster cluster = Cluster.get(kit.system());
    cluster.manager().tell(new Join(cluster.selfMember().address()));
    Set<ConversationId> called = ConcurrentHashMap.newKeySet();
    AtomicLong calls = new AtomicLong();
    Calendar[] own = new Calendar[1];
    Calendar calendar =
        ShardedCalendar.init(
            kit.system(),
            clock,
            Duration.ofMillis(1),
            new CalendarMeters(new SimpleMeterRegistry()),
            (id, day) -> {
              calls.incrementAndGet();
              called.add(id);
              own[0].finished(id, day);
            });
    own[0] = calendar;
    ActorRef<ArchiveEnrolment.Command> job = job(ArchiveEnrolmentTest::names, calendar);
    long tomorrow = Calendar.day(now.get()) + 1;
    for (int again = 0; again < 2; again++) {
      assertThat(start(job, ArchiveEnrolment.MAX_PER_SECOND).started()).isTrue();
      assertThat(ended(job))
          .isEqualTo(
              new ArchiveEnrolment.Progress(
                  false, ArchiveEnrolment.MAX_PER_SECOND, ALL, ALL, 0, tomorrow, null));
    }
    assertThat(called).isEmpty();
    now.addAndGet(Calendar.DAY);
    await().atMost(Duration.ofSeconds(30)).until(() -> called.size() == ALL);
    // No conversation is asked because it was entered twice; one whose answer is late may be asked
    // again.
    assertThat(calls.get()).isLessThan(2 * ALL);
  }

  @Test
  void itKeepsItsPaceIsAloneAndCanBeCancelled() {
    ManualCalendar calendar = new ManualCalendar();
    ActorRef<ArchiveEnrolment.Command> job = job(ArchiveEnrolmentTest::names, calendar);
    assertThat(progress(job).running()).isFalse();
    assertThat(start(job, 1).started()).isTrue();
    await().until(() -> progress(job).entered() > 0);
    ArchiveEnrolment.Started second = start(job, 1_000);
    assertThat(second.started()).isFalse();
    assertThat(second.progress().perSecond()).isEqualTo(1);
    job.tell(new ArchiveEnrolment.Cancel(progress.getRef()));
    ArchiveEnrolment.Progress cancelled = progress.receiveMessage();
    assertThat(cancelled.running()).isFalse();
    assertThat(cancelled.stopped()).isEqualTo("cancelled");
    assertThat(cancelled.seen()).isBetween(1L, 60L);
    // A new job starts from the beginning.
    assertThat(start(job, ArchiveEnrolment.MAX_PER_SECOND).started()).isTrue();
    assertThat(ended(job).entered()).isEqualTo(ALL);
  }

  @Test
  void fullDaysPutItOff() {
    ManualCalendar calendar = new ManualCalendar();
    long tomorrow = Calendar.day(now.get()) + 1;
    calendar.fullUntil = tomorrow + 2;
    ActorRef<ArchiveEnrolment.Command> job = job(ArchiveEnrolmentTest::names, calendar);
    start(job, ArchiveEnrolment.MAX_PER_SECOND);
    ArchiveEnrolment.Progress all = ended(job);
    assertThat(all.entered()).isEqualTo(ALL);
    assertThat(all.lastDay()).isEqualTo(tomorrow + 3);
  }

  @Test
  void aStoreThatFailsEndsIt() {
    ActorRef<ArchiveEnrolment.Command> job =
        job(
            () ->
                names()
                    .peek(
                        id -> {
                          if (id.equals(ConversationId.group("x10"))) {
                            throw new IllegalStateException("by hand");
                          }
                        }),
            new ManualCalendar());
    start(job, ArchiveEnrolment.MAX_PER_SECOND);
    ArchiveEnrolment.Progress ended = ended(job);
    assertThat(ended.stopped()).isEqualTo("the store cannot be read");
    assertThat(ended.seen()).isLessThanOrEqualTo(10);
  }

  /** A calendar that answers at once. The test decides which days are full. */
  private static final class ManualCalendar implements Calendar {
    volatile long fullUntil;

    @Override
    public void register(ConversationId id, long day, ActorRef<CalendarBucket.Answer> replyTo) {
      replyTo.tell(
          day <= fullUntil
              ? new CalendarBucket.NotThatDay(id, day, day + 1)
              : new CalendarBucket.Registered(id, day));
    }

    @Override
    public void finished(ConversationId id, long day) {}
  }
}
