package parley.conversation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import org.apache.pekko.actor.testkit.typed.javadsl.ActorTestKit;
import org.apache.pekko.actor.testkit.typed.javadsl.TestProbe;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.cluster.sharding.typed.ShardingEnvelope;
import org.apache.pekko.cluster.typed.Cluster;
import org.apache.pekko.cluster.typed.Join;
import org.apache.pekko.persistence.testkit.javadsl.PersistenceTestKit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import parley.calendar.Calendar;
import parley.calendar.CalendarMeters;
import parley.calendar.ShardedCalendar;
import parley.model.ConversationId;
import parley.model.EntryIntent;
import parley.model.Profile;
import parley.model.UserId;
import parley.snapshot.SnapshotSchedule;
import parley.telemetry.Telemetry;
import parley.user.User;

/** All sharded entities together: conversations leave memory, and are archived on their day. */
@Timeout(120)
class ArchivingByCalendarTest {
  private static final int CONVERSATIONS = 20;
  private static final int HOT_DAYS = 2;

  @Test
  void unusedConversationIsArchivedOnItsDay() {
    ActorTestKit kit = ActorTestKit.create("ByCalendar", ConversationHarness.IN_MEMORY);
    try (Telemetry telemetry = new Telemetry()) {
      PersistenceTestKit journal = PersistenceTestKit.create(kit.system());
      Cluster cluster = Cluster.get(kit.system());
      cluster.manager().tell(new Join(cluster.selfMember().address()));
      AtomicLong now = new AtomicLong(20_000 * Calendar.DAY + 7_200_000);
      InstantSource clock = () -> Instant.ofEpochMilli(now.get());
      AtomicReference<ActorRef<ShardingEnvelope<Conversation.Command>>> region =
          new AtomicReference<>();
      MemoryTier tier = new MemoryTier();
      Calendar calendar =
          ShardedCalendar.init(
              kit.system(),
              clock,
              Duration.ofMillis(1),
              new CalendarMeters(telemetry.registry()),
              (id, day) -> tell(region, id, new Conversation.Archive(day)));
      AtomicLong ids = new AtomicLong();
      region.set(
          ConversationSharding.init(
              kit.system(),
              new ConversationDependencies(
                  new ConversationSettings(
                      Duration.ofMillis(1),
                      Duration.ofMillis(20),
                      Duration.ofMillis(100),
                      SnapshotSchedule.every(200),
                      "pekko.persistence.testkit.query"),
                  (user, message) -> user(region, user, message),
                  clock,
                  () -> "m" + ids.incrementAndGet(),
                  id -> {},
                  telemetry,
                  new ArchiveDependencies(
                      tier,
                      Duration.ofDays(HOT_DAYS),
                      new ArchiveRate(60_000_000, System::nanoTime),
                      calendar))));

      TestProbe<Conversation.PostReply> posts = kit.createTestProbe();
      List<ConversationId> all = new ArrayList<>();
      for (int i = 0; i < CONVERSATIONS; i++) {
        UserId peer = new UserId("u_" + i);
        ConversationId id = ConversationId.direct(ConversationHarness.ANN, peer);
        all.add(id);
        tell(
            region,
            id,
            new Conversation.Post(
                ConversationHarness.ANN,
                "first",
                new EntryIntent.Text("hello " + i, null, List.of()),
                peer,
                posts.getRef()));
      }
      posts.receiveSeveralMessages(CONVERSATIONS, Duration.ofSeconds(30));
      await()
          .atMost(Duration.ofSeconds(30))
          .until(
              () ->
                  all.stream()
                      .allMatch(id -> last(journal, id) instanceof ConversationEvent.Settled));
      assertThat(last(journal, all.getFirst()))
          .isEqualTo(new ConversationEvent.Settled(Calendar.day(now.get()) + HOT_DAYS + 1));

      now.addAndGet((HOT_DAYS + 1) * Calendar.DAY);
      await()
          .atMost(Duration.ofSeconds(60))
          .until(() -> all.stream().allMatch(id -> tier.segments(id).size() == 1));
      // They leave memory again, and sharding has nothing left to remember.
      await()
          .atMost(Duration.ofSeconds(30))
          .until(
              () ->
                  all.stream()
                      .allMatch(id -> new ConversationEvent.Settled(0).equals(last(journal, id))));
      TestProbe<Conversation.PageReply> pages = kit.createTestProbe();
      tell(
          region,
          all.getLast(),
          new Conversation.GetPage(ConversationHarness.ANN, null, 0L, 10, false, pages.getRef()));
      assertThat(pages.expectMessageClass(Conversation.Page.class).page().entries()).hasSize(1);
    } finally {
      kit.shutdownTestKit();
    }
  }

  private static Object last(PersistenceTestKit journal, ConversationId id) {
    List<Object> all = journal.persistedInStorage(LogReader.persistenceId(id));
    return all.isEmpty() ? "nothing" : all.getLast();
  }

  private static void tell(
      AtomicReference<ActorRef<ShardingEnvelope<Conversation.Command>>> region,
      ConversationId id,
      Conversation.Command message) {
    Objects.requireNonNull(region.get()).tell(new ShardingEnvelope<>(id.value(), message));
  }

  /** A user that exists and acknowledges everything at once. */
  private static void user(
      AtomicReference<ActorRef<ShardingEnvelope<Conversation.Command>>> region,
      UserId user,
      User.Command message) {
    switch (message) {
      case User.GetProfile get ->
          get.replyTo().tell(new User.Found(new Profile(user, user.value(), user.value(), null)));
      case User.Deliver deliver ->
          tell(
              region,
              deliver.conversationId(),
              new Conversation.FromUser(
                  new User.Dispatched(user, deliver.header().lastSeq(), deliver.version())));
      default -> {}
    }
  }
}
