package parley.conversation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.InputStream;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;
import org.apache.pekko.actor.testkit.typed.javadsl.ActorTestKit;
import org.apache.pekko.actor.testkit.typed.javadsl.TestProbe;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.persistence.testkit.javadsl.PersistenceTestKit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import parley.model.ConversationId;

/** Conversations that sharding remembered in the previous version get reminders. */
class ReminderAdoptionTest {
  private static final String SHARDS = "/sharding/conversationCoordinator";
  private static final Duration PATIENCE = Duration.ofSeconds(30);

  private final ActorTestKit kit =
      ActorTestKit.create("ReminderAdoption", ConversationHarness.IN_MEMORY);
  private final PersistenceTestKit journal = PersistenceTestKit.create(kit.system());

  /** The lists that the old version left, by name; a list that is null cannot be read. */
  private final Map<String, @Nullable Set<String>> lists = new HashMap<>();

  private final List<String> read = Collections.synchronizedList(new ArrayList<>());
  private final Map<ConversationId, ActorRef<ConversationReminder.Adopted>> asked =
      new ConcurrentHashMap<>();
  private final TestProbe<Object> ended = kit.createTestProbe();

  @AfterEach
  void stop() {
    kit.shutdownTestKit();
  }

  private ActorRef<ReminderAdoption.Command> start() {
    return kit.spawn(
        ReminderAdoption.create(
            (id, message) -> asked.put(id, ((ConversationReminder.Adopt) message).replyTo()),
            (context, id, replyTo) -> {
              read.add(id);
              replyTo.tell(
                  new RememberedEntitiesLog.Found(
                      id, lists.containsKey(id) ? lists.get(id) : Set.of()));
            },
            Duration.ofMillis(1)));
  }

  private void answer(String id) {
    ConversationId one = new ConversationId(id);
    ActorRef<ConversationReminder.Adopted> to = asked.remove(one);
    assertThat(to).isNotNull();
    to.tell(new ConversationReminder.Adopted(one));
  }

  private Set<String> asked() {
    Set<String> names = new TreeSet<>();
    asked.keySet().forEach(id -> names.add(id.value()));
    return names;
  }

  private void twoShards() {
    lists.put(SHARDS, Set.of("5", "17"));
    lists.put("/sharding/conversationShard/5", Set.of("g_1", "g_2"));
    lists.put("/sharding/conversationShard/17", Set.of("g_3", "not an id"));
  }

  private List<Object> noted() {
    return journal.persistedInStorage("adoption|conversations");
  }

  @Test
  void emptyListCompletesAfterOneRead() {
    ended.expectTerminated(start(), PATIENCE);
    assertThat(read).containsExactly(SHARDS);
    assertThat(noted()).containsExactly(new AdoptionEvent.Done(0));
    assertThat(asked).isEmpty();
  }

  @Test
  void completedAdoptionIsNotReadAgain() {
    ended.expectTerminated(start(), PATIENCE);
    twoShards();
    read.clear();
    ended.expectTerminated(start(), PATIENCE);
    assertThat(read).isEmpty();
    assertThat(noted()).hasSize(1);
  }

  @Test
  void adoptionCompletesWhenEveryReminderHasAnswered() {
    twoShards();
    ActorRef<ReminderAdoption.Command> adoption = start();
    // Lists are read one after the other, in any order.
    while (asked().size() < 3 && read.size() < 3) {
      await().atMost(PATIENCE).until(() -> !asked().isEmpty());
      assertThat(noted()).isEmpty();
      if (asked().contains("g_3")) {
        assertThat(asked()).containsExactly("g_3");
        answer("g_3");
        await().atMost(PATIENCE).until(() -> asked().size() == 2);
      } else {
        await().atMost(PATIENCE).until(() -> asked().size() == 2);
        answer("g_1");
        // A reminder that does not answer is asked again, and only that one.
        asked.clear();
        await().atMost(PATIENCE).until(() -> asked().equals(Set.of("g_2")));
        answer("g_2");
        await().atMost(PATIENCE).until(() -> asked().contains("g_3"));
      }
    }
    assertThat(noted()).isEmpty();
    for (String id : asked()) {
      answer(id);
    }
    ended.expectTerminated(adoption, PATIENCE);
    assertThat(noted()).containsExactly(new AdoptionEvent.Done(3));
  }

  /** The interruption comes between a reminder's answer and the event that records the end. */
  @Test
  void interruptedAdoptionStartsAgain() {
    lists.put(SHARDS, Set.of("5"));
    lists.put("/sharding/conversationShard/5", Set.of("g_1", "g_2"));
    ActorRef<ReminderAdoption.Command> cut = start();
    await().atMost(PATIENCE).until(() -> asked().equals(Set.of("g_1", "g_2")));
    answer("g_1");
    kit.stop(cut);
    assertThat(noted()).isEmpty();
    asked.clear();

    ActorRef<ReminderAdoption.Command> next = start();
    await().atMost(PATIENCE).until(() -> asked().equals(Set.of("g_1", "g_2")));
    answer("g_1");
    answer("g_2");
    ended.expectTerminated(next, PATIENCE);
    assertThat(noted()).containsExactly(new AdoptionEvent.Done(2));
  }

  @Test
  void thousandsOfRemindersAreAdoptedAFewAtATime() {
    Set<String> many = new TreeSet<>();
    for (int i = 0; i < 500; i++) {
      many.add("g_" + i);
    }
    lists.put(SHARDS, Set.of("5"));
    lists.put("/sharding/conversationShard/5", many);
    ActorRef<ReminderAdoption.Command> adoption = start();
    for (int i = 0; i < 500; i++) {
      await().atMost(PATIENCE).until(() -> !asked.isEmpty());
      assertThat(asked).hasSizeLessThanOrEqualTo(ReminderAdoption.AT_ONCE);
      answer(asked().iterator().next());
    }
    ended.expectTerminated(adoption, PATIENCE);
    assertThat(noted()).containsExactly(new AdoptionEvent.Done(500));
  }

  @Test
  void unreadableListIsRetriedWithoutBlockingOthers() {
    twoShards();
    lists.put("/sharding/conversationShard/5", null);
    ActorRef<ReminderAdoption.Command> adoption = start();
    await().atMost(PATIENCE).until(() -> asked().equals(Set.of("g_3")));
    answer("g_3");
    ended.expectTerminated(adoption, PATIENCE);
    assertThat(Collections.frequency(read, "/sharding/conversationShard/5"))
        .isEqualTo(ReminderAdoption.TRIES);
    assertThat(noted()).isEmpty();
    // At the next start the list can be read.
    lists.put("/sharding/conversationShard/5", Set.of("g_1"));
    ActorRef<ReminderAdoption.Command> next = start();
    await()
        .atMost(PATIENCE)
        .until(
            () -> {
              asked().forEach(this::answer);
              return !noted().isEmpty();
            });
    ended.expectTerminated(next, PATIENCE);
    assertThat(noted()).containsExactly(new AdoptionEvent.Done(2));
  }

  @Test
  void storedEventKeepsItsForm() throws Exception {
    ObjectMapper json = new ObjectMapper();
    AdoptionEvent done = new AdoptionEvent.Done(7);
    try (InputStream in =
        ReminderAdoptionTest.class.getResourceAsStream("/golden/adoption/done.json")) {
      assertThat(in).isNotNull();
      byte[] golden = in.readAllBytes();
      assertThat(json.readValue(golden, AdoptionEvent.class)).isEqualTo(done);
      assertThat(json.readTree(json.writeValueAsBytes(done))).isEqualTo(json.readTree(golden));
    }
  }
}
