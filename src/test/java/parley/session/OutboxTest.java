package parley.session;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import org.apache.pekko.util.ByteString;
import org.junit.jupiter.api.Test;

class OutboxTest {
  private final Outbox outbox = new Outbox();

  private void add(String frame) {
    outbox.add(frame.getBytes(StandardCharsets.UTF_8));
  }

  private String take() {
    ByteString batch = outbox.take();
    return batch == null ? "" : batch.utf8String();
  }

  @Test
  void countsBytesUntilTheyHaveLeft() {
    add("äx");
    assertThat(outbox.bytes()).isEqualTo(3);
    assertThat(take()).isEqualTo("äx");
    assertThat(outbox.bytes()).isEqualTo(3);
    add("y");
    add("z");
    assertThat(take()).isEqualTo("yz");
    assertThat(take()).isEmpty();
    assertThat(outbox.bytes()).isEqualTo(5);
    outbox.passed(3);
    assertThat(outbox.bytes()).isEqualTo(2);
    outbox.passed(2);
    assertThat(outbox.bytes()).isZero();
  }

  @Test
  void whatIsOnItsWayIsBounded() {
    for (int i = 0; i < 300; i++) {
      add("x".repeat(1_000));
    }
    assertThat(take()).hasSize(66_000);
    assertThat(take()).isEmpty();
    outbox.passed(464);
    assertThat(take()).isEmpty();
    outbox.passed(1);
    assertThat(take()).hasSize(1_000);
    outbox.passed(66_535);
    assertThat(take()).hasSize(66_000);
    assertThat(outbox.bytes()).isEqualTo(300_000 - 67_000);
  }

  @Test
  void whatWasNotHandedOverIsForgotten() {
    add("x");
    take();
    add("yy");
    outbox.clear();
    assertThat(outbox.bytes()).isEqualTo(1);
    assertThat(take()).isEmpty();
  }
}
