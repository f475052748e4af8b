package parley.port;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.time.Duration;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Accepts connections, on a thread of its own that blocks. Connections beyond the limits are
 * answered here, before anything is allocated for them.
 *
 * <p>If the system has no descriptor left, the acceptor pauses: the connection stays in the
 * kernel's queue, and an immediate retry would only use a processor. Repeated failures and refusals
 * are logged once in 10 s, with their number.
 */
final class Acceptor implements Runnable {
  private static final Logger log = LoggerFactory.getLogger(Acceptor.class);
  private static final Duration FIRST_PAUSE = Duration.ofMillis(10);
  private static final Duration LONGEST_PAUSE = Duration.ofSeconds(1);
  private static final Duration LOG_INTERVAL = Duration.ofSeconds(10);

  private final ServerSocketChannel listeningChannel;
  private final ConnectionCounts counts;
  private final PortMeters meters;
  private final byte[] refusal;
  private final BiConsumer<InetSocketAddress, SocketChannel> onAdmitted;
  private final Consumer<Duration> pauser;

  private final ThrottledLog failures = new ThrottledLog();
  private final ThrottledLog refusals = new ThrottledLog();
  private Duration pause = FIRST_PAUSE;

  /**
   * Accepts nothing before {@link #run}.
   *
   * @param refusal what a connection beyond the limits receives
   * @param onAdmitted receives each admitted connection with the client's address. It also takes
   *     over its count, which it has released if it throws
   * @param pauser blocks this thread for a duration
   */
  Acceptor(
      ServerSocketChannel listening,
      ConnectionCounts counts,
      PortMeters meters,
      byte[] refusal,
      BiConsumer<InetSocketAddress, SocketChannel> onAdmitted,
      Consumer<Duration> pauser) {
    this.listeningChannel = listening;
    this.counts = counts;
    this.meters = meters;
    this.refusal = refusal;
    this.onAdmitted = onAdmitted;
    this.pauser = pauser;
  }

  /** Opens the listening channel. */
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

  /** Accepts connections until the listening channel is closed. */
  @Override
  public void run() {
    while (listeningChannel.isOpen()) {
      try {
        SocketChannel channel = listeningChannel.accept();
        pause = FIRST_PAUSE;
        admitOrRefuse(channel);
      } catch (ClosedChannelException e) {
        return;
      } catch (IOException | RuntimeException | LinkageError e) {
        // LinkageError: a class that is first needed while no descriptor is left cannot be loaded.
        meters.acceptFailures.increment();
        failures.report(
            count ->
                log.error("Accepting a connection failed ({} times): {}", count, e.toString()));
        pauser.accept(pause);
        pause = pause.multipliedBy(2);
        pause = pause.compareTo(LONGEST_PAUSE) > 0 ? LONGEST_PAUSE : pause;
      }
    }
  }

  private void admitOrRefuse(SocketChannel channel) throws IOException {
    try {
      InetSocketAddress remote = (InetSocketAddress) channel.getRemoteAddress();
      channel.configureBlocking(false);
      switch (counts.admit(remote.getAddress())) {
        case ADMITTED -> onAdmitted.accept(remote, channel);
        case PORT_FULL -> {
          meters.portFull.increment();
          refuse(channel);
          refusals.report(
              count -> log.warn("The port has reached its connection limit; {} refused", count));
        }
        case ADDRESS_FULL -> {
          meters.addressFull.increment();
          refuse(channel);
        }
      }
    } catch (IOException e) {
      // The client has reset it; the next connection may be fine.
      channel.close();
    } catch (RuntimeException | LinkageError e) {
      channel.close();
      throw e;
    }
  }

  /**
   * Writes the refusal. Does not wait for bytes that do not fit into the system's buffer at once.
   */
  private void refuse(SocketChannel channel) throws IOException {
    try (channel) {
      channel.write(ByteBuffer.wrap(refusal));
      channel.shutdownOutput();
    }
  }

  /**
   * Logs the first event at once and later ones once in 10 s, with their number since the last
   * line.
   */
  private static final class ThrottledLog {
    private long count;
    private long reportedAt;

    void report(Consumer<Long> what) {
      count++;
      long now = System.nanoTime();
      if (reportedAt == 0 || now - reportedAt >= LOG_INTERVAL.toNanos()) {
        reportedAt = now;
        what.accept(count);
        count = 0;
      }
    }
  }
}
