package parley.tls;

import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * The paths of the PEM files of one port.
 *
 * @param cert the certificate, followed by intermediate certificates if there are any
 * @param key its private key
 * @param ca the authority that must have signed the certificates of peers, null if peers need none
 */
public record TlsFiles(Path cert, Path key, @Nullable Path ca) {
  /** The file names that Kubernetes and cert-manager use in a secret. */
  public static final String CERT = "tls.crt";

  public static final String KEY = "tls.key";
  public static final String CA = "ca.crt";

  /** All three in one folder, under their usual names. */
  public static TlsFiles in(Path folder) {
    return new TlsFiles(folder.resolve(CERT), folder.resolve(KEY), folder.resolve(CA));
  }
}
