package parley.http;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.net.http.HttpResponse;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

/** The limit of requests of one address; only the test moves the clock. */
final class RateLimitTest {
  private final AtomicLong nanos = new AtomicLong(Long.MAX_VALUE - 1_000);

  private static InetAddress address(String literal) {
    try {
      return InetAddress.getAllByName(literal)[0];
    } catch (UnknownHostException e) {
      throw new AssertionError(e);
    }
  }

  private static int taken(RateLimit limit, InetAddress address) {
    int n = 0;
    while (n < 1_000 && limit.take(address) == 0) {
      n++;
    }
    return n;
  }

  @Test
  void anAddressHasABurstAndThenTheRate() {
    RateLimit limit = new RateLimit(() -> 10, nanos::get);
    InetAddress a = address("10.0.0.1");
    assertThat(taken(limit, a)).isEqualTo(20);
    assertThat(limit.take(a)).isEqualTo(100);
    nanos.addAndGet(TimeUnit.MILLISECONDS.toNanos(99));
    assertThat(limit.take(a)).isEqualTo(1);
    nanos.addAndGet(TimeUnit.MICROSECONDS.toNanos(500));
    assertThat(limit.take(a)).as("half a millisecond, rounded up").isEqualTo(1);
    nanos.addAndGet(TimeUnit.MICROSECONDS.toNanos(500));
    assertThat(limit.take(a)).isZero();
    assertThat(limit.take(a)).isPositive();
    nanos.addAndGet(TimeUnit.SECONDS.toNanos(1));
    assertThat(taken(limit, a)).isEqualTo(10);
    nanos.addAndGet(TimeUnit.HOURS.toNanos(1));
    assertThat(taken(limit, a)).isEqualTo(20);
  }

  @Test
  void aSiteHasALimitOfItsOwn() {
    RateLimit limit = new RateLimit(() -> 10, nanos::get);
    for (int i = 0; i < RateLimit.SITE_FACTOR; i++) {
      assertThat(taken(limit, address("2001:db8:1:" + i + "::1"))).isEqualTo(20);
    }
    assertThat(limit.take(address("2001:db8:1:ffff::1"))).isEqualTo(1);
    assertThat(taken(limit, address("2001:db8:2:ffff::1"))).isEqualTo(20);
    nanos.addAndGet(TimeUnit.SECONDS.toNanos(10));
    assertThat(taken(limit, address("2001:db8:1:ffff::1"))).isEqualTo(20);
  }

  @Test
  void eachAddressHasItsOwnLimit() {
    RateLimit limit = new RateLimit(() -> 10, nanos::get);
    taken(limit, address("10.0.0.1"));
    assertThat(taken(limit, address("10.0.0.2"))).isEqualTo(20);
    taken(limit, address("2001:db8:1:2::1"));
    assertThat(limit.take(address("2001:db8:1:2:ffff::9"))).isPositive();
    assertThat(limit.take(address("2001:db8:1:3::1"))).isZero();
  }

  @Test
  void aBurstIsTwentyOrTheRateOfOneSecond() {
    assertThat(taken(new RateLimit(() -> 1, nanos::get), address("10.0.0.1"))).isEqualTo(20);
    assertThat(taken(new RateLimit(() -> 50, nanos::get), address("10.0.0.1"))).isEqualTo(50);
  }

  @Test
  void zeroMeansNoLimit() {
    assertThat(taken(new RateLimit(() -> 0, nanos::get), address("10.0.0.1"))).isEqualTo(1_000);
  }

  @Test
  void aClockThatStandsStillOrComesLateGivesNothing() {
    RateLimit limit = new RateLimit(() -> 10, nanos::get);
    InetAddress a = address("10.0.0.1");
    taken(limit, a);
    nanos.addAndGet(-TimeUnit.SECONDS.toNanos(1));
    assertThat(limit.take(a)).isPositive();
    nanos.addAndGet(TimeUnit.SECONDS.toNanos(1));
    assertThat(limit.take(a)).isPositive();
  }

  @Test
  void onlyTheApiIsRateLimited() {
    try (HttpHarness httpHarness =
        new HttpHarness(HttpSettings.standard(10, TrustedProxies.NONE))) {
      for (int i = 0; i < 20; i++) {
        HttpHarness.problem(httpHarness.call("GET", "/v1/users/me", null), 401, "unauthenticated");
      }
      HttpResponse<String> limited = httpHarness.call("POST", "/v1/messages", "{}");
      HttpHarness.problem(limited, 429, "rate_limited");
      assertThat(limited.headers().firstValue("Retry-After")).hasValue("1");
      HttpHarness.problem(httpHarness.call("GET", "/%761/users/me", null), 429, "rate_limited");
      assertThat(httpHarness.limited).containsExactly("requests", "requests");
      assertThat(httpHarness.call("GET", "/docs/openapi.json", null).statusCode()).isEqualTo(200);
      assertThat(httpHarness.call("GET", "/.well-known/jwks.json", null).statusCode())
          .isEqualTo(200);
      httpHarness.nanos.addAndGet(TimeUnit.MILLISECONDS.toNanos(100));
      HttpHarness.problem(httpHarness.call("GET", "/v1/users/me", null), 401, "unauthenticated");
      HttpHarness.problem(httpHarness.call("GET", "/v1/users/me", null), 429, "rate_limited");
    }
  }
}
