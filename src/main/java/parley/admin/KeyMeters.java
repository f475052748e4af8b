package parley.admin;

import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;
import parley.auth.KeyRing;
import parley.auth.SigningKeys;
import parley.auth.SigningKeys.KeyDescription;
import parley.auth.SigningKeys.Use;
import parley.telemetry.Telemetry;

/** Gauges of the signing keys. Times are in seconds. */
public final class KeyMeters {
  private KeyMeters() {}

  public static void bind(Telemetry telemetry, KeyRing ring, InstantSource clock) {
    // Number of keys whose tokens are accepted.
    telemetry.gauge(
        "parley.auth.keys",
        () -> shown(ring, clock).stream().filter(key -> key.use() != Use.ENDED).count());
    // For how long the current key has signed; 0 if that is not known.
    telemetry.gauge(
        "parley.auth.key.age", () -> since(ring.keys().signingSince(clock.instant()), clock));
    // Time until the next key signs; 0 if there is no next key.
    telemetry.gauge(
        "parley.auth.key.next",
        () ->
            shown(ring, clock).stream()
                .filter(key -> key.use() == Use.NEXT && key.signsFrom() != null)
                .mapToLong(key -> until(key.signsFrom(), clock))
                .min()
                .orElse(0));
    // Time until the last tokens of former keys end; 0 if there are none.
    telemetry.gauge(
        "parley.auth.key.ending",
        () ->
            shown(ring, clock).stream()
                .filter(key -> key.use() == Use.ENDING && key.goodUntil() != null)
                .mapToLong(key -> until(key.goodUntil(), clock))
                .max()
                .orElse(0));
    // Time since the newest key was published; 0 if that is not known.
    telemetry.gauge("parley.auth.key.rotation.age", () -> since(ring.keys().lastRotation(), clock));
    // Time since the keys were last read from the store or the file; more than a minute is a fault.
    telemetry.gauge("parley.auth.keys.read.age", ring::secondsSinceRead);
    telemetry.counter("parley.auth.keys.read.failures", ring::failures);
    telemetry.counter("parley.auth.keys.unknown", ring::unknownKeys);
  }

  private static List<KeyDescription> shown(KeyRing ring, InstantSource clock) {
    SigningKeys keys = ring.keys();
    return keys.describe(clock.instant());
  }

  private static long since(Optional<Instant> then, InstantSource clock) {
    return then.map(time -> Math.max(0, Duration.between(time, clock.instant()).toSeconds()))
        .orElse(0L);
  }

  private static long until(Instant then, InstantSource clock) {
    return Math.max(0, Duration.between(clock.instant(), then).toSeconds());
  }
}
