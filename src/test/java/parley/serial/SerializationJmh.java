package parley.serial;

import java.io.NotSerializableException;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import org.apache.pekko.actor.testkit.typed.javadsl.ActorTestKit;
import org.apache.pekko.serialization.Serialization;
import org.apache.pekko.serialization.SerializationExtension;
import org.apache.pekko.serialization.SerializerWithStringManifest;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import parley.conversation.ConversationEvent;
import parley.model.Entry;
import parley.model.EntryBody;
import parley.model.UserId;

/**
 * Measures how long the events of a message take to write and to read, and its messages between
 * nodes.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class SerializationJmh {
  private static final String NAME = "01K9ABCDEFGHJKMNPQRSTVWXY1";

  private final ActorTestKit kit = WireSystem.start("jmh");
  private final Serialization serialization = SerializationExtension.get(kit.system());
  private final Object event =
      new ConversationEvent.EntriesAppended(
          List.of(
              new Entry(
                  4711,
                  NAME,
                  new UserId("u_01K9ABCDEFGHJKMNPQRSTVWXYZ"),
                  1_790_000_000_000L,
                  NAME,
                  new EntryBody.Text(".".repeat(200), null, null, false))),
          null,
          4710);
  private final Object deliver =
      Objects.requireNonNull(HotMessages.of(kit.createTestProbe().getRef()).get("deliver"));
  private byte[] eventBytes = {};
  private byte[] deliverBytes = {};

  /** Prepares the bytes that are read. */
  @Setup
  public void write() {
    eventBytes = of(event).toBinary(event);
    deliverBytes = of(deliver).toBinary(deliver);
  }

  @TearDown
  public void stop() {
    kit.shutdownTestKit();
  }

  @Benchmark
  public Object writeEvent() {
    return of(event).toBinary(event);
  }

  @Benchmark
  public Object readEvent() throws NotSerializableException {
    return read(event, eventBytes);
  }

  @Benchmark
  public Object writeDelivery() {
    return of(deliver).toBinary(deliver);
  }

  @Benchmark
  public Object readDelivery() throws NotSerializableException {
    return read(deliver, deliverBytes);
  }

  private SerializerWithStringManifest of(Object message) {
    return (SerializerWithStringManifest) serialization.findSerializerFor(message);
  }

  private Object read(Object like, byte[] bytes) throws NotSerializableException {
    SerializerWithStringManifest serializer = of(like);
    return serializer.fromBinary(bytes, serializer.manifest(like));
  }
}
