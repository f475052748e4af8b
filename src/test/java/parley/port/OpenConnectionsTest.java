package parley.port;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.net.InetSocketAddress;
import java.nio.channels.SocketChannel;
import org.junit.jupiter.api.Test;

/** Every admitted connection is counted until it ends, and no longer. */
final class OpenConnectionsTest {
  private static final InetSocketAddress CLIENT = new InetSocketAddress("203.0.113.7", 40_000);

  private final ConnectionCounts counts =
      new ConnectionCounts(PortSettings.standard(10, 10, address -> false));
  private final OpenConnections openConnections =
      new OpenConnections(counts, new PortMeters(counts::open, () -> 0));

  /**
   * A client resets its connection and connects again from the same port before the server notices.
   */
  @Test
  void aClientFromTheSamePortCountsOnce() throws Exception {
    try (SocketChannel one = SocketChannel.open();
        SocketChannel other = SocketChannel.open()) {
      counts.admit(CLIENT.getAddress());
      OpenConnection first = openConnections.add(CLIENT, one);
      counts.admit(CLIENT.getAddress());
      OpenConnection second = openConnections.add(CLIENT, other);
      assertThat(counts.open()).isEqualTo(1);
      assertThat(openConnections.get(CLIENT)).isSameAs(second);
      first.end();
      assertThat(counts.open()).isEqualTo(1);
      second.end();
      assertThat(counts.open()).isZero();
      assertThat(openConnections.get(CLIENT)).isNull();
    }
  }

  /** The error of a class that cannot be loaded, for example because descriptors have run out. */
  @Test
  void aConnectionThatFailsToStartNoLongerCounts() throws Exception {
    try (SocketChannel channel = SocketChannel.open()) {
      counts.admit(CLIENT.getAddress());
      assertThatThrownBy(
              () ->
                  openConnections.add(
                      CLIENT,
                      channel,
                      () -> {
                        throw new NoClassDefFoundError("planted");
                      }))
          .isInstanceOf(NoClassDefFoundError.class);
      assertThat(counts.open()).isZero();
      assertThat(counts.addresses()).isZero();
      assertThat(openConnections.get(CLIENT)).isNull();
    }
  }

  @Test
  void aStreamIsStartedOnce() throws Exception {
    try (SocketChannel channel = SocketChannel.open()) {
      OpenConnection connection = openConnections.add(CLIENT, channel);
      assertThat(connection.claimStart()).isTrue();
      assertThat(connection.claimStart()).isFalse();
    }
  }
}
