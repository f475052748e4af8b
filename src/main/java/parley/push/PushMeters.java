package parley.push;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tags;
import io.micrometer.core.instrument.Timer;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import parley.telemetry.Buckets;
import parley.telemetry.Telemetry;

/**
 * Meters of {@link PushService} by platform. One thread at a time writes, any thread reads.
 *
 * <ul>
 *   <li>counter {@value #SENT}, by {@code outcome}: {@code delivered}, {@code gone}, {@code
 *       refused}, {@code retry} (the provider asked for it), or a reason of this node: {@code
 *       busy}, {@code timeout}, {@code unanswered}, {@code unreachable}, {@code failed}, {@code
 *       stopping}
 *   <li>timer {@value #TIME}: from the request to its outcome, if the provider gave the outcome
 *   <li>gauges {@value #IN_FLIGHT} and {@value #QUEUED}
 * </ul>
 */
final class PushMeters {
  static final String SENT = "parley.push.sent";
  static final String TIME = "parley.push.time";
  static final String IN_FLIGHT = "parley.push.in.flight";
  static final String QUEUED = "parley.push.queued";

  private static final List<String> OUTCOMES =
      List.of(
          "delivered",
          "gone",
          "refused",
          "retry",
          FailureReasons.BUSY,
          FailureReasons.TIMEOUT,
          FailureReasons.UNANSWERED,
          FailureReasons.UNREACHABLE,
          FailureReasons.FAILED,
          FailureReasons.STOPPING);

  private final MeterRegistry registry;
  private final Map<Platform, Timer> times = new EnumMap<>(Platform.class);
  private final Map<Platform, AtomicInteger> inFlight = new EnumMap<>(Platform.class);
  private final Map<Platform, AtomicInteger> queued = new EnumMap<>(Platform.class);
  private final Map<String, Counter> counters = new HashMap<>();

  PushMeters(Telemetry telemetry) {
    this.registry = telemetry.registry();
    for (Platform platform : Platform.values()) {
      Tags tags = Tags.of("platform", platform.wireName());
      times.put(platform, Buckets.coarseTimer(registry, TIME, tags));
      inFlight.put(platform, level(IN_FLIGHT, tags));
      queued.put(platform, level(QUEUED, tags));
      for (String outcome : OUTCOMES) {
        counter(platform, outcome);
      }
    }
  }

  private AtomicInteger level(String name, Tags tags) {
    AtomicInteger level = new AtomicInteger();
    registry.gauge(name, tags, level);
    return level;
  }

  void level(Platform platform, int nowInFlight, int nowQueued) {
    inFlight.computeIfPresent(platform, (p, level) -> set(level, nowInFlight));
    queued.computeIfPresent(platform, (p, level) -> set(level, nowQueued));
  }

  private static AtomicInteger set(AtomicInteger level, int value) {
    level.set(value);
    return level;
  }

  void outcome(Platform platform, PushOutcome pushOutcome, long nanos) {
    String word = outcomeTag(pushOutcome);
    counter(platform, word).increment();
    Timer time = times.get(platform);
    if (time != null && answeredByProvider(word)) {
      time.record(Math.max(0, nanos), TimeUnit.NANOSECONDS);
    }
  }

  private Counter counter(Platform platform, String outcome) {
    return counters.computeIfAbsent(
        platform.wireName() + ' ' + outcome,
        key -> registry.counter(SENT, "platform", platform.wireName(), "outcome", outcome));
  }

  private static boolean answeredByProvider(String word) {
    return switch (word) {
      case "delivered", "gone", "refused", "retry" -> true;
      default -> false;
    };
  }

  /** The tag {@code outcome}: from a closed set, whatever reason the provider gave. */
  private static String outcomeTag(PushOutcome pushOutcome) {
    return switch (pushOutcome) {
      case PushOutcome.Delivered delivered -> "delivered";
      case PushOutcome.Gone gone -> "gone";
      case PushOutcome.Refused refused -> "refused";
      case PushOutcome.Retry retry ->
          switch (retry.reason()) {
            case FailureReasons.BUSY,
                FailureReasons.TIMEOUT,
                FailureReasons.UNANSWERED,
                FailureReasons.UNREACHABLE,
                FailureReasons.FAILED,
                FailureReasons.STOPPING ->
                retry.reason();
            default -> "retry";
          };
    };
  }
}
