package parley.port;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

/**
 * Where a request to switch to another protocol ends, and how its answer changes the connection.
 */
class RequestFramingTest {
  private static final String HEAD =
      "POST / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n";

  private final RequestFraming framing = new RequestFraming();

  private void head(String body) {
    byte[] head = (HEAD + body + "\r\n\r\n").getBytes(US_ASCII);
    assertThat(framing.advance(head, 0, head.length)).isEqualTo(head.length);
    assertThat(framing.isHeadComplete()).isTrue();
    framing.read(head, 0, head.length);
    assertThat(framing.isInBody()).isTrue();
  }

  private void body(String text) {
    byte[] bytes = text.getBytes(US_ASCII);
    assertThat(framing.advance(bytes, 0, bytes.length)).isEqualTo(bytes.length);
  }

  @Test
  void anAnswerThatComesBeforeTheBodyHasEndedIsNotWaitedForBehindIt() {
    head("Content-Length: 4");
    body("ab");
    framing.upgradeDeclined();
    assertThat(framing.isInBody()).isTrue();
    body("cd");
    assertThat(framing.isUpgradePending()).isFalse();
    assertThat(framing.isBetweenRequests()).isTrue();
  }

  @Test
  void untilTheAnswerComesNothingMoreIsRead() {
    head("Content-Length: 4");
    body("abcd");
    assertThat(framing.isUpgradePending()).isTrue();
    framing.upgradeDeclined();
    assertThat(framing.isBetweenRequests()).isTrue();
  }
}
