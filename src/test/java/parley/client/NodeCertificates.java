package parley.client;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.Map;
import java.util.Objects;
import parley.tls.SelfMadeCertificate;
import parley.tls.TlsFiles;

/** A certificate for all nodes of a test that must not write into the user's home. */
public final class NodeCertificates {
  private NodeCertificates() {}

  /** The settings that name it; the first call for a folder creates it. */
  public static Map<String, String> of(Path folder) {
    try {
      TlsFiles files = SelfMadeCertificate.in(folder, InstantSource.system());
      return Map.of(
          "PARLEY_NODE_TLS_CERT", files.cert().toString(),
          "PARLEY_NODE_TLS_KEY", files.key().toString(),
          "PARLEY_NODE_TLS_CA", Objects.requireNonNull(files.ca()).toString());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
