package parley.archive;

import java.net.URI;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/** Where a cold tier is. */
public sealed interface ColdStore {

  /**
   * A folder of this node's own disk.
   *
   * @param folder is made where it is missing
   */
  record Files(Path folder) implements ColdStore {}

  /**
   * A bucket. Credentials and region come from AWS's usual places (environment, web identity of a
   * Kubernetes service account, the instance's role).
   *
   * @param endpoint null for Amazon's own; with one, buckets are named in the path
   * @param bucket must exist
   */
  record S3(@Nullable URI endpoint, String bucket) implements ColdStore {}
}
