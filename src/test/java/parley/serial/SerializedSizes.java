package parley.serial;

import java.util.Random;
import org.apache.pekko.actor.testkit.typed.javadsl.ActorTestKit;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.serialization.SerializationExtension;

/** Measures serialized sizes as the server writes them, and makes contents that do not compress. */
public final class SerializedSizes implements AutoCloseable {
  /** The largest message: the transport's frame of 256 KiB, with room for its envelope. */
  public static final int MESSAGE = 240_000;

  /** The largest event: an item of DynamoDB, 400 KB, with room for its key. */
  public static final int EVENT = 390_000;

  private static final String ID_CHARS =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~!$&'()*+,;=:@";

  private final ActorTestKit kit = WireSystem.start("sizes");
  private final Random random = new Random(42);

  /** Bytes of a message, event or snapshot. */
  public int of(Object what) {
    return SerializationExtension.get(kit.system()).serialize(what).get().length;
  }

  /** Any reference. */
  public <T> ActorRef<T> ref() {
    return kit.<T>createTestProbe().getRef();
  }

  /** A random id of the longest kind. */
  public String id() {
    return ascii(64);
  }

  /** Random visible characters, one byte each. */
  public String ascii(int length) {
    StringBuilder text = new StringBuilder(length);
    for (int i = 0; i < length; i++) {
      text.append(ID_CHARS.charAt(random.nextInt(ID_CHARS.length())));
    }
    return text.toString();
  }

  /** Random characters of four bytes each, the most that a code point can take. */
  public String wide(int codePoints) {
    StringBuilder text = new StringBuilder(2 * codePoints);
    for (int i = 0; i < codePoints; i++) {
      text.appendCodePoint(0x1F000 + random.nextInt(0xE00));
    }
    return text.toString();
  }

  /** A large number. */
  public long number() {
    return 1_000_000_000_000L + random.nextLong(1L << 50);
  }

  @Override
  public void close() {
    kit.shutdownTestKit();
  }
}
