package parley.telemetry;

import static org.assertj.core.api.Assertions.assertThat;

import io.micrometer.core.instrument.Tags;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.time.Instant;
import org.junit.jupiter.api.Test;

final class OpenWorkTest {
  private final SimpleMeterRegistry registry = new SimpleMeterRegistry();
  private final OpenWork work =
      new OpenWork(() -> Instant.ofEpochMilli(10_000))
          .withSum(registry, "work", Tags.empty())
          .withAge(registry, "work.age");

  @Test
  void theSumAndTheAgeOfTheOldestAreThoseOfAllParts() {
    assertThat(sum()).isZero();
    assertThat(age()).isZero();
    OpenWork.Part one = work.part();
    OpenWork.Part two = work.part();
    one.set(3, 8_000);
    two.set(4, 7_000);
    assertThat(sum()).isEqualTo(7);
    assertThat(age()).isEqualTo(3);
    two.set(0, 1);
    assertThat(sum()).isEqualTo(3);
    assertThat(age()).isEqualTo(2);
    one.end();
    one.end();
    assertThat(sum()).isZero();
    assertThat(age()).isZero();
  }

  /** Clocks of nodes differ. */
  @Test
  void whatBeganInTheFutureIsNew() {
    work.part().set(1, 99_000);
    assertThat(age()).isZero();
  }

  private double sum() {
    return registry.get("work").gauge().value();
  }

  private double age() {
    return registry.get("work.age").gauge().value();
  }
}
