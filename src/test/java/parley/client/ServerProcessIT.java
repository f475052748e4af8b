package parley.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.net.URI;
import java.nio.file.Path;
import java.util.Map;
import org.assertj.core.api.Assertions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The program as a process: it starts, is killed, restarts with its data, and stops when it is told
 * to.
 */
class ServerProcessIT {
  @Test
  void comesBackOnItsPorts(@TempDir Path data) {
    ServerProcess server = ServerProcess.start(data);
    try (server) {
      URI first = server.uri();
      assertThat(first.getPort()).isPositive();
      long pid = server.pid();
      server.kill9();
      assertThat(server.isAlive()).isFalse();
      server.restart();
      assertThat(server.uri()).isEqualTo(first);
      assertThat(server.pid()).isNotEqualTo(pid);
      assertThat(server.residentBytes()).isPositive();
      server.terminate();
      assertThat(server.isAlive()).isFalse();
    }
  }

  @Test
  void saysWhereOperatorsAsk(@TempDir Path data) {
    try (ServerProcess server = ServerProcess.start(data)) {
      assertThat(server.management().getPort()).isPositive().isNotEqualTo(server.uri().getPort());
    }
  }

  /** Work that can wait until the server listens is done then, with any result on this platform. */
  @Test
  void saysWhoChecksSignatures(@TempDir Path data) {
    try (ServerProcess server = ServerProcess.start(data)) {
      await()
          .untilAsserted(
              () ->
                  assertThat(server.output()).anyMatch(line -> line.contains("checks signatures")));
    }
  }

  @Test
  void aWrongSettingIsNamed(@TempDir Path data) {
    Assertions.assertThatThrownBy(
            () -> ServerProcess.start(data, Map.of("PARLEY_STORE", "paper")).close())
        .isInstanceOf(AssertionError.class)
        .hasMessageContaining("PARLEY_STORE");
  }

  @Test
  void twoOnOneFolderIsRefused(@TempDir Path data) {
    try (ServerProcess first = ServerProcess.start(data)) {
      Assertions.assertThatThrownBy(() -> ServerProcess.start(data).close())
          .isInstanceOf(AssertionError.class)
          .hasMessageContaining(data.getFileName().toString());
      assertThat(first.isAlive()).isTrue();
    }
  }
}
