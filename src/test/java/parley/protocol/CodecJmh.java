package parley.protocol;

import java.util.List;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;
import parley.model.ConversationId;
import parley.model.Entry;
import parley.model.EntryBody;
import parley.model.UserId;

/** Measures how long each frame of a message takes to read or write; a message has 200 bytes. */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class CodecJmh {
  private static final UserId ANN = new UserId("u_01K9ABCDEFGHJKMNPQRSTVWXYZ");
  private static final UserId BEN = new UserId("u_01K9ABCDEFGHJKMNPQRSTVWXY0");
  private static final ConversationId CHAT = ConversationId.direct(ANN, BEN);
  private static final String NAME = "01K9ABCDEFGHJKMNPQRSTVWXY1";
  private static final String CONTENT = ".".repeat(200);
  private static final long AT = 1_790_000_000_000L;

  private final String send =
      "{\"op\":\"send\",\"id\":17,\"conversation_id\":\"%s\",\"client_msg_id\":\"%s\",\"type\":\"text\",\"content\":\"%s\"}"
          .formatted(CHAT.value(), NAME, CONTENT);
  private final String ack =
      "{\"op\":\"ack\",\"conversation_id\":\"%s\",\"seq\":4711}".formatted(CHAT.value());
  private final ServerFrame sent = new ServerFrame.Sent(17L, CHAT, NAME, NAME, 4711, AT, false);
  private final Entry entry =
      new Entry(4711, NAME, ANN, AT, NAME, new EntryBody.Text(CONTENT, null, List.of(), false));
  private final String encoded = FrameWriter.entry(CHAT, entry, false);
  private final ServerFrame receipt = new ServerFrame.Receipt(CHAT, BEN, 4711, 4700);

  @Benchmark
  public Object readSend() {
    return FrameReader.read(send);
  }

  @Benchmark
  public Object readAck() {
    return FrameReader.read(ack);
  }

  @Benchmark
  public Object writeSent() {
    return FrameWriter.write(sent);
  }

  @Benchmark
  public Object writeEntry() {
    return FrameWriter.entry(CHAT, entry, false);
  }

  /** A frame around an entry that is encoded already. */
  @Benchmark
  public Object wrapEntry() {
    return FrameWriter.message(encoded);
  }

  @Benchmark
  public Object writeReceipt() {
    return FrameWriter.write(receipt);
  }
}
