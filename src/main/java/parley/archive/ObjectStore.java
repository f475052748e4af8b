package parley.archive;

import java.util.Optional;
import java.util.concurrent.CompletionStage;
import org.apache.pekko.Done;
import org.apache.pekko.NotUsed;
import org.apache.pekko.stream.javadsl.Source;

/**
 * Named bytes: what a folder and a bucket have in common. An object is there whole or not at all,
 * and stays when a put has been confirmed. Nothing here blocks its caller, and every call ends by
 * itself some time; how long anybody waits for it is decided by {@link GuardedObjectStore}.
 */
interface ObjectStore {
  /** Puts an object in place of what was there under its key. */
  CompletionStage<Done> put(String key, byte[] bytes, String contentType);

  /**
   * An object, or empty where there is none.
   *
   * @param most fails with {@link ColdDamaged} where it has more bytes
   */
  CompletionStage<Optional<byte[]>> get(String key, int most);

  /** All keys that begin so, ascending. */
  Source<String, NotUsed> list(String prefix);

  /** Removes an object; one that is not there is well removed. */
  CompletionStage<Done> delete(String key);

  /**
   * Whether it can be used as it is set up.
   *
   * @return fails with {@link ColdRefused} where a setting must be wrong, otherwise with what went
   *     wrong
   */
  CompletionStage<Done> check();
}
