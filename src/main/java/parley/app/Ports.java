package parley.app;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import org.apache.pekko.http.javadsl.ServerBinding;

/** Whether ports are free, and which one 0 became. */
final class Ports {
  private Ports() {}

  /**
   * Tries a port before anything is started, so that one that is taken costs one line and not a
   * screen of a half-started program.
   */
  static void check(HostPort address, String variable) throws SettingsException {
    try (ServerSocket socket = new ServerSocket()) {
      socket.setReuseAddress(true);
      socket.bind(new InetSocketAddress(address.host(), address.port()));
    } catch (IOException e) {
      throw new SettingsException(
          variable, "cannot listen on " + address + " (" + e.getMessage() + ")");
    }
  }

  static HostPort of(ServerBinding binding) {
    InetSocketAddress local = binding.localAddress();
    return new HostPort(local.getAddress().getHostAddress(), local.getPort());
  }
}
