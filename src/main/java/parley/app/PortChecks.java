package parley.app;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import parley.port.HttpPort;
import parley.settings.HostPort;
import parley.settings.SettingsException;

/** Checks that addresses belong to this machine and that ports are free. */
final class PortChecks {
  private PortChecks() {}

  /**
   * Tries an address before anything is started, so that an address that cannot be used gives one
   * line of error and not the log of a half-started program. The error names the host's variable if
   * this machine has no such address, else the port's variable.
   */
  static void check(HostPort address, String hostVariable, String portVariable)
      throws SettingsException {
    check(hostVariable, new HostPort(address.host(), 0), address.host());
    check(portVariable, address, address.toString());
  }

  private static void check(String variable, HostPort address, String shown)
      throws SettingsException {
    try (ServerSocket socket = new ServerSocket()) {
      socket.setReuseAddress(true);
      socket.bind(new InetSocketAddress(address.host(), address.port()));
    } catch (IOException e) {
      throw new SettingsException(
          variable, "cannot listen on " + shown + " (" + e.getMessage() + ")");
    }
  }

  static HostPort addressOf(HttpPort port) {
    InetSocketAddress local = port.address();
    return new HostPort(local.getAddress().getHostAddress(), local.getPort());
  }
}
