package parley.conversation;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class ClockLeadTest {
  private static final long FAR = ClockLead.FAR_MILLIS + 1;

  @Test
  void smallClockLeadAppliesToAllEntriesAndLargeLeadToItsOwnRange() {
    ClockLead lead = ClockLead.NONE.with(5_000, 10);
    assertThat(lead).isEqualTo(new ClockLead(5_000, 0, 0));
    assertThat(lead.near()).isEqualTo(5_000);
    assertThat(lead.hasFar()).isFalse();
    assertThat(lead.with(ClockLead.FAR_MILLIS, 11).hasFar()).isFalse();
    ClockLead far = lead.with(FAR, 20).with(2 * FAR, 30).with(1_000, 40);
    assertThat(far).isEqualTo(new ClockLead(2 * FAR, 20, 30));
    assertThat(far.near()).isEqualTo(ClockLead.FAR_MILLIS);
    assertThat(far.hasFar()).isTrue();
  }

  @Test
  void mergedLeadCoversBothRanges() {
    ClockLead near = new ClockLead(7, 0, 0);
    ClockLead one = new ClockLead(FAR, 20, 30);
    ClockLead other = new ClockLead(2 * FAR, 25, 50);
    assertThat(near.and(one)).isEqualTo(one);
    assertThat(one.and(near)).isEqualTo(one);
    assertThat(one.and(other)).isEqualTo(new ClockLead(2 * FAR, 20, 50));
    assertThat(other.and(one)).isEqualTo(new ClockLead(2 * FAR, 20, 50));
  }

  @Test
  void leadStoredByAnEarlierVersionAppliesToEveryEntry() {
    assertThat(ClockLead.stored(FAR, 0, 0, 99)).isEqualTo(new ClockLead(FAR, 1, 99));
    assertThat(ClockLead.stored(FAR, 3, 4, 99)).isEqualTo(new ClockLead(FAR, 3, 4));
    assertThat(ClockLead.stored(5, 0, 0, 99)).isEqualTo(new ClockLead(5, 0, 0));
  }
}
