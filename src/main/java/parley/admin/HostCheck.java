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
 * Checks by the {@code Host} header that a request is meant for this node. A web page can point its
 * own name to an address of this node (DNS rebinding), and then call the management port from an
 * operator's browser as if that port were the page's own server. The page cannot change the name in
 * {@code Host}. So only requests with this node's own addresses and names are answered, and those
 * with names that the settings add.
 */
final class HostCheck {
  private static final Pattern IPV4 =
      Pattern.compile("((25[0-5]|2[0-4]\\d|1\\d\\d|[1-9]?\\d)(\\.(?!$)|$)){4}");

  private final Set<String> names = new HashSet<>();

  /**
   * Creates a check.
   *
   * @param own names and addresses of this node
   * @param more further names that operators use for this node
   */
  HostCheck(Collection<String> own, Collection<String> more) {
    names.add("localhost");
    own.forEach(name -> names.add(normalized(name)));
    more.forEach(name -> names.add(normalized(name)));
  }

  /**
   * Whether a request with this host may be answered. An empty host is allowed: such a request was
   * not sent by a browser.
   *
   * @param host the host of the request, without its port
   */
  boolean allows(String host) {
    String name = normalized(host);
    return name.isEmpty() || names.contains(name) || isOwnAddress(name);
  }

  /**
   * Whether this is an IP address of this machine. Never asks a name server: names are not
   * resolved.
   */
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

  private static String normalized(String host) {
    String name = host.toLowerCase(Locale.ROOT);
    if (name.startsWith("[") && name.endsWith("]")) {
      return name.substring(1, name.length() - 1);
    }
    return name.endsWith(".") ? name.substring(0, name.length() - 1) : name;
  }
}
