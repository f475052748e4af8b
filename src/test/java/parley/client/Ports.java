package parley.client;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.security.SecureRandom;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Free ports for servers that need a port before they start, or the same port again. They are below
 * the ports that systems give to outgoing connections (32768 and up on Linux, 49152 elsewhere),
 * because such a port may be in use at the moment of a restart.
 */
public final class Ports {
  private static final int FIRST = 10_000;
  private static final int COUNT = 20_000;

  /** Two runs on one machine start at different numbers. */
  private static final AtomicInteger NEXT = new AtomicInteger(new SecureRandom().nextInt(COUNT));

  private Ports() {}

  /**
   * A port on which nothing listens, on any address, and which this process has not returned
   * before.
   */
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
