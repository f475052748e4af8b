package parley.bounds;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class TokenBucketTest {
  @Test
  void aBurstEndsAndTokensComeBackOneByOne() {
    TokenBucket bucket = TokenBucket.full(3, 10, 0).at(1_000).take(3);
    assertThat(bucket.waitFor(1)).isEqualTo(10);
    assertThat(bucket.at(1_009).waitFor(1)).isEqualTo(1);
    assertThat(bucket.at(1_010).waitFor(1)).isZero();
    assertThat(bucket.at(1_010).waitFor(2)).isEqualTo(10);
  }

  @Test
  void aLongPauseFillsItAndNoMore() {
    TokenBucket bucket = TokenBucket.full(3, 10, 0).take(1).at(Long.MAX_VALUE);
    assertThat(bucket.waitFor(3)).isZero();
    assertThat(bucket.waitFor(4)).isEqualTo(10);
    assertThat(bucket.giveBack(1).waitFor(4)).isEqualTo(10);
  }

  @Test
  void aClockThatStepsBackAddsNothingAndTakesNothing() {
    TokenBucket bucket = TokenBucket.full(3, 10, 1_000).take(3);
    TokenBucket earlier = bucket.at(500);
    assertThat(earlier.waitFor(1)).isEqualTo(10);
    assertThat(earlier.at(510).waitFor(1)).isZero();
  }

  @Test
  void aFullBucketStaysFullWhateverTheOriginOfTime() {
    assertThat(TokenBucket.full(3, 10, 0).at(-5_000).waitFor(3)).isZero();
  }

  @Test
  void aTokenIsGivenBack() {
    TokenBucket bucket = TokenBucket.full(3, 10, 0).take(3).giveBack(1);
    assertThat(bucket.waitFor(1)).isZero();
    assertThat(bucket.waitFor(2)).isEqualTo(10);
  }
}
