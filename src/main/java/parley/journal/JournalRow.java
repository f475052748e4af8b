package parley.journal;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.apache.pekko.actor.ActorSystem;
import org.apache.pekko.serialization.Serialization;
import org.apache.pekko.serialization.SerializationExtension;
import org.apache.pekko.serialization.Serializers;

/**
 * The stored form of an event or a snapshot. Layout of version 1, sizes in bytes: the version (1),
 * serializer id (4), time (8), then three strings, each after its length (2): the serializer's
 * manifest, the event adapter's manifest, the writer's id; then the payload to the end. Big-endian,
 * UTF-8.
 *
 * @param serializer id of the serializer that wrote the payload; never changes
 * @param time when it was written, ms since 1970
 * @param manifest the manifest that the serializer gave the payload
 * @param adapter the manifest of the event adapter; empty without one
 * @param writer the id of the entity's incarnation; Pekko detects two incarnations by it
 * @param payload the bytes; not copied
 */
// The array is shared on purpose; rows are never compared.
@SuppressWarnings("ArrayRecordComponent")
record JournalRow(
    int serializer, long time, String manifest, String adapter, String writer, byte[] payload) {
  private static final byte VERSION = 1;
  private static final int FIXED_BYTES = 1 + Integer.BYTES + Long.BYTES + 3 * Short.BYTES;

  /** Maximum bytes of one row; the rows of entities are far smaller. */
  static final int MOST_BYTES = 32 << 20;

  /** Serializes a value with the serializer that is configured for its type. */
  static JournalRow of(
      Serialization serialization, Object value, long time, String adapter, String writer) {
    var serializer = serialization.findSerializerFor(value);
    byte[] payload = serialization.serialize(value).get();
    return new JournalRow(
        serializer.identifier(),
        time,
        Serializers.manifestFor(serializer, value),
        adapter,
        writer,
        payload);
  }

  /** Deserializes the event or snapshot. Fails if no serializer knows it. */
  Object value(ActorSystem system) {
    return SerializationExtension.get(system).deserialize(payload, serializer, manifest).get();
  }

  byte[] encoded() {
    byte[] name = manifest.getBytes(StandardCharsets.UTF_8);
    byte[] adapted = adapter.getBytes(StandardCharsets.UTF_8);
    byte[] by = writer.getBytes(StandardCharsets.UTF_8);
    int size = FIXED_BYTES + name.length + adapted.length + by.length + payload.length;
    if (size > MOST_BYTES) {
      throw new IllegalArgumentException(
          "a row of " + size + " bytes; the maximum is " + MOST_BYTES);
    }
    ByteBuffer buffer = ByteBuffer.allocate(size);
    buffer.put(VERSION).putInt(serializer).putLong(time);
    for (byte[] text : new byte[][] {name, adapted, by}) {
      if (text.length > 0xFFFF) {
        throw new IllegalArgumentException("a manifest of " + text.length + " bytes");
      }
      buffer.putShort((short) text.length).put(text);
    }
    return buffer.put(payload).array();
  }

  static JournalRow decoded(byte[] bytes) {
    ByteBuffer buffer = ByteBuffer.wrap(bytes);
    byte version = buffer.get();
    if (version != VERSION) {
      throw new IllegalStateException("a row of version " + version + "; this program reads 1");
    }
    int serializer = buffer.getInt();
    long time = buffer.getLong();
    String manifest = text(buffer);
    String adapter = text(buffer);
    String writer = text(buffer);
    byte[] payload = Arrays.copyOfRange(bytes, buffer.position(), bytes.length);
    return new JournalRow(serializer, time, manifest, adapter, writer, payload);
  }

  private static String text(ByteBuffer buffer) {
    int length = Short.toUnsignedInt(buffer.getShort());
    if (length == 0) {
      return "";
    }
    byte[] text = new byte[length];
    buffer.get(text);
    return new String(text, StandardCharsets.UTF_8);
  }
}
