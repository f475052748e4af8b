package parley.journal;

import static org.assertj.core.api.Assertions.assertThat;

import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import parley.telemetry.EntityKinds;

final class JournalMetersTest {
  @ParameterizedTest
  @CsvSource({
    "conversation|g_1, conversation",
    "user|01HX, user",
    "Account|ann, account",
    "cursor-log|all, cursor_log",
    "push-token|x, push_token",
    "dead-letters|7, dead_letters",
    "archive-day|2026-01-01-3, archive_day",
    "archive-clock|3, archive_clock",
    "adoption|conversations, adoption",
    "/sharding/reminderShard/7, sharding",
    "notebook|ann, other",
    "notebook-1, other",
  })
  void aPersistenceIdHasAKind(String id, String kind) {
    assertThat(EntityKinds.of(id)).isEqualTo(kind);
    assertThat(EntityKinds.ALL).contains(kind);
  }

  @Test
  void aFailedWriteIsNoTime() {
    SimpleMeterRegistry registry = new SimpleMeterRegistry();
    JournalMeters meters = new JournalMeters(registry);
    meters.written("user|a", 5, true);
    assertThat(registry.get(JournalMeters.WRITE_FAILURES).tag("entity", "user").counter().count())
        .isEqualTo(1);
    assertThat(registry.get(JournalMeters.WRITE_TIME).tag("entity", "user").timer().count())
        .isZero();
    meters.written("user|a", 5, false);
    assertThat(registry.get(JournalMeters.WRITE_TIME).tag("entity", "user").timer().count())
        .isEqualTo(1);
  }
}
