package parley.websocket;

import static org.assertj.core.api.Assertions.assertThat;

import org.apache.pekko.util.ByteString;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import parley.client.RawSocket;

class FrameEncoderTest {
  private static ClientBytes.Frame read(byte[] frame) {
    return ClientBytes.read(ByteString.fromArray(frame)).getFirst();
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 125, 126, 127, 255, 256, 65_535, 65_536, 1_000_000})
  void lengths(int length) {
    ClientBytes.Frame frame = read(FrameEncoder.text("x".repeat(length)));
    assertThat(frame.opcode()).isEqualTo(RawSocket.TEXT);
    assertThat(frame.text()).isEqualTo("x".repeat(length));
  }

  @Test
  void textIsUtf8() {
    assertThat(read(FrameEncoder.text("aä€😀")).text()).isEqualTo("aä€😀");
  }

  @Test
  void controlFrames() {
    assertThat(read(FrameEncoder.ping()).opcode()).isEqualTo(RawSocket.PING);
    ClientBytes.Frame pong = read(FrameEncoder.pong(new byte[] {1, 2}));
    assertThat(pong.opcode()).isEqualTo(RawSocket.PONG);
    assertThat(pong.payload()).containsExactly(1, 2);
    ClientBytes.Frame close = read(FrameEncoder.close(CloseStatus.INVALID_DATA));
    assertThat(close.opcode()).isEqualTo(RawSocket.CLOSE);
    assertThat(close.payload()).containsExactly(3, 1007 & 0xff);
  }
}
