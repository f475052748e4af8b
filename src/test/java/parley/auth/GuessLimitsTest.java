package parley.auth;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.List;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** A guesser only delays its own source, even with all the addresses of an IPv6 site. */
class GuessLimitsTest {
  private static final GuessLimits.AttemptSource OWNER = who("2001:db8:ffff::1", null);

  private long now = 1_000_000;
  private final GuessLimits limits = new GuessLimits(now);

  private static GuessLimits.AttemptSource who(String address, @Nullable String device) {
    try {
      return new GuessLimits.AttemptSource(
          ClientAddresses.key(InetAddress.getByName(address)), device);
    } catch (UnknownHostException e) {
      throw new AssertionError(e);
    }
  }

  /** A /56: 256 of what counts as one address. */
  private static List<GuessLimits.AttemptSource> site(String prefix) {
    return IntStream.range(0, 256)
        .mapToObj(i -> who(prefix + String.format("%02x", i) + "::1", null))
        .toList();
  }

  private int guess(List<GuessLimits.AttemptSource> all) {
    return (int) all.stream().filter(one -> limits.take(one, now) == 0).count();
  }

  private void ownerMayTry() {
    assertThat(limits.take(OWNER, now)).isZero();
    limits.succeeded(OWNER, now);
  }

  @Test
  void aSiteWithManyAddressesHasOneLimitAndDelaysNobodyElse() {
    List<GuessLimits.AttemptSource> site = site("2001:db8:1:1");
    assertThat(guess(site)).isEqualTo(GuessLimits.PER_SITE.free());
    ownerMayTry();
    // Another /56 of the same /48 is the same site.
    assertThat(guess(site("2001:db8:1:2"))).isZero();
  }

  @Test
  void aPatientSiteDoesNotDelayTheOwner() {
    List<GuessLimits.AttemptSource> site = site("2001:db8:1:1");
    int tried = 0;
    for (int second = 0; second < 86_400; second += 3) {
      tried += guess(site);
      ownerMayTry();
      now += 3_000;
    }
    // The free attempts, and then as many as are forgiven.
    long forgiven = 86_400_000 / GuessLimits.PER_SITE.forgiveMillis();
    assertThat(tried).isBetween(GuessLimits.PER_SITE.free(), 40 + (int) forgiven);
  }

  @Test
  void severalSitesShareTheCommonLimit() {
    int tried = 0;
    for (int i = 1; i <= 8; i++) {
      tried += guess(site("2001:db8:" + i + ":1"));
    }
    assertThat(tried).isEqualTo(GuessLimits.COMMON.free());
    assertThat(limits.take(OWNER, now)).isPositive();
  }

  @Test
  void anIpv4AddressIsItsOwnSite() {
    int tried = 0;
    for (int i = 0; i < 6; i++) {
      GuessLimits.AttemptSource one = who("192.0.2." + i, null);
      for (int n = 0; n < 20; n++) {
        tried += limits.take(one, now) == 0 ? 1 : 0;
      }
    }
    assertThat(tried).isEqualTo(6 * GuessLimits.PER_SOURCE.free());
  }

  @Test
  void aStolenDeviceIsLimitedFromEveryAddress() {
    int tried = 0;
    for (int i = 0; i < 200; i++) {
      tried += limits.take(who("192.0.2." + i, "stolen"), now) == 0 ? 1 : 0;
    }
    assertThat(tried).isEqualTo(GuessLimits.PER_SOURCE.free());
    assertThat(limits.take(who("192.0.2.1", "another"), now)).isZero();
  }

  @Test
  void severalStolenDevicesShareTheLimitOfTheirAddress() {
    int tried = 0;
    for (int i = 0; i < 8; i++) {
      for (int n = 0; n < 20; n++) {
        tried += limits.take(who("192.0.2.1", "stolen " + i), now) == 0 ? 1 : 0;
      }
    }
    assertThat(tried).isEqualTo(GuessLimits.KNOWN_PER_ADDRESS.free());
    // The owner's device is at another address. An owner without a known device is not delayed by
    // guesses with known devices.
    assertThat(limits.take(who("192.0.2.2", "owner's"), now)).isZero();
    assertThat(limits.take(who("192.0.2.1", null), now)).isZero();
  }

  @Test
  void correctPasswordsAreGivenBackAndGuessesExpire() {
    GuessLimits.AttemptSource known = who("192.0.2.1", "device");
    GuessLimits.AttemptSource six = who("2001:db8:1:1::1", null);
    for (GuessLimits.AttemptSource who : List.of(known, six)) {
      limits.take(who, now);
      assertThat(limits.isEmpty(now)).isFalse();
      limits.giveBack(who, now);
      assertThat(limits.isEmpty(now)).isTrue();
      limits.take(who, now);
      limits.succeeded(who, now);
      assertThat(limits.isEmpty(now)).isTrue();
    }
    guess(site("2001:db8:1:1"));
    assertThat(limits.isEmpty(now)).isFalse();
    now += 40 * GuessLimits.PER_SITE.forgiveMillis();
    assertThat(limits.isEmpty(now)).isTrue();
  }
}
