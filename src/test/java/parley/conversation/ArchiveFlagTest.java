package parley.conversation;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

/** Archiving that is switched off gives no turns, and saves none up. */
class ArchiveFlagTest {
  @Test
  void noTurnIsGivenWhileItIsOff() {
    AtomicBoolean on = new AtomicBoolean();
    AtomicLong nanos = new AtomicLong();
    ArchiveRate rate = new ArchiveRate(60, nanos::get, on::get);
    assertThat(rate.tryBegin()).isFalse();
    nanos.addAndGet(60_000_000_000L);
    on.set(true);
    assertThat(rate.tryBegin()).isTrue();
    rate.end(true);
    // One that was saved up at most, as after a quiet minute.
    int given = 0;
    for (int i = 0; i < 10; i++) {
      if (rate.tryBegin()) {
        given++;
        rate.end(true);
      }
    }
    assertThat(given).isLessThanOrEqualTo(1);
    on.set(false);
    nanos.addAndGet(60_000_000_000L);
    assertThat(rate.tryBegin()).isFalse();
  }
}
