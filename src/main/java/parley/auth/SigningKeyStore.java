package parley.auth;

import java.io.IOException;

/**
 * Stores the text of a {@link SigningKeys}: in a file of the data folder, in a row that all nodes
 * of a cluster share, or in an operator's file. All methods block; call them on a thread that may
 * block.
 */
public interface SigningKeyStore {
  /**
   * The stored text.
   *
   * @throws IOException if it cannot be read; the message never quotes it
   */
  String read() throws IOException;

  /**
   * Replaces the text as a whole, if nobody has changed it since it was read.
   *
   * @param before the text that {@link #read} returned
   * @return false if the text is another one by now; nothing was written
   * @throws IOException if it is not known whether the text was written
   */
  boolean replace(String before, String after) throws IOException;

  /** Whether {@link #replace} may be called; false for an operator's file. */
  default boolean isWritable() {
    return true;
  }

  /** The name of the store in messages: the setting first, one line, without any of the text. */
  String name();
}
