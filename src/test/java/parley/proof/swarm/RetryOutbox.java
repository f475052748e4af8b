package parley.proof.swarm;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import parley.client.Answer;
import parley.client.JsonTrees;
import parley.client.ParleyClient;
import parley.client.ParleySocket;
import parley.client.TestAccount;
import parley.proof.checker.HistoryEvent;
import parley.proof.checker.RecordedHistory;

/**
 * The unanswered attempts of one device. Each is repeated under its own id, over any connection,
 * until it is answered. Thread-safe.
 */
final class RetryOutbox {
  /**
   * A client that waits for longer than 15 s sees what the server itself says of a lost message.
   */
  private static final int ANSWER_SECONDS = Integer.getInteger("parley.swarm.answer", 10);

  private final SwarmUser user;
  private final String name;
  private final Supplier<ParleyClient> nodes;
  private final RecordedHistory recordedHistory;
  private final SwarmCounts counts;
  private final Random random;
  private final List<Attempt> outbox = new ArrayList<>();

  RetryOutbox(
      SwarmUser user,
      String name,
      Supplier<ParleyClient> nodes,
      RecordedHistory recordedHistory,
      SwarmCounts counts,
      Random random) {
    this.user = user;
    this.name = name;
    this.nodes = nodes;
    this.recordedHistory = recordedHistory;
    this.counts = counts;
    this.random = random;
  }

  /** How many have no answer yet. */
  int size() {
    synchronized (outbox) {
      return outbox.size();
    }
  }

  @Override
  public String toString() {
    synchronized (outbox) {
      return outbox.stream()
          .map(a -> a.clientMsgId + " tried " + a.tries + "x")
          .toList()
          .toString();
    }
  }

  /** Sends the attempt now, and repeats it until it is answered. */
  void submit(Attempt attempt, ParleySocket live, int connection) {
    synchronized (outbox) {
      outbox.add(attempt);
    }
    counts.attempted();
    send(attempt, live, connection);
  }

  /** A new connection is open: attempts no longer wait for their backoff. */
  void dueNow() {
    synchronized (outbox) {
      outbox.forEach(
          attempt -> {
            attempt.dueAt = 0;
          });
    }
  }

  /** Repeats the attempts whose backoff is over. */
  void retryDue(ParleySocket live, int connection) {
    List<Attempt> due;
    synchronized (outbox) {
      long now = System.currentTimeMillis();
      due = outbox.stream().filter(a -> !a.inFlight && a.dueAt <= now).toList();
    }
    due.forEach(attempt -> send(attempt, live, connection));
  }

  private void send(Attempt attempt, ParleySocket live, int connection) {
    synchronized (outbox) {
      attempt.inFlight = true;
      attempt.tries++;
    }
    boolean overHttp = attempt.isText() && random.nextInt(10) < (attempt.tries > 1 ? 4 : 1);
    int via = overHttp ? 0 : connection;
    recordedHistory.add(attempt.sending(user.id(), name, via));
    TestAccount testAccount = user.account();
    var answer =
        overHttp
            ? nodes
                .get()
                .callAsync("POST", "/v1/messages", testAccount.accessToken(), attempt.frame())
                .thenApply(came -> httpAnswer(came, testAccount))
            : live.ask(attempt.frame());
    var unused =
        answer
            .orTimeout(ANSWER_SECONDS, TimeUnit.SECONDS)
            .whenComplete((frame, failure) -> done(attempt, frame, failure));
  }

  private JsonNode httpAnswer(Answer answer, TestAccount with) {
    if (answer.status() == 200 || answer.status() == 201) {
      recordedHistory.add(Recorder.answered(user.id(), name, 0, answer.body()));
      return ((ObjectNode) answer.body()).put("op", "sent");
    }
    if (answer.status() == 401) {
      user.outlived(with);
    }
    boolean retryable = answer.status() == 429 || answer.status() >= 500 || answer.status() == 401;
    ObjectNode error = JsonTrees.obj("op", "error", "code", answer.code(), "retryable", retryable);
    answer
        .headers()
        .firstValueAsLong("Retry-After")
        .ifPresent(seconds -> error.put("retry_after_ms", seconds * 1_000));
    return error;
  }

  /** What the contract promises of this code and the answer does not say; empty if all is there. */
  private static String missing(JsonNode error) {
    boolean wait = error.path("retry_after_ms").asLong() > 0;
    return switch (error.path("code").asText()) {
      case "unavailable", "rate_limited" ->
          (error.path("retryable").asBoolean() ? "" : " not retryable")
              + (wait ? "" : " without a time to wait");
      default -> "";
    };
  }

  private void done(Attempt attempt, @Nullable JsonNode frame, @Nullable Throwable failure) {
    boolean over = false;
    if (failure != null || frame == null) {
      recordedHistory.add(
          new HistoryEvent.Unknown(user.id(), name, attempt.clientMsgId, String.valueOf(failure)));
    } else if (frame.path("op").asText().equals("sent")) {
      over = true;
      counts.acknowledged(name, attempt, frame);
      String conversation = frame.path("conversation_id").asText();
      user.knows(conversation);
      if (attempt.isText()) {
        user.sent(conversation, frame.path("seq").asLong());
      }
    } else {
      String code = frame.path("code").asText();
      boolean retryable = frame.path("retryable").asBoolean();
      recordedHistory.add(
          new HistoryEvent.Refused(user.id(), name, attempt.clientMsgId, code, retryable));
      over = !retryable;
      counts.refused(code + missing(frame));
      if (code.equals("not_found") && attempt.conversation != null) {
        user.forgets(attempt.conversation);
      }
    }
    synchronized (outbox) {
      attempt.inFlight = false;
      attempt.dueAt =
          System.currentTimeMillis()
              + java.util.concurrent.ThreadLocalRandom.current()
                  .nextInt(100 << Math.min(attempt.tries, 5));
      if (over) {
        outbox.remove(attempt);
      }
    }
  }
}
