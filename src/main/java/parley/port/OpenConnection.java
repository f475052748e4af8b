package parley.port;

import java.net.InetSocketAddress;
import java.nio.channels.SocketChannel;
import java.security.cert.X509Certificate;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLPeerUnverifiedException;
import org.apache.pekko.stream.Attributes;
import org.jspecify.annotations.Nullable;

/**
 * An admitted connection, from its accept to its end. Its stream finds it in the stream's
 * attributes; the port finds it by the client's address and port.
 */
final class OpenConnection implements Attributes.Attribute {
  /** Signal from the port to the stream of a connection. */
  enum Signal {
    /** The switch to another protocol was declined: the next request may come. */
    SWITCH_DECLINED,
    /** Answer the requests that have begun, then end. */
    FINISH,
    /** End at once. */
    CUT
  }

  private final InetSocketAddress remote;
  private final SocketChannel channel;
  private final Consumer<OpenConnection> onEnd;
  private final AtomicBoolean started = new AtomicBoolean();
  private final AtomicBoolean ended = new AtomicBoolean();
  private volatile @Nullable Consumer<Signal> stream;
  private volatile boolean switching;
  private volatile @Nullable SSLEngine engine;
  private @Nullable Runnable whenEnded;

  OpenConnection(InetSocketAddress remote, SocketChannel channel, Consumer<OpenConnection> onEnd) {
    this.remote = remote;
    this.channel = channel;
    this.onEnd = onEnd;
  }

  InetSocketAddress remote() {
    return remote;
  }

  /** The connection speaks TLS by this engine. */
  void encryptedBy(SSLEngine its) {
    engine = its;
  }

  /** The verified certificate that the client has presented, or null. */
  @Nullable X509Certificate clientCertificate() {
    SSLEngine its = engine;
    if (its == null) {
      return null;
    }
    try {
      return its.getSession().getPeerCertificates()[0] instanceof X509Certificate certificate
          ? certificate
          : null;
    } catch (SSLPeerUnverifiedException e) {
      return null;
    }
  }

  /** Claims the start of the stream; true for the first call only. */
  boolean claimStart() {
    return started.compareAndSet(false, true);
  }

  /** The stream runs and receives signals from now on. */
  void streamStarted(Consumer<Signal> running) {
    stream = running;
  }

  /**
   * The switch to another protocol was granted. Not a signal: if the handler answers at once, the
   * answer would overtake the signal.
   */
  void switchGranted() {
    switching = true;
  }

  /** Whether the switch was granted; its answer is on its way. */
  boolean isSwitching() {
    return switching;
  }

  /** Sends a signal to the stream, if it runs. */
  void signal(Signal signal) {
    Consumer<Signal> running = stream;
    if (running != null) {
      running.accept(signal);
    }
  }

  /** Whether the channel was closed before a stream ran: nothing else will report its end. */
  boolean isLost() {
    return stream == null && !channel.isOpen();
  }

  /**
   * Runs an action when the connection has ended, or at once if it has ended already. The
   * connection keeps one action; a second one runs at once.
   */
  void whenEnded(Runnable what) {
    synchronized (this) {
      if (!ended.get() && whenEnded == null) {
        whenEnded = what;
        return;
      }
    }
    what.run();
  }

  /** Marks the connection as ended; a second call does nothing. */
  void end() {
    Runnable then;
    synchronized (this) {
      if (!ended.compareAndSet(false, true)) {
        return;
      }
      then = whenEnded;
    }
    onEnd.accept(this);
    if (then != null) {
      then.run();
    }
  }
}
