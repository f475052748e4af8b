package parley.settings;

/**
 * Where something listens.
 *
 * @param host a name or an address
 * @param port 0 means any free one, where we are the one that listens
 */
public record HostPort(String host, int port) {
  @Override
  public String toString() {
    // An IPv6 address has colons of its own.
    return (host.contains(":") ? "[" + host + "]" : host) + ":" + port;
  }
}
