package parley.http;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * Decides which {@code X-Forwarded-For} headers are believed. Each proxy appends the address that
 * connected to it. So the header is read from its right end, which is the newest, and only as long
 * as the address that wrote an entry is a trusted proxy:
 *
 * <pre>
 *   connection from 10.0.0.7        a trusted proxy, so read the entry that it wrote last
 *   X-Forwarded-For: 1.2.3.4, 203.0.113.9, 10.0.0.3
 *                    │        │            └ another trusted proxy, so continue
 *                    │        └ not trusted: this is the client
 *                    └ anything the client wrote
 * </pre>
 *
 * A client behind a proxy can write anything on the left, which is never read. The header of a
 * client that connects directly is not believed at all. An entry that is not an address ends the
 * search at the proxy that wrote it. Immutable.
 */
public final class TrustedProxies {
  /** Maximum number of trusted networks. */
  public static final int MOST_NETWORKS = 64;

  /** Trusts no proxy, so no header is believed. */
  public static final TrustedProxies NONE = new TrustedProxies(List.of());

  /** Maximum number of header entries that are read. No real chain of proxies is as long. */
  static final int MOST_HOPS = 16;

  private static final String OCTET = "(25[0-5]|2[0-4]\\d|1\\d\\d|[1-9]?\\d)";
  private static final Pattern IPV4 = Pattern.compile(OCTET + "(\\." + OCTET + "){3}");
  private static final Pattern IPV6 = Pattern.compile("[0-9a-fA-F:.]{2,45}");
  private static final Pattern PORT = Pattern.compile("\\d{1,5}");

  private final List<Network> networks;

  private TrustedProxies(List<Network> networks) {
    this.networks = networks;
  }

  /**
   * Parses {@code 10.0.0.0/8,192.168.1.7,fd00::/8}: networks or addresses, at most {@value
   * #MOST_NETWORKS}. Host names are not resolved.
   *
   * @throws IllegalArgumentException if an entry is not a network, or covers every address, because
   *     a client could then claim any address. The message says what is expected, without the value
   */
  public static TrustedProxies parse(String text) {
    String[] parts = text.split(",", -1);
    if (parts.length > MOST_NETWORKS) {
      throw new IllegalArgumentException("must be at most " + MOST_NETWORKS + " networks");
    }
    List<Network> all = new ArrayList<>();
    for (String part : parts) {
      all.add(network(part.strip()));
    }
    return new TrustedProxies(List.copyOf(all));
  }

  private static Network network(String text) {
    int slash = text.indexOf('/');
    InetAddress base =
        literal(slash < 0 ? text : text.substring(0, slash))
            .orElseThrow(
                () -> new IllegalArgumentException("must be networks such as 10.0.0.0/8,fd00::/8"));
    int most = base.getAddress().length * Byte.SIZE;
    int bits = slash < 0 ? most : number(text.substring(slash + 1));
    if (bits < 1 || bits > most) {
      throw new IllegalArgumentException("must be networks with a prefix of 1 to " + most);
    }
    Network network = new Network(base.getAddress(), bits);
    if (!network.isNetworkAddress()) {
      throw new IllegalArgumentException("must be networks with no bits set behind their prefix");
    }
    return network;
  }

  private static int number(String text) {
    return text.matches("\\d{1,3}") ? Integer.parseInt(text) : -1;
  }

  /**
   * The address of a request's client.
   *
   * @param peer the address that connected
   * @param forwarded the values of all {@code X-Forwarded-For} headers, in their order
   */
  InetAddress client(InetAddress peer, List<String> forwarded) {
    if (!trusts(peer)) {
      return peer;
    }
    InetAddress nearest = peer;
    int looked = 0;
    for (String value : forwarded.reversed()) {
      int end = value.length();
      while (end >= 0) {
        int comma = value.lastIndexOf(',', end - 1);
        Optional<InetAddress> before = address(value.substring(comma + 1, end).strip());
        looked++;
        if (before.isEmpty() || !trusts(before.get()) || looked == MOST_HOPS) {
          return before.orElse(nearest);
        }
        nearest = before.get();
        end = comma;
      }
    }
    return nearest;
  }

  /**
   * Whether a trusted proxy says that its client came over TLS.
   *
   * @param peer the address that connected
   * @param forwarded the values of all {@code X-Forwarded-Proto} headers. Every word in them must
   *     be {@code https}: it depends on the proxies which of several words describes the client's
   *     own connection
   */
  boolean saysTls(InetAddress peer, List<String> forwarded) {
    return !forwarded.isEmpty()
        && trusts(peer)
        && forwarded.stream()
            .flatMap(value -> Stream.of(value.split(",", -1)))
            .allMatch(word -> word.strip().equalsIgnoreCase("https"));
  }

  /** Whether this address is a trusted proxy. */
  boolean trusts(InetAddress address) {
    byte[] bytes = address.getAddress();
    return networks.stream().anyMatch(network -> network.contains(bytes));
  }

  /** An address as proxies write it: {@code a.b.c.d}, {@code a:b::c}, or either with a port. */
  private static Optional<InetAddress> address(String text) {
    if (text.startsWith("[")) {
      int close = text.indexOf(']');
      boolean whole = close > 0 && (close == text.length() - 1 || isPort(text, close + 1));
      return whole ? ipv6(text.substring(1, close)) : Optional.empty();
    }
    int colon = text.indexOf(':');
    boolean oneColon = colon > 0 && colon == text.lastIndexOf(':');
    return oneColon && isPort(text, colon) ? ipv4(text.substring(0, colon)) : literal(text);
  }

  private static boolean isPort(String text, int colon) {
    return text.charAt(colon) == ':' && PORT.matcher(text.substring(colon + 1)).matches();
  }

  private static Optional<InetAddress> literal(String text) {
    return text.indexOf(':') < 0 ? ipv4(text) : ipv6(text);
  }

  private static Optional<InetAddress> ipv4(String text) {
    return IPV4.matcher(text).matches() ? parsed(text) : Optional.empty();
  }

  private static Optional<InetAddress> ipv6(String text) {
    // In brackets Java parses it as an address or refuses it, and never asks a name server.
    return IPV6.matcher(text).matches() && text.indexOf(':') >= 0
        ? parsed("[" + text + "]")
        : Optional.empty();
  }

  private static Optional<InetAddress> parsed(String literal) {
    try {
      return Optional.of(InetAddress.getByName(literal));
    } catch (UnknownHostException e) {
      return Optional.empty();
    }
  }

  /** The addresses that begin with the same {@code bits} bits. */
  private static final class Network {
    private final byte[] base;
    private final int bits;

    Network(byte[] base, int bits) {
      this.base = base;
      this.bits = bits;
    }

    boolean contains(byte[] address) {
      if (address.length != base.length) {
        return false;
      }
      for (int bit = 0; bit < bits; bit++) {
        if (isSet(address, bit) != isSet(base, bit)) {
          return false;
        }
      }
      return true;
    }

    boolean isNetworkAddress() {
      for (int bit = bits; bit < base.length * Byte.SIZE; bit++) {
        if (isSet(base, bit)) {
          return false;
        }
      }
      return true;
    }

    private static boolean isSet(byte[] address, int bit) {
      return (address[bit / Byte.SIZE] >> (Byte.SIZE - 1 - bit % Byte.SIZE) & 1) == 1;
    }
  }
}
