package parley.auth;

import java.net.Inet6Address;
import java.net.InetAddress;
import java.util.Arrays;
import java.util.HexFormat;
import org.jspecify.annotations.Nullable;

/**
 * Decides what counts as one client address.
 *
 * <p>A site is the IPv6 /48 of an address. One customer with a network has a /48 at most, and so
 * has 65,536 addresses. Each limit of an address is therefore also one of the site, which is wider,
 * because a /48 may also be 65,536 phones of one carrier.
 */
final class ClientAddresses {
  /** Length of a /64 in hex digits. The next constant is the length of a /48. */
  private static final int IPV6_KEY_DIGITS = 16;

  private static final int SITE_DIGITS = 12;

  private ClientAddresses() {}

  /**
   * The key of a client, in hex: its IPv4 address, or the /64 of its IPv6 address, which is what
   * one customer gets.
   */
  static String key(InetAddress address) {
    byte[] bytes = address.getAddress();
    return HexFormat.of()
        .formatHex(address instanceof Inet6Address ? Arrays.copyOf(bytes, 8) : bytes);
  }

  /**
   * The IPv6 /48 of a {@link #key}. One site has a /48 at most, so all its /56 and /64 are its own.
   * Null if the key is not that of an IPv6 address.
   */
  static @Nullable String site(String key) {
    return key.length() == IPV6_KEY_DIGITS ? key.substring(0, SITE_DIGITS) : null;
  }
}
