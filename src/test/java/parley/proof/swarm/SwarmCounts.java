package parley.proof.swarm;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.ConcurrentSkipListSet;
import java.util.concurrent.atomic.AtomicLong;

/** Counts what the swarm did. */
public final class SwarmCounts {
  private final Set<String> acknowledged = ConcurrentHashMap.newKeySet();
  private final AtomicLong retried = new AtomicLong();
  private final AtomicLong sent = new AtomicLong();
  private final Set<Long> welcomes = new ConcurrentSkipListSet<>();
  private final AtomicLong welcomeNumber = new AtomicLong();
  private final Map<String, Long> lastSuccess = new ConcurrentHashMap<>();
  private final Map<String, Long> longestPause = new ConcurrentHashMap<>();
  private final Map<String, Integer> refused = new ConcurrentSkipListMap<>();
  private final Map<String, Integer> failures = new ConcurrentSkipListMap<>();

  void attempted() {
    sent.incrementAndGet();
  }

  /** A device was welcomed by a node. */
  void welcomed() {
    // Unique keys, although many welcomes come within one millisecond.
    welcomes.add(System.currentTimeMillis() * 100_000 + welcomeNumber.incrementAndGet() % 100_000);
  }

  void acknowledged(String device, Attempt attempt, JsonNode sent) {
    acknowledged.add(attempt.clientMsgId);
    pauseEnds(device);
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

  private void pauseEnds(String device) {
    long now = System.nanoTime();
    Long before = lastSuccess.put(device, now);
    if (before != null) {
      longestPause.merge(device, now - before, Math::max);
    }
  }

  /** From now on pauses count. */
  public void measurePauses(Collection<String> devices) {
    longestPause.clear();
    long now = System.nanoTime();
    devices.forEach(device -> lastSuccess.put(device, now));
  }

  /**
   * The longest time without an answered message, of each device, in milliseconds and ascending.
   */
  public List<Long> pausesMillis() {
    return longestPause.values().stream().map(nanos -> nanos / 1_000_000).sorted().toList();
  }

  /** Welcomes in each second since a time of {@link System#currentTimeMillis}. */
  public List<Integer> welcomesPerSecond(long since) {
    List<Integer> seconds = new ArrayList<>();
    for (long stamp : welcomes) {
      int second = (int) ((stamp / 100_000 - since) / 1000);
      while (second >= 0 && seconds.size() <= second) {
        seconds.add(0);
      }
      if (second >= 0) {
        seconds.set(second, seconds.get(second) + 1);
      }
    }
    return seconds;
  }

  /** Different messages, edits, deletions and reactions that clients tried to send. */
  public long sent() {
    return sent.get();
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
