package parley.admin;

import java.net.InetAddress;
import java.net.NetworkInterface;
import java.net.SocketException;
import java.net.UnknownHostException;
import java.util.Collection;
import java.util.HashSet;
import java.util.Locale;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * Whether a request means this machine. A web page can give its own name an address of ours (DNS
 * rebinding) and then call the operators' port from an operator's browser as if it were the page's
 * own server; what it cannot change is the name in {@code Host}. So only our own addresses and
 * names are answered, and the names that the settings add.
 */
final class HostCheck {
  private static final Pattern IPV4 =
      Pattern.compile("((25[0-5]|2[0-4]\\d|1\\d\\d|[1-9]?\\d)(\\.(?!$)|$)){4}");

  private final Set<String> names = new HashSet<>();

  /**
   * Makes one.
   *
   * @param own names or addresses this node is known by
   * @param more what operators call it besides
   */
  HostCheck(Collection<String> own, Collection<String> more) {
    names.add("localhost");
    own.forEach(name -> names.add(plain(name)));
    more.forEach(name -> names.add(plain(name)));
  }

  /**
   * Whether a request with that host, without its port, may be answered. One without any was not
   * sent by a browser.
   */
  boolean allows(String host) {
    String name = plain(host);
    return name.isEmpty() || names.contains(name) || isOwnAddress(name);
  }

  /** Asks no name server: only what is an address already is looked at. */
  private static boolean isOwnAddress(String name) {
    if (!IPV4.matcher(name).matches() && name.indexOf(':') < 0) {
      return false;
    }
    try {
      InetAddress address = InetAddress.getByName(name);
      return address.isLoopbackAddress() || NetworkInterface.getByInetAddress(address) != null;
    } catch (UnknownHostException | SocketException e) {
      return false;
    }
  }

  private static String plain(String host) {
    String name = host.toLowerCase(Locale.ROOT);
    if (name.startsWith("[") && name.endsWith("]")) {
      return name.substring(1, name.length() - 1);
    }
    return name.endsWith(".") ? name.substring(0, name.length() - 1) : name;
  }
}
