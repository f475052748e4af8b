package parley.port;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import parley.port.ConnectionCounts.Admission;

/** Which addresses count as one, and that closed connections leave no count behind. */
final class ConnectionCountsTest {
  private static InetAddress address(String literal) {
    try {
      return InetAddress.getByName(literal);
    } catch (UnknownHostException e) {
      throw new AssertionError(e);
    }
  }

  private static ConnectionCounts counts(int port, int perAddress) {
    return new ConnectionCounts(
        PortSettings.standard(port, perAddress, InetAddress::isLoopbackAddress));
  }

  @Test
  void anIpv4AddressCountsOnItsOwn() {
    ConnectionCounts counts = counts(0, 1);
    assertThat(counts.admit(address("203.0.113.7"))).isEqualTo(Admission.ADMITTED);
    assertThat(counts.admit(address("203.0.113.7"))).isEqualTo(Admission.ADDRESS_FULL);
    assertThat(counts.admit(address("::ffff:203.0.113.7"))).isEqualTo(Admission.ADDRESS_FULL);
    assertThat(counts.admit(address("203.0.113.8"))).isEqualTo(Admission.ADMITTED);
    assertThat(counts.open()).isEqualTo(2);
  }

  @Test
  void anIpv6Slash64CountsAsOneAddress() {
    ConnectionCounts counts = counts(0, 1);
    assertThat(counts.admit(address("2001:db8:1:2::1"))).isEqualTo(Admission.ADMITTED);
    assertThat(counts.admit(address("2001:db8:1:2:ffff::9"))).isEqualTo(Admission.ADDRESS_FULL);
    assertThat(counts.admit(address("2001:db8:1:3::1"))).isEqualTo(Admission.ADMITTED);
  }

  @Test
  void loopbackIsExemptFromTheFirstAndNotFromTheSecond() {
    ConnectionCounts counts = counts(3, 1);
    for (int i = 0; i < 3; i++) {
      assertThat(counts.admit(address("127.0.0.1"))).isEqualTo(Admission.ADMITTED);
    }
    assertThat(counts.admit(address("127.0.0.1"))).isEqualTo(Admission.PORT_FULL);
  }

  @Test
  void zeroIsNoLimitAndNothingIsRememberedOfWhoHasGone() {
    ConnectionCounts off = counts(0, 0);
    ConnectionCounts on = counts(1_000, 10);
    for (int i = 0; i < 500; i++) {
      assertThat(off.admit(address("203.0.113.7"))).isEqualTo(Admission.ADMITTED);
      assertThat(on.admit(address("10.0." + i / 250 + "." + i % 250)))
          .isEqualTo(Admission.ADMITTED);
    }
    // Counted all the same: there may be a limit before they end.
    assertThat(off.addresses()).isEqualTo(1);
    for (int i = 0; i < 500; i++) {
      off.release(address("203.0.113.7"));
    }
    assertThat(off.addresses()).isZero();
    assertThat(on.addresses()).isEqualTo(500);
    for (int i = 0; i < 500; i++) {
      on.release(address("10.0." + i / 250 + "." + i % 250));
    }
    assertThat(on.addresses()).isZero();
    assertThat(on.open()).isZero();
  }

  /** A limit that is lowered ends nothing, and one that is set counts those who were there. */
  @Test
  void theLimitsMayChange() {
    AtomicInteger ofPort = new AtomicInteger();
    AtomicInteger ofAddress = new AtomicInteger();
    ConnectionCounts counts =
        new ConnectionCounts(PortSettings.standard(ofPort::get, ofAddress::get, address -> false));
    InetAddress one = address("203.0.113.7");
    for (int i = 0; i < 3; i++) {
      assertThat(counts.admit(one)).isEqualTo(Admission.ADMITTED);
    }
    ofAddress.set(3);
    assertThat(counts.admit(one)).isEqualTo(Admission.ADDRESS_FULL);
    counts.release(one);
    assertThat(counts.admit(one)).isEqualTo(Admission.ADMITTED);
    ofPort.set(2);
    assertThat(counts.admit(address("203.0.113.8"))).isEqualTo(Admission.PORT_FULL);
    ofAddress.set(0);
    for (int i = 0; i < 3; i++) {
      counts.release(one);
    }
    assertThat(counts.open()).isZero();
    assertThat(counts.addresses()).isZero();
  }
}
