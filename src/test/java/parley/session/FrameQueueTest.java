package parley.session;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import org.apache.pekko.util.ByteString;
import org.junit.jupiter.api.Test;

class FrameQueueTest {
  private final FrameQueue frameQueue = new FrameQueue();

  private void add(String frame) {
    frameQueue.add(frame.getBytes(StandardCharsets.UTF_8));
  }

  private String take() {
    ByteString batch = frameQueue.take();
    return batch == null ? "" : batch.utf8String();
  }

  @Test
  void bytesCountUntilTheyAreWritten() {
    add("äx");
    assertThat(frameQueue.bytes()).isEqualTo(3);
    assertThat(take()).isEmpty();
    frameQueue.socketWantsMore();
    assertThat(take()).isEqualTo("äx");
    assertThat(frameQueue.bytes()).isEqualTo(3);
    add("y");
    add("z");
    assertThat(take()).isEmpty();
    frameQueue.socketWantsMore();
    assertThat(frameQueue.bytes()).isEqualTo(2);
    assertThat(take()).isEqualTo("yz");
    assertThat(take()).isEmpty();
    frameQueue.socketWantsMore();
    assertThat(frameQueue.bytes()).isZero();
    assertThat(take()).isEmpty();
  }

  @Test
  void aBatchIsBounded() {
    for (int i = 0; i < 300; i++) {
      add("x".repeat(1_000));
    }
    frameQueue.socketWantsMore();
    assertThat(take()).hasSize(66_000);
    for (int i = 0; i < 300; i++) {
      add("y");
    }
    frameQueue.socketWantsMore();
    assertThat(take()).hasSize(66_000);
    assertThat(frameQueue.bytes()).isEqualTo(168_000 + 66_000 + 300);
  }

  @Test
  void aBatchHasABoundedNumberOfFrames() {
    for (int i = 0; i < 300; i++) {
      add("x");
    }
    frameQueue.socketWantsMore();
    assertThat(take()).hasSize(128);
  }

  @Test
  void clearDropsFramesThatWereNotTaken() {
    add("x");
    frameQueue.socketWantsMore();
    take();
    add("yy");
    frameQueue.clear();
    assertThat(frameQueue.bytes()).isEqualTo(1);
    frameQueue.socketWantsMore();
    assertThat(take()).isEmpty();
  }
}
