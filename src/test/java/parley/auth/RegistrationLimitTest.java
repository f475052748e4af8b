package parley.auth;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.time.Duration;
import org.junit.jupiter.api.Test;

final class RegistrationLimitTest {
  private static final int PER_DAY = 3;

  private final AuthTestData.Clock clock = new AuthTestData.Clock();
  private final RegistrationLimit limit = new RegistrationLimit(PER_DAY, clock);

  private void use(InetAddress address) {
    for (int i = 0; i < PER_DAY; i++) {
      assertThat(limit.tryAcquire(address)).isZero();
    }
    assertThat(limit.tryAcquire(address)).isPositive();
  }

  @Test
  void anAddressHasSoManyADay() throws UnknownHostException {
    InetAddress a = InetAddress.getByName("192.0.2.1");
    use(a);
    use(InetAddress.getByName("192.0.2.2"));
    assertThat(limit.tryAcquire(a)).isEqualTo(Duration.ofDays(1).toMillis());
    clock.forward(Duration.ofDays(1));
    use(a);
  }

  @Test
  void aSiteHasALimitOfItsOwn() throws UnknownHostException {
    for (int i = 0; i < RegistrationLimit.SITE_FACTOR; i++) {
      use(InetAddress.getByName("2001:db8:1:" + i + "::1"));
    }
    InetAddress another = InetAddress.getByName("2001:db8:1:ffff::1");
    clock.forward(Duration.ofHours(12));
    for (int i = 0; i < 2 * PER_DAY; i++) {
      assertThat(limit.tryAcquire(another)).isEqualTo(Duration.ofHours(12).toMillis());
    }
    use(InetAddress.getByName("2001:db8:2:ffff::1"));
    // An attempt that the site's limit refused was not taken from the address.
    clock.forward(Duration.ofHours(12));
    use(another);
  }
}
