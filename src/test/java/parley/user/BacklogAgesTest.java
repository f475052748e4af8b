package parley.user;

import static org.assertj.core.api.Assertions.assertThat;
import static parley.user.UserTestData.CHAT;
import static parley.user.UserTestData.GROUP;
import static parley.user.UserTestData.LAPTOP;
import static parley.user.UserTestData.PHONE;

import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import parley.user.UserTestData.Mail;

/** Entries that a device did not fetch for thirty days are announced to it as a gap. */
class BacklogAgesTest {
  private final UserPushHarness push = new UserPushHarness();
  private final UserHarness harness = push.harness;
  private int visits;

  @AfterEach
  void stop() {
    push.close();
  }

  @Test
  void entriesUnfetchedForThirtyDaysBecomeAGap() {
    push.away(PHONE);
    harness.attach(LAPTOP, "s1", false);
    long day = Duration.ofDays(1).toMillis();
    push.mail(Mail.of(CHAT, 1, 5));
    push.mail(Mail.of(GROUP, 1, 2));
    harness.clock.advance(11 * day);
    push.mail(Mail.of(CHAT, 6, 8));
    harness.clock.advance(18 * day);
    assertThat(expired()).containsExactly(0L, 0L);
    harness.clock.advance(2 * day);
    push.mail(Mail.of(CHAT, 9, 9));
    assertThat(expired()).containsExactlyInAnyOrder(5L, 2L);
    harness.crash();
    harness.clock.advance(10 * day);
    assertThat(expired()).containsExactlyInAnyOrder(8L, 2L);
    // The device may acknowledge past the gap.
    harness.attach(PHONE, "s9", false);
    push.ack(PHONE, "s9", CHAT, 8);
    harness.flush();
    assertThat(harness.lag(harness.attach(PHONE, "s10", false)))
        .contains(new Delivery.Lag(CHAT, 8, 9))
        .contains(new Delivery.Lag(GROUP, 0, 2, 2));
  }

  /** How far each conversation of the phone is announced as a gap. */
  private List<Long> expired() {
    String session = "visit-" + visits++;
    List<Delivery.Lag> lags = harness.lag(harness.attach(PHONE, session, false));
    return lags.stream().map(Delivery.Lag::expired).toList();
  }
}
