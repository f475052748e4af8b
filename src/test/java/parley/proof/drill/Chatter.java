package parley.proof.drill;

import com.fasterxml.jackson.databind.JsonNode;
import java.net.URI;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.OptionalLong;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import parley.client.Answer;
import parley.client.ClientIds;
import parley.client.JsonTrees;
import parley.client.ParleyClient;
import parley.client.TestAccount;

/**
 * Two people in several conversations of whom one writes by HTTP all the time. A message without an
 * answer is sent again under its id, as an app does. At the end each acknowledged message must be
 * in its log once.
 */
final class Chatter implements AutoCloseable {
  private final ParleyClient client;
  private final TestAccount ann;
  private final List<String> conversations;

  /** Id of an acknowledged message → when, by the clock of nanoseconds. */
  private final Map<String, Long> acknowledged = new ConcurrentHashMap<>();

  private final Map<Integer, Integer> answers = new TreeMap<>();
  private final CountDownLatch end = new CountDownLatch(1);
  private final Thread thread;
  private final Set<String> found = new HashSet<>();
  private long longestMillis;

  Chatter(URI at, TestAccount ann, List<String> conversations) {
    this.client = new ParleyClient(at);
    this.ann = ann;
    this.conversations = List.copyOf(conversations);
    this.thread = Thread.ofPlatform().daemon().start(this::write);
  }

  private void write() {
    int number = 0;
    try {
      while (!end.await(50, TimeUnit.MILLISECONDS)) {
        one(conversations.get(number++ % conversations.size()));
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void one(String conversation) throws InterruptedException {
    String id = ClientIds.next();
    long since = System.nanoTime();
    int status = 0;
    while (status != 201 && status != 200 && !end.await(100, TimeUnit.MILLISECONDS)) {
      status = post(conversation, id);
      answers.merge(status, 1, Integer::sum);
    }
    if (status == 201 || status == 200) {
      longestMillis = Math.max(longestMillis, (System.nanoTime() - since) / 1_000_000);
    }
  }

  private int post(String conversation, String id) {
    try {
      Answer answer =
          client.post(
              "/v1/messages",
              ann.accessToken(),
              JsonTrees.obj(
                  "conversation_id",
                  conversation,
                  "client_msg_id",
                  id,
                  "type",
                  "text",
                  "content",
                  "x"));
      if (answer.status() < 300) {
        acknowledged.put(answer.body().path("message_id").asText(), System.nanoTime());
      }
      return answer.status();
    } catch (RuntimeException | AssertionError e) {
      return 0;
    }
  }

  /** How many messages were acknowledged so far. */
  int acknowledged() {
    return acknowledged.size();
  }

  /**
   * When the first acknowledged message that is in no log was acknowledged, by the clock of
   * nanoseconds; empty if none is lost. After {@link #result}.
   */
  OptionalLong firstLost() {
    return acknowledged.entrySet().stream()
        .filter(message -> !found.contains(message.getKey()))
        .mapToLong(Map.Entry::getValue)
        .min();
  }

  /** Stops writing, and says what became of the messages. */
  String result() throws InterruptedException {
    end.countDown();
    thread.join();
    int doubled = 0;
    for (String conversation : conversations) {
      List<String> ids = new ArrayList<>();
      for (JsonNode entry : client.log(ann, conversation)) {
        ids.add(entry.path("message_id").asText());
      }
      Set<String> once = new HashSet<>(ids);
      once.retainAll(acknowledged.keySet());
      found.addAll(once);
      doubled += (int) ids.stream().filter(acknowledged::containsKey).count() - once.size();
    }
    return String.format(
        Locale.ROOT,
        "a client that wrote all the time: %d acknowledged, %d of them in the logs, %d twice;"
            + " answers by status %s (0: none); longest wait for one message %.1f s",
        acknowledged.size(),
        found.size(),
        doubled,
        answers,
        longestMillis / 1000.0);
  }

  @Override
  public void close() {
    end.countDown();
    client.close();
  }
}
