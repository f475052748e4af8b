package parley.port;

import java.net.InetSocketAddress;
import java.nio.channels.SocketChannel;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import org.apache.pekko.stream.Attributes;
import org.jspecify.annotations.Nullable;

/**
 * One admitted connection, from its accept to its end. Its stream finds it in its attributes; the
 * port finds it by the client's address and port.
 */
final class OpenConnection implements Attributes.Attribute {
  /** What the port tells the stream of a connection. */
  enum Signal {
    /** The request to speak another protocol was not granted: the next request may come. */
    STAYS_HTTP,
    /** Answer what has begun, then end. */
    FINISH,
    /** End now. */
    CUT
  }

  private final InetSocketAddress remote;
  private final SocketChannel channel;
  private final Consumer<OpenConnection> onEnd;
  private final AtomicBoolean started = new AtomicBoolean();
  private final AtomicBoolean ended = new AtomicBoolean();
  private volatile @Nullable Consumer<Signal> stream;
  private volatile boolean switching;
  private @Nullable Runnable afterwards;

  OpenConnection(InetSocketAddress remote, SocketChannel channel, Consumer<OpenConnection> onEnd) {
    this.remote = remote;
    this.channel = channel;
    this.onEnd = onEnd;
  }

  InetSocketAddress remote() {
    return remote;
  }

  /** Whether a stream may be started for it: once. */
  boolean starts() {
    return started.compareAndSet(false, true);
  }

  /** Its stream runs. */
  void runs(Consumer<Signal> running) {
    stream = running;
  }

  /**
   * The request to speak another protocol was granted. Not a signal: where the handler answers at
   * once, the answer would overtake it.
   */
  void switches() {
    switching = true;
  }

  /** Whether that was granted, and its answer is on its way. */
  boolean isSwitching() {
    return switching;
  }

  /** Tells its stream, if it runs. */
  void tell(Signal signal) {
    Consumer<Signal> running = stream;
    if (running != null) {
      running.accept(signal);
    }
  }

  /** Its channel was closed before a stream ran: nobody else will say that it has ended. */
  boolean isLost() {
    return stream == null && !channel.isOpen();
  }

  /** Does something when it has ended, at once if it has. At most one thing. */
  void afterwards(Runnable what) {
    synchronized (this) {
      if (!ended.get() && afterwards == null) {
        afterwards = what;
        return;
      }
    }
    what.run();
  }

  /** It has ended; the second time nothing happens. */
  void end() {
    Runnable then;
    synchronized (this) {
      if (!ended.compareAndSet(false, true)) {
        return;
      }
      then = afterwards;
    }
    onEnd.accept(this);
    if (then != null) {
      then.run();
    }
  }
}
