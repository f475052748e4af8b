package parley.auth;

import java.io.IOException;

/**
 * Where the text of a {@link SigningKeys} is kept: a file of the data folder, a row that all nodes
 * of a cluster share, or an operator's file. All methods block and belong on a thread that may.
 */
public interface SigningKeyStore {
  /**
   * What is kept now.
   *
   * @throws IOException where it cannot be read; the message never quotes it
   */
  String read() throws IOException;

  /**
   * Puts another text in its place, wholly or not at all, if nobody has changed it since.
   *
   * @param before what {@link #read} gave
   * @return false where it is another one by now: nothing was written
   * @throws IOException where it is not known whether it was written
   */
  boolean replace(String before, String after) throws IOException;

  /** Whether {@link #replace} may be called; false for a file that the operator keeps. */
  default boolean isOurs() {
    return true;
  }

  /** What messages call it: the setting first, one line, without any of the text. */
  String name();
}
