package parley.proof.drill;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * A process whose clock is wrong: the library libfaketime (Debian: {@code apt-get install
 * libfaketime}), in the file that {@code PARLEY_FAKETIME} names, or where Debian has it. The clock
 * by which a process measures intervals stays right.
 */
final class FakeTime {
  private static final List<String> PLACES =
      List.of(
          "/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1",
          "/usr/lib/aarch64-linux-gnu/faketime/libfaketimeMT.so.1");

  private FakeTime() {}

  /** What a process needs in its environment; empty if the library is not there. */
  static Optional<Map<String, String>> ahead(Duration by) {
    String named = System.getenv("PARLEY_FAKETIME");
    return (named == null ? PLACES : List.of(named))
        .stream()
            .filter(place -> Files.exists(Path.of(place)))
            .findFirst()
            .map(
                place ->
                    Map.of(
                        "LD_PRELOAD", place,
                        "FAKETIME", "+" + by.toSeconds() + "s",
                        "FAKETIME_DONT_FAKE_MONOTONIC", "1",
                        "DONT_FAKE_MONOTONIC", "1",
                        "NO_FAKE_STAT", "1"));
  }
}
