package parley.tls;

import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * Where the PEM files of one port are.
 *
 * @param cert the certificate, and those between it and its authority, if any
 * @param key its private key
 * @param ca whom peers' certificates must be signed by, null where peers need none
 */
public record TlsFiles(Path cert, Path key, @Nullable Path ca) {
  /** The names by which Kubernetes and cert-manager keep them in a secret. */
  public static final String CERT = "tls.crt";

  public static final String KEY = "tls.key";
  public static final String CA = "ca.crt";

  /** All three in one folder, under their usual names. */
  public static TlsFiles in(Path folder) {
    return new TlsFiles(folder.resolve(CERT), folder.resolve(KEY), folder.resolve(CA));
  }
}
