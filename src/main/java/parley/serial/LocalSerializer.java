package parley.serial;

import org.apache.pekko.serialization.JSerializer;
import org.jspecify.annotations.Nullable;

/**
 * Refuses to write a {@link Local} message. To send one to another node is a mistake. It has to
 * fail in a test, and not to become a message that half works there.
 */
public final class LocalSerializer extends JSerializer {
  private static final int IDENTIFIER = 7600;

  @Override
  public int identifier() {
    return IDENTIFIER;
  }

  @Override
  public boolean includeManifest() {
    return false;
  }

  @Override
  public byte[] toBinary(Object message) {
    throw new IllegalArgumentException(message.getClass().getName() + " never leaves its node");
  }

  @Override
  public Object fromBinaryJava(byte[] bytes, @Nullable Class<?> manifest) {
    throw new IllegalArgumentException("local messages are never serialized");
  }
}
