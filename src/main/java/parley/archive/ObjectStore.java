package parley.archive;

import java.util.Optional;
import java.util.concurrent.CompletionStage;
import org.apache.pekko.Done;
import org.apache.pekko.NotUsed;
import org.apache.pekko.stream.javadsl.Source;

/**
 * A store of named bytes, in a folder or in a bucket. An object exists as a whole or not at all,
 * and is durable when its put has completed. Nothing here blocks its caller, and every call ends by
 * itself eventually; {@link GuardedObjectStore} limits how long callers wait.
 */
interface ObjectStore {
  /** Puts an object, and replaces the one under the same key. */
  CompletionStage<Done> put(String key, byte[] bytes, String contentType);

  /**
   * Reads an object; empty if there is none.
   *
   * @param most maximum bytes; fails with {@link ColdDamaged} if the object has more
   */
  CompletionStage<Optional<byte[]>> get(String key, int most);

  /** All keys with that prefix, ascending. */
  Source<String, NotUsed> list(String prefix);

  /** Removes an object. Succeeds also if there is none. */
  CompletionStage<Done> delete(String key);

  /**
   * Checks that the store can be used with its settings.
   *
   * @return fails with {@link ColdRefused} if a setting must be wrong, otherwise with the failure
   *     that occurred
   */
  CompletionStage<Done> check();
}
