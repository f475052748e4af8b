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
    assertThat(take()).isEmpty();
    outbox.wanted();
    assertThat(take()).isEqualTo("äx");
    assertThat(outbox.bytes()).isEqualTo(3);
    add("y");
    add("z");
    assertThat(take()).isEmpty();
    outbox.wanted();
    assertThat(outbox.bytes()).isEqualTo(2);
    assertThat(take()).isEqualTo("yz");
    assertThat(take()).isEmpty();
    outbox.wanted();
    assertThat(outbox.bytes()).isZero();
    assertThat(take()).isEmpty();
  }

  @Test
  void aBatchIsBounded() {
    for (int i = 0; i < 300; i++) {
      add("x".repeat(1_000));
    }
    outbox.wanted();
    assertThat(take()).hasSize(66_000);
    for (int i = 0; i < 300; i++) {
      add("y");
    }
    outbox.wanted();
    assertThat(take()).hasSize(66_000);
    assertThat(outbox.bytes()).isEqualTo(168_000 + 66_000 + 300);
  }

  @Test
  void aBatchHasOnlySoManyFrames() {
    for (int i = 0; i < 300; i++) {
      add("x");
    }
    outbox.wanted();
    assertThat(take()).hasSize(128);
  }

  @Test
  void whatWasNotHandedOverIsForgotten() {
    add("x");
    outbox.wanted();
    take();
    add("yy");
    outbox.clear();
    assertThat(outbox.bytes()).isEqualTo(1);
    outbox.wanted();
    assertThat(take()).isEmpty();
  }
}
