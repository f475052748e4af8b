package parley.client;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.security.SecureRandom;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Ports for servers that are told theirs before they start, or come back on the one they had. They
 * are taken from below those that systems give to outgoing connections (32768 and up on Linux,
 * 49152 elsewhere): one of these may be somebody's at the moment of a restart.
 */
public final class Ports {
  private static final int FIRST = 10_000;
  private static final int COUNT = 20_000;

  /** Two runs on one machine begin at different places. */
  private static final AtomicInteger NEXT = new AtomicInteger(new SecureRandom().nextInt(COUNT));

  private Ports() {}

  /** One that nobody listens on, on any address, and that was not given before by this process. */
  public static int free() {
    for (int i = 0; i < COUNT; i++) {
      int port = FIRST + Math.floorMod(NEXT.getAndIncrement(), COUNT);
      if (isFree(port, new InetSocketAddress(port))
          && isFree(port, new InetSocketAddress(InetAddress.getLoopbackAddress(), port))) {
        return port;
      }
    }
    throw new IllegalStateException("no free port of " + COUNT + " from " + FIRST);
  }

  private static boolean isFree(int port, InetSocketAddress address) {
    try (ServerSocket socket = new ServerSocket()) {
      socket.bind(address);
      return socket.getLocalPort() == port;
    } catch (IOException e) {
      return false;
    }
  }
}
