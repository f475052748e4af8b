package parley.journal;

import static org.assertj.core.api.Assertions.assertThat;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.stream.IntStream;
import org.apache.pekko.actor.ActorRef;
import org.apache.pekko.actor.ActorSystem;
import org.apache.pekko.persistence.AtomicWrite;
import org.apache.pekko.persistence.DeleteMessagesSuccess;
import org.apache.pekko.persistence.JournalProtocol.DeleteMessagesTo;
import org.apache.pekko.persistence.JournalProtocol.RecoverySuccess;
import org.apache.pekko.persistence.JournalProtocol.ReplayMessages;
import org.apache.pekko.persistence.JournalProtocol.ReplayedMessage;
import org.apache.pekko.persistence.JournalProtocol.WriteMessageRejected;
import org.apache.pekko.persistence.JournalProtocol.WriteMessageSuccess;
import org.apache.pekko.persistence.JournalProtocol.WriteMessages;
import org.apache.pekko.persistence.JournalProtocol.WriteMessagesSuccessful$;
import org.apache.pekko.persistence.Persistence;
import org.apache.pekko.persistence.PersistentEnvelope;
import org.apache.pekko.persistence.PersistentRepr;
import org.apache.pekko.testkit.javadsl.TestKit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestInstance.Lifecycle;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import scala.jdk.javaapi.CollectionConverters;

/**
 * The rules of Pekko Persistence for journal plugins, as in its own compatibility kit, tested with
 * the journal's own messages. Each store has a subclass.
 */
@TestInstance(Lifecycle.PER_CLASS)
@Timeout(60)
public abstract class JournalRules {
  private static final Duration PATIENCE = Duration.ofSeconds(20);
  private static final int INSTANCE = 7;

  private ActorSystem system;
  private ActorRef journal;
  private TestKit probe;
  private String id;
  private final String writer = UUID.randomUUID().toString();

  /**
   * Opens the store, and returns the configuration that makes the plugin under test the system's
   * journal.
   */
  protected abstract Config open() throws Exception;

  /** Closes the store, after its actor system. */
  protected abstract void close();

  @BeforeAll
  void start() throws Exception {
    system =
        ActorSystem.create(
            "journal-rules",
            ConfigFactory.parseString("pekko.actor.provider = local\n" + ReferencingEvent.BINDING)
                .withFallback(open())
                .withFallback(ConfigFactory.load())
                .resolve());
    journal = Persistence.get(system).journalFor("", ConfigFactory.empty());
  }

  @AfterAll
  void stop() {
    TestKit.shutdownActorSystem(system);
    close();
  }

  /** Each test has an entity of its own, with five events, the last two of them one write. */
  @BeforeEach
  void five() {
    probe = new TestKit(system);
    id = "rules-" + UUID.randomUUID();
    write(id, 1, 5);
  }

  @ParameterizedTest
  @CsvSource({
    // from, to, at most, and what comes: from, to
    "1, max, max, 1, 5",
    "3, max, max, 3, 5",
    "1, 3, max, 1, 3",
    "1, max, 3, 1, 3",
    "2, 3, max, 2, 3",
    "2, 5, 2, 2, 3",
    "2, 2, max, 2, 2",
    "2, 4, 1, 2, 2",
    "2, 4, 0, 1, 0",
    "3, 2, max, 1, 0",
    "6, max, max, 1, 0",
    "0, max, max, 1, 5"
  })
  void eventsWithinTheBoundsAreReplayed(String from, String to, String most, int first, int last) {
    assertThat(replayed(number(from), number(to), number(most))).isEqualTo(events(first, last));
    assertHighest(5);
  }

  /** The same for an entity with more events than any store has in a page. */
  @ParameterizedTest
  @CsvSource({
    "1, max, max, 1, 205",
    "95, 105, max, 95, 105",
    "99, max, 3, 99, 101",
    "100, 100, max, 100, 100",
    "200, max, max, 200, 205",
    "101, 199, max, 101, 199"
  })
  void eventsOfSeveralPagesWithinTheBoundsAreReplayed(
      String from, String to, String most, int first, int last) {
    write(id, 6, 205);
    assertThat(replayed(number(from), number(to), number(most))).isEqualTo(events(first, last));
    assertHighest(205);
  }

  @Test
  void anEntityWithoutEventsReplaysNothing() {
    id = "nobody";
    assertThat(replayed(0, Long.MAX_VALUE, Long.MAX_VALUE)).isEmpty();
    assertHighest(0);
  }

  @Test
  void eventsOfOtherEntitiesAreNotReplayed() {
    String first = id;
    for (String other : List.of(first + "-0", first + "-1", first + "0")) {
      id = other;
      write(other, 1, 3);
      assertThat(replayed(1, Long.MAX_VALUE, Long.MAX_VALUE)).isEqualTo(events(1, 3));
    }
    id = first;
    assertThat(replayed(1, Long.MAX_VALUE, Long.MAX_VALUE)).isEqualTo(events(1, 5));
  }

  @Test
  void deletedEventsAreNotReplayed() {
    delete(3);
    assertThat(replayed(1, Long.MAX_VALUE, Long.MAX_VALUE)).isEqualTo(events(4, 5));
    // A smaller deletion afterwards brings nothing back.
    delete(2);
    assertThat(replayed(1, Long.MAX_VALUE, Long.MAX_VALUE)).isEqualTo(events(4, 5));
  }

  @Test
  void theHighestNumberStaysAfterADeletion() {
    delete(3);
    assertHighest(5);
    assertThat(replayed(1, 4, Long.MAX_VALUE)).isEqualTo(events(4, 4));
    assertHighest(5);
  }

  @Test
  void theHighestNumberStaysAfterAllEventsAreDeleted() {
    delete(Long.MAX_VALUE);
    assertThat(replayed(0, Long.MAX_VALUE, Long.MAX_VALUE)).isEmpty();
    assertHighest(5);
  }

  /** No number is given twice, across pages too. */
  @ParameterizedTest
  @CsvSource({"5, 5", "99, 99", "100, 100", "101, 100", "205, 205", "205, 140", "205, 204"})
  void numbersGoOnAfterADeletion(int written, int deleted) {
    if (written > 5) {
      write(id, 6, written);
    }
    delete(deleted);
    assertHighest(written);
    write(id, written + 1, written + 2);
    assertHighest(written + 2);
    assertThat(replayed(1, Long.MAX_VALUE, Long.MAX_VALUE))
        .isEqualTo(events(deleted + 1, written + 2));
  }

  /** The other events of the same message are stored. */
  @Test
  void onlyTheEventThatCannotBeSerializedIsRejected() {
    Object never = new Object();
    journal.tell(
        new WriteMessages(
            CollectionConverters.asScala(
                    List.<PersistentEnvelope>of(
                        AtomicWrite.apply(event(id, 6, "a-6")),
                        AtomicWrite.apply(event(id, 7, never)),
                        AtomicWrite.apply(event(id, 8, "a-8"))))
                .toList(),
            probe.getRef(),
            INSTANCE),
        ActorRef.noSender());
    probe.expectMsg(PATIENCE, WriteMessagesSuccessful$.MODULE$);
    assertStored(6);
    WriteMessageRejected rejected = probe.expectMsgClass(PATIENCE, WriteMessageRejected.class);
    assertThat(rejected.message().sequenceNr()).isEqualTo(7);
    assertThat(rejected.message().payload()).isSameAs(never);
    assertThat(rejected.actorInstanceId()).isEqualTo(INSTANCE);
    assertStored(8);
    assertThat(replayed(6, Long.MAX_VALUE, Long.MAX_VALUE)).containsExactly("6 a-6", "8 a-8");
  }

  @Test
  void eventsAreSerializedByTheActorSystem() {
    ReferencingEvent event = new ReferencingEvent(probe.getRef());
    journal.tell(
        new WriteMessages(
            CollectionConverters.asScala(
                    List.<PersistentEnvelope>of(AtomicWrite.apply(event(id, 6, event))))
                .toList(),
            probe.getRef(),
            INSTANCE),
        ActorRef.noSender());
    probe.expectMsg(PATIENCE, WriteMessagesSuccessful$.MODULE$);
    assertStored(6);
    assertThat(replayed(6, Long.MAX_VALUE, Long.MAX_VALUE)).containsExactly("6 " + event);
  }

  // ---- helpers

  private static long number(String text) {
    return text.equals("max") ? Long.MAX_VALUE : Long.parseLong(text);
  }

  private static List<String> events(int from, int to) {
    return IntStream.rangeClosed(from, to).mapToObj(n -> n + " a-" + n).toList();
  }

  private PersistentRepr event(String of, long number, Object payload) {
    return PersistentRepr.apply(payload, number, of, "", false, ActorRef.noSender(), writer);
  }

  private void write(String of, int from, int to) {
    List<PersistentEnvelope> writes = new ArrayList<>();
    for (int n = from; n < to - 1; n++) {
      writes.add(AtomicWrite.apply(event(of, n, "a-" + n)));
    }
    if (to > from) {
      writes.add(
          AtomicWrite.apply(
              CollectionConverters.asScala(
                      List.of(event(of, to - 1, "a-" + (to - 1)), event(of, to, "a-" + to)))
                  .toList()));
    } else {
      writes.add(AtomicWrite.apply(event(of, to, "a-" + to)));
    }
    journal.tell(
        new WriteMessages(CollectionConverters.asScala(writes).toList(), probe.getRef(), INSTANCE),
        ActorRef.noSender());
    probe.expectMsg(PATIENCE, WriteMessagesSuccessful$.MODULE$);
    IntStream.rangeClosed(from, to).forEach(this::assertStored);
  }

  private void assertStored(int number) {
    WriteMessageSuccess stored = probe.expectMsgClass(PATIENCE, WriteMessageSuccess.class);
    assertThat(stored.persistent().sequenceNr()).isEqualTo(number);
    assertThat(stored.persistent().persistenceId()).isEqualTo(id);
    assertThat(stored.persistent().writerUuid()).isEqualTo(writer);
    assertThat(stored.actorInstanceId()).isEqualTo(INSTANCE);
  }

  private void delete(long to) {
    journal.tell(new DeleteMessagesTo(id, to, probe.getRef()), ActorRef.noSender());
    probe.expectMsg(PATIENCE, new DeleteMessagesSuccess(to));
  }

  private void assertHighest(long number) {
    journal.tell(new ReplayMessages(1, 0, 0, id, probe.getRef()), ActorRef.noSender());
    probe.expectMsg(PATIENCE, new RecoverySuccess(number));
  }

  /** The number and payload of each event, in order of arrival. */
  private List<String> replayed(long from, long to, long most) {
    journal.tell(new ReplayMessages(from, to, most, id, probe.getRef()), ActorRef.noSender());
    List<String> events = new ArrayList<>();
    while (probe.receiveOne(PATIENCE) instanceof ReplayedMessage message) {
      PersistentRepr one = message.persistent();
      assertThat(one.persistenceId()).isEqualTo(id);
      assertThat(one.writerUuid()).isEqualTo(writer);
      assertThat(one.deleted()).isFalse();
      events.add(one.sequenceNr() + " " + one.payload());
    }
    assertThat(probe.getLastSender()).isNotNull();
    return events;
  }
}
