package parley.auth;

import java.net.Inet6Address;
import java.net.InetAddress;
import java.util.Arrays;
import java.util.HexFormat;
import org.jspecify.annotations.Nullable;

/** What counts as one client address. */
final class ClientAddresses {
  /** Of a /64 and of a /48, in hex digits. */
  private static final int CUSTOMER = 16;

  private static final int SITE = 12;

  private ClientAddresses() {}

  /** An IPv4 address, or the /64 of an IPv6 address, which is what one customer gets; in hex. */
  static String key(InetAddress address) {
    byte[] bytes = address.getAddress();
    return HexFormat.of()
        .formatHex(address instanceof Inet6Address ? Arrays.copyOf(bytes, 8) : bytes);
  }

  /**
   * The IPv6 /48 that a {@link #key} lies in: what one site has at most, so that all its /56 and
   * /64 are its own. Null where the key is no IPv6 address's.
   */
  static @Nullable String site(String key) {
    return key.length() == CUSTOMER ? key.substring(0, SITE) : null;
  }
}
