package parley.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import org.junit.jupiter.api.Test;

/** How the port is bound and closed. */
final class HttpServerTest {
  @Test
  void unbindRefusesNewConnections() {
    try (HttpHarness httpHarness = new HttpHarness()) {
      assertThat(httpHarness.port()).isPositive();
      assertThat(httpHarness.call("GET", "/.well-known/jwks.json", null).statusCode())
          .isEqualTo(200);
      httpHarness.server().unbind().toCompletableFuture().join();
      // The connection that the client opened before stays open.
      assertThat(httpHarness.call("GET", "/.well-known/jwks.json", null).statusCode())
          .isEqualTo(200);
      assertThatThrownBy(() -> httpHarness.raw("GET / HTTP/1.1|Host: x||"))
          .hasMessageContaining("Connection refused");
    }
  }

  @Test
  void terminateEndsConnections() {
    try (HttpHarness httpHarness = new HttpHarness()) {
      assertThat(httpHarness.call("GET", "/.well-known/jwks.json", null).statusCode())
          .isEqualTo(200);
      httpHarness.server().terminate(Duration.ofSeconds(5)).toCompletableFuture().join();
      assertThatThrownBy(() -> httpHarness.call("GET", "/.well-known/jwks.json", null))
          .isInstanceOf(java.io.UncheckedIOException.class);
    }
  }
}
