package parley.archive;

import java.net.URI;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/** The place of a cold tier. */
public sealed interface ColdStore {

  /**
   * A folder on this node's own disk.
   *
   * @param folder is created if it is missing
   */
  record Files(Path folder) implements ColdStore {}

  /**
   * A bucket. Credentials and region come from AWS's usual places (environment, web identity of a
   * Kubernetes service account, the instance's role).
   *
   * @param endpoint null for Amazon's own; with one, the path of a URL contains the bucket's name
   * @param bucket must exist
   */
  record S3(@Nullable URI endpoint, String bucket) implements ColdStore {}
}
