package parley.session;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

class OutboxTest {
  private final Outbox outbox = new Outbox();

  @Test
  void countsBytesUntilTheyHaveLeft() {
    outbox.add("äx");
    assertThat(outbox.bytes()).isEqualTo(3);
    assertThat(outbox.take()).isEmpty();
    outbox.wanted();
    assertThat(outbox.take()).containsExactly("äx");
    assertThat(outbox.bytes()).isEqualTo(3);
    outbox.add("y");
    assertThat(outbox.take()).isEmpty();
    outbox.wanted();
    assertThat(outbox.bytes()).isEqualTo(1);
    assertThat(outbox.take()).containsExactly("y");
  }

  @Test
  void aBatchIsBounded() {
    for (int i = 0; i < 300; i++) {
      outbox.add("x".repeat(1_000));
    }
    outbox.wanted();
    assertThat(outbox.take()).hasSize(66);
  }

  @Test
  void lengthsAreThoseOfUtf8() {
    for (String s : new String[] {"", "a", "ä", "€", "😀", "a\u0000ä€😀\u07ff\u0800\uffff"}) {
      assertThat(Outbox.utf8Length(s)).isEqualTo(s.getBytes(StandardCharsets.UTF_8).length);
    }
  }
}
