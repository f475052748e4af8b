package parley.admin;

import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;
import parley.auth.KeyRing;
import parley.auth.SigningKeys;
import parley.auth.SigningKeys.Shown;
import parley.auth.SigningKeys.Use;
import parley.telemetry.Telemetry;

/** What can be seen of the signing keys from outside. Times are in seconds. */
public final class KeyMeters {
  private KeyMeters() {}

  public static void bind(Telemetry telemetry, KeyRing ring, InstantSource clock) {
    // Keys whose tokens are good.
    telemetry.gauge(
        "parley.auth.keys",
        () -> shown(ring, clock).stream().filter(key -> key.use() != Use.ENDED).count());
    // How long the signing key has signed; 0 where that is not known.
    telemetry.gauge(
        "parley.auth.key.age", () -> since(ring.keys().signingSince(clock.instant()), clock));
    // Until the next key signs; 0 where there is none.
    telemetry.gauge(
        "parley.auth.key.next",
        () ->
            shown(ring, clock).stream()
                .filter(key -> key.use() == Use.NEXT && key.signsFrom() != null)
                .mapToLong(key -> until(key.signsFrom(), clock))
                .min()
                .orElse(0));
    // Until the tokens of the last key have ended; 0 where there is none.
    telemetry.gauge(
        "parley.auth.key.ending",
        () ->
            shown(ring, clock).stream()
                .filter(key -> key.use() == Use.ENDING && key.goodUntil() != null)
                .mapToLong(key -> until(key.goodUntil(), clock))
                .max()
                .orElse(0));
    // Since the newest key was published; 0 where that is not known.
    telemetry.gauge("parley.auth.key.rotation.age", () -> since(ring.keys().lastRotation(), clock));
    // Since the keys were last read from where they are kept: more than a minute is a fault.
    telemetry.gauge("parley.auth.keys.read.age", ring::secondsSinceRead);
    telemetry.counter("parley.auth.keys.read.failures", ring::failures);
    telemetry.counter("parley.auth.keys.unknown", ring::unknownKeys);
  }

  private static List<Shown> shown(KeyRing ring, InstantSource clock) {
    SigningKeys keys = ring.keys();
    return keys.shown(clock.instant());
  }

  private static long since(Optional<Instant> then, InstantSource clock) {
    return then.map(time -> Math.max(0, Duration.between(time, clock.instant()).toSeconds()))
        .orElse(0L);
  }

  private static long until(Instant then, InstantSource clock) {
    return Math.max(0, Duration.between(clock.instant(), then).toSeconds());
  }
}
