package parley.session;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.apache.pekko.util.ByteString;
import org.junit.jupiter.api.Test;
import parley.model.ConversationId;
import parley.model.Entry;
import parley.model.EntryBody;
import parley.model.UserId;
import parley.protocol.FrameWriter;
import parley.protocol.ServerFrame;
import parley.websocket.ClientBytes;

class FrameCacheTest {
  private static final UserId ANN = new UserId("ann");
  private static final ConversationId ONE = new ConversationId("g_one");

  private final FrameCache shared = new FrameCache();

  @Test
  void theTextOfAnEntryIsWrittenOnce() {
    Entry entry = entry(1, "hello");
    byte[] bytes = shared.bytes(new ServerFrame.Message(ONE, entry, false));
    assertThat(ClientBytes.texts(ByteString.fromArray(bytes)))
        .containsExactly(FrameWriter.write(new ServerFrame.Message(ONE, entry, false)));
    assertThat(shared.bytes(new ServerFrame.Message(ONE, entry, false))).isSameAs(bytes);
  }

  @Test
  void theSendersTextDiffersFromTheTextForOthers() {
    Entry entry = entry(1, "hello");
    for (int i = 0; i < 2; i++) {
      for (boolean own : new boolean[] {false, true}) {
        var frame = new ServerFrame.Message(ONE, entry, own);
        assertThat(text(frame)).isEqualTo(FrameWriter.write(frame));
      }
    }
    assertThat(text(new ServerFrame.Message(ONE, entry, true))).contains("client_msg_id");
    assertThat(text(new ServerFrame.Message(ONE, entry, false))).doesNotContain("client_msg_id");
  }

  /** The entries share one slot of the table, many times over. */
  @Test
  void entriesThatShareASlotAreNotConfused() {
    for (int round = 0; round < 3; round++) {
      for (int seq = 1; seq < 2_000; seq++) {
        var frame = new ServerFrame.Message(ONE, entry(seq, "text " + seq + round), seq % 3 == 0);
        assertThat(text(frame)).isEqualTo(FrameWriter.write(frame));
      }
    }
    Entry first = entry(7, "first");
    Entry second = entry(7, "second");
    assertThat(text(new ServerFrame.Message(ONE, first, false))).contains("first");
    assertThat(text(new ServerFrame.Message(ONE, second, false))).contains("second");
  }

  private String text(ServerFrame.Message frame) {
    return ClientBytes.texts(ByteString.fromArray(shared.bytes(frame))).getFirst();
  }

  private static Entry entry(long seq, String content) {
    return new Entry(
        seq,
        "01KG9X" + seq,
        ANN,
        1_000_000 + seq,
        "mine-" + seq,
        new EntryBody.Text(content, null, List.of(), false));
  }
}
