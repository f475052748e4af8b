package parley.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import org.junit.jupiter.api.Test;

/** Binding and ending. */
final class HttpServerTest {
  @Test
  void afterUnbindNobodyNewGetsIn() {
    try (World world = new World()) {
      assertThat(world.port()).isPositive();
      assertThat(world.call("GET", "/.well-known/jwks.json", null).statusCode()).isEqualTo(200);
      world.server().unbind().toCompletableFuture().join();
      // The client's connection from before lives on.
      assertThat(world.call("GET", "/.well-known/jwks.json", null).statusCode()).isEqualTo(200);
      assertThatThrownBy(() -> world.raw("GET / HTTP/1.1|Host: x||"))
          .hasMessageContaining("Connection refused");
    }
  }

  @Test
  void terminateEndsConnections() {
    try (World world = new World()) {
      assertThat(world.call("GET", "/.well-known/jwks.json", null).statusCode()).isEqualTo(200);
      world.server().terminate(Duration.ofSeconds(5)).toCompletableFuture().join();
      assertThatThrownBy(() -> world.call("GET", "/.well-known/jwks.json", null))
          .isInstanceOf(java.io.UncheckedIOException.class);
    }
  }
}
