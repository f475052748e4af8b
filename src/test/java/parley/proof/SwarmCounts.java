package parley.proof;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.atomic.AtomicLong;

/** What the swarm did, in numbers. */
public final class SwarmCounts {
  private final Set<String> acknowledged = ConcurrentHashMap.newKeySet();
  private final AtomicLong retried = new AtomicLong();
  private final Map<String, Integer> refused = new ConcurrentSkipListMap<>();
  private final Map<String, Integer> failures = new ConcurrentSkipListMap<>();

  void acknowledged(Attempt attempt, JsonNode sent) {
    acknowledged.add(attempt.clientMsgId);
    if (sent.path("duplicate").asBoolean()) {
      retried.incrementAndGet();
    }
  }

  void refused(String code) {
    refused.merge(code, 1, Integer::sum);
  }

  void failed(Throwable failure) {
    String text = failure.getClass().getSimpleName() + " " + failure.getMessage();
    failures.merge(text.substring(0, Math.min(80, text.length())), 1, Integer::sum);
  }

  /** Different messages, edits, deletions and reactions that were answered. */
  public long acknowledged() {
    return acknowledged.size();
  }

  /** Refusals by code, retryable ones too. */
  public Map<String, Integer> refused() {
    return new TreeMap<>(refused);
  }

  @Override
  public String toString() {
    return "acknowledged %d (%d of them found to be stored before), refused %s, failures %s"
        .formatted(acknowledged(), retried.get(), refused, failures);
  }
}
