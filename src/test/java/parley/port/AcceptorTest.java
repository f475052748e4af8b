package parley.port;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.SocketAddress;
import java.net.SocketOption;
import java.nio.channels.Channel;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.channels.spi.SelectorProvider;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.slf4j.LoggerFactory;

/** The accept loop when the system gives it no connection. */
final class AcceptorTest {
  private static final int FAILURES = 1_000;

  /** A channel without descriptors for a thousand attempts; then it is closed. */
  private static final class NoDescriptors extends ServerSocketChannel {
    private int tries;

    NoDescriptors() {
      super(SelectorProvider.provider());
    }

    @Override
    public SocketChannel accept() throws IOException {
      if (++tries > FAILURES) {
        throw new ClosedChannelException();
      }
      throw new IOException("Too many open files");
    }

    @Override
    public ServerSocketChannel bind(@Nullable SocketAddress local, int backlog) {
      return this;
    }

    @Override
    public <T> ServerSocketChannel setOption(SocketOption<T> name, T value) {
      return this;
    }

    @Override
    public <T> @Nullable T getOption(SocketOption<T> name) {
      return null;
    }

    @Override
    public Set<SocketOption<?>> supportedOptions() {
      return Set.of();
    }

    @Override
    public ServerSocket socket() {
      throw new UnsupportedOperationException();
    }

    @Override
    public @Nullable SocketAddress getLocalAddress() {
      return null;
    }

    @Override
    protected void implCloseSelectableChannel() {}

    @Override
    protected void implConfigureBlocking(boolean block) {}
  }

  @Test
  void withoutDescriptorsItPausesAndIsNearlySilent() {
    PortSettings limits = PortSettings.standard(0, 0, address -> true);
    ConnectionCounts counts = new ConnectionCounts(limits);
    PortMeters meters = new PortMeters(counts::open, () -> 0);
    List<Duration> pauses = new ArrayList<>();
    ListAppender<ILoggingEvent> lines = new ListAppender<>();
    lines.start();
    Logger log = (Logger) LoggerFactory.getLogger(Acceptor.class);
    log.addAppender(lines);
    try {
      new Acceptor(
              new NoDescriptors(),
              counts,
              meters,
              new byte[0],
              (remote, channel) -> {},
              pauses::add)
          .run();
    } finally {
      log.detachAppender(lines);
    }
    assertThat(pauses).hasSize(FAILURES);
    assertThat(pauses.subList(0, 3))
        .containsExactly(Duration.ofMillis(10), Duration.ofMillis(20), Duration.ofMillis(40));
    assertThat(pauses.getLast()).isEqualTo(Duration.ofSeconds(1));
    assertThat(meters.acceptFailures()).isEqualTo(FAILURES);
    // One line at once, and the next ten seconds later, which a thousand attempts without pauses
    // would not take.
    assertThat(lines.list).hasSizeLessThanOrEqualTo(2);
    assertThat(lines.list.getFirst().getFormattedMessage()).contains("Too many open files");
  }

  /** The error of a class that cannot be loaded, for example because descriptors have run out. */
  @Test
  void anErrorAtOneConnectionEndsThatOneAndTheNextIsTaken() throws Exception {
    ConnectionCounts counts = new ConnectionCounts(PortSettings.standard(0, 0, address -> true));
    PortMeters meters = new PortMeters(counts::open, () -> 0);
    List<Duration> pauses = new ArrayList<>();
    List<SocketChannel> taken = new ArrayList<>();
    try (ServerSocketChannel listening =
            Acceptor.bind(
                new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 2, socket -> {});
        SocketChannel first = SocketChannel.open(listening.getLocalAddress());
        SocketChannel second = SocketChannel.open(listening.getLocalAddress())) {
      new Acceptor(
              listening,
              counts,
              meters,
              new byte[0],
              (remote, channel) -> {
                taken.add(channel);
                if (taken.size() == 1) {
                  throw new NoClassDefFoundError("planted");
                }
                close(listening);
              },
              pauses::add)
          .run();
      assertThat(taken).hasSize(2);
      assertThat(taken.getFirst().isOpen()).isFalse();
      assertThat(taken.getLast().isOpen()).isTrue();
      assertThat(pauses).hasSize(1);
      assertThat(meters.acceptFailures()).isEqualTo(1);
      assertThat(List.of(first, second)).allMatch(SocketChannel::isConnected);
    } finally {
      taken.forEach(AcceptorTest::close);
    }
  }

  private static void close(Channel channel) {
    try {
      channel.close();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
