package parley.app;

import java.nio.ByteBuffer;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLEngineResult.HandshakeStatus;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLSession;
import org.apache.pekko.remote.artery.tcp.SSLEngineProvider;

/** A TLS handshake in memory. */
public final class Handshake {
  private static final int BUFFER = 64 * 1024;

  private Handshake() {}

  /** The client's session with a server of the same provider. */
  public static SSLSession between(SSLEngineProvider engines) throws SSLException {
    return between(
        engines.createClientSSLEngine("127.0.0.1", 1),
        engines.createServerSSLEngine("127.0.0.1", 1));
  }

  /** The client's session with the server. */
  public static SSLSession between(SSLEngine client, SSLEngine server) throws SSLException {
    client.beginHandshake();
    server.beginHandshake();
    ByteBuffer toServer = ByteBuffer.allocate(BUFFER);
    ByteBuffer toClient = ByteBuffer.allocate(BUFFER);
    for (int round = 0; round < 100 && !(done(client) && done(server)); round++) {
      step(client, toClient, toServer);
      step(server, toServer, toClient);
    }
    return client.getSession();
  }

  private static boolean done(SSLEngine engine) {
    return engine.getHandshakeStatus() == HandshakeStatus.NOT_HANDSHAKING;
  }

  private static void step(SSLEngine engine, ByteBuffer in, ByteBuffer out) throws SSLException {
    switch (engine.getHandshakeStatus()) {
      case NEED_WRAP -> engine.wrap(ByteBuffer.allocate(0), out);
      case NEED_TASK -> {
        for (Runnable task = engine.getDelegatedTask();
            task != null;
            task = engine.getDelegatedTask()) {
          task.run();
        }
      }
      default -> {
        in.flip();
        engine.unwrap(in, ByteBuffer.allocate(BUFFER));
        in.compact();
      }
    }
  }
}
