package parley.auth;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

final class LoginThrottleTest {
  private final AuthTestData.Clock clock = new AuthTestData.Clock();
  private final LoginThrottle throttle =
      new LoginThrottle(() -> TimeUnit.MILLISECONDS.toNanos(clock.millis()));

  @Test
  void anAddressHasABurstAndThenASteadyRate() throws UnknownHostException {
    InetAddress a = InetAddress.getByName("192.0.2.1");
    drain(a);
    assertThat(throttle.tryAcquire(a)).isEqualTo(2_000);
    assertThat(throttle.tryAcquire(InetAddress.getByName("192.0.2.2"))).isZero();
    clock.forward(Duration.ofMillis(1_500));
    assertThat(throttle.tryAcquire(a)).isEqualTo(500);
    clock.forward(Duration.ofMillis(500));
    assertThat(throttle.tryAcquire(a)).isZero();
    assertThat(throttle.tryAcquire(a)).isEqualTo(2_000);
    throttle.succeeded(a);
    assertThat(throttle.tryAcquire(a)).isZero();
    clock.forward(Duration.ofDays(1));
    drain(a);
    assertThat(throttle.tryAcquire(a)).isEqualTo(2_000);
    clock.forward(Duration.ofDays(-1));
    assertThat(throttle.tryAcquire(a)).isEqualTo(2_000);
  }

  @Test
  void anIpv6ClientIsCountedByItsSlash64() throws UnknownHostException {
    drain(InetAddress.getByName("2001:db8:1:2::1"));
    assertThat(throttle.tryAcquire(InetAddress.getByName("2001:db8:1:2:ffff::9"))).isPositive();
    assertThat(throttle.tryAcquire(InetAddress.getByName("2001:db8:1:3::1"))).isZero();
  }

  @Test
  void aSiteHasALimitOfItsOwn() throws UnknownHostException {
    for (int i = 0; i < LoginThrottle.SITE_FACTOR; i++) {
      drain(InetAddress.getByName("2001:db8:1:" + i + "::1"));
    }
    InetAddress another = InetAddress.getByName("2001:db8:1:ffff::1");
    for (int i = 0; i <= LoginThrottle.BURST; i++) {
      assertThat(throttle.tryAcquire(another)).isEqualTo(2_000 / LoginThrottle.SITE_FACTOR);
    }
    drain(InetAddress.getByName("2001:db8:2:ffff::1"));
    throttle.succeeded(InetAddress.getByName("2001:db8:1:1::1"));
    // An attempt that the site's limit refused was not taken from the address.
    assertThat(throttle.tryAcquire(another)).isZero();
    assertThat(throttle.tryAcquire(another)).isPositive();
    clock.forward(Duration.ofHours(1));
    drain(another);
  }

  private void drain(InetAddress address) {
    for (int i = 0; i < LoginThrottle.BURST; i++) {
      assertThat(throttle.tryAcquire(address)).isZero();
    }
  }
}
