package parley.settings;

/**
 * The address of a port.
 *
 * @param host a name or an address; an IPv6 address without the brackets that it may be given with
 * @param port 0 means any free port, if this process listens on it
 */
public record HostPort(String host, int port) {
  /** Removes the brackets, so that one address is one text, however it was written. */
  public HostPort {
    if (host.startsWith("[") && host.endsWith("]")) {
      host = host.substring(1, host.length() - 1);
    }
  }

  /** The host as it stands before a port: an IPv6 address has colons of its own. */
  public String bracketedHost() {
    return host.contains(":") ? "[" + host + "]" : host;
  }

  @Override
  public String toString() {
    return bracketedHost() + ":" + port;
  }
}
