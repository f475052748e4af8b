package parley.port;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.time.Duration;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Takes connections, on a thread of its own that waits for them. What it does not take is answered
 * here, before anything was made for it.
 *
 * <p>Where the system has no descriptor left it pauses: the connection stays in the kernel's queue,
 * and asking again at once would burn a processor for nothing. What goes wrong is logged once in a
 * while, with how often it did.
 */
final class Acceptor implements Runnable {
  private static final Logger log = LoggerFactory.getLogger(Acceptor.class);
  private static final Duration FIRST_PAUSE = Duration.ofMillis(10);
  private static final Duration LONGEST_PAUSE = Duration.ofSeconds(1);
  private static final Duration SAID_ONCE_IN = Duration.ofSeconds(10);

  private final ServerSocketChannel listening;
  private final ConnectionLimits limits;
  private final PortMeters meters;
  private final byte[] refusal;
  private final Consumer<SocketChannel> admitted;
  private final Consumer<Duration> pauser;

  private final Seldom failures = new Seldom();
  private final Seldom refusals = new Seldom();
  private Duration pause = FIRST_PAUSE;

  /**
   * Takes nothing before it {@link #run}s.
   *
   * @param refusal what is written to a connection that is not taken
   * @param admitted told every connection that is; it counts until it is released
   * @param pauser keeps this thread waiting
   */
  Acceptor(
      ServerSocketChannel listening,
      ConnectionLimits limits,
      PortMeters meters,
      byte[] refusal,
      Consumer<SocketChannel> admitted,
      Consumer<Duration> pauser) {
    this.listening = listening;
    this.limits = limits;
    this.meters = meters;
    this.refusal = refusal;
    this.admitted = admitted;
    this.pauser = pauser;
  }

  /** Listens. */
  static ServerSocketChannel bind(
      InetSocketAddress address, int backlog, Consumer<ServerSocket> options) throws IOException {
    ServerSocketChannel channel = ServerSocketChannel.open();
    try {
      options.accept(channel.socket());
      channel.bind(address, backlog);
      return channel;
    } catch (IOException | RuntimeException e) {
      channel.close();
      throw e;
    }
  }

  /** Until the listening channel is closed. */
  @Override
  public void run() {
    while (listening.isOpen()) {
      try {
        SocketChannel channel = listening.accept();
        pause = FIRST_PAUSE;
        take(channel);
      } catch (ClosedChannelException e) {
        return;
      } catch (IOException | RuntimeException | LinkageError e) {
        // A class that is needed first while descriptors have run out cannot be loaded then.
        meters.acceptFailures.increment();
        failures.say(
            count -> log.error("No connection could be taken ({} times): {}", count, e.toString()));
        pauser.accept(pause);
        pause = pause.multipliedBy(2);
        pause = pause.compareTo(LONGEST_PAUSE) > 0 ? LONGEST_PAUSE : pause;
      }
    }
  }

  private void take(SocketChannel channel) throws IOException {
    try {
      InetSocketAddress remote = (InetSocketAddress) channel.getRemoteAddress();
      channel.configureBlocking(false);
      switch (limits.admit(remote.getAddress())) {
        case ADMITTED -> admitted.accept(channel);
        case PORT_FULL -> {
          meters.portFull.increment();
          refuse(channel);
          refusals.say(
              count -> log.warn("As many connections as there may be; {} were refused", count));
        }
        case ADDRESS_FULL -> {
          meters.addressFull.increment();
          refuse(channel);
        }
      }
    } catch (IOException e) {
      // It was reset meanwhile; the next one may be fine.
      channel.close();
    } catch (RuntimeException | LinkageError e) {
      channel.close();
      throw e;
    }
  }

  /** What does not fit into the system's buffer at once is not worth waiting for. */
  private void refuse(SocketChannel channel) throws IOException {
    try (channel) {
      channel.write(ByteBuffer.wrap(refusal));
      channel.shutdownOutput();
    }
  }

  /** Says something at once and then once in a while, with how often it was to be said. */
  private static final class Seldom {
    private long count;
    private long saidAt;

    void say(Consumer<Long> what) {
      count++;
      long now = System.nanoTime();
      if (saidAt == 0 || now - saidAt >= SAID_ONCE_IN.toNanos()) {
        saidAt = now;
        what.accept(count);
        count = 0;
      }
    }
  }
}
