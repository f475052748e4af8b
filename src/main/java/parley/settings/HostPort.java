package parley.settings;

/**
 * The address of a port.
 *
 * @param host a name or an address
 * @param port 0 means any free port, if this process listens on it
 */
public record HostPort(String host, int port) {
  @Override
  public String toString() {
    // An IPv6 address has colons of its own.
    return (host.contains(":") ? "[" + host + "]" : host) + ":" + port;
  }
}
