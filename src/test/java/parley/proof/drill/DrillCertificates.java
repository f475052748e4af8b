package parley.proof.drill;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.Objects;
import parley.tls.Authority;
import parley.tls.PrivateFolder;
import parley.tls.TlsFiles;

/**
 * The certificate of the nodes, in the folders that the command {@code node-ca FOLDER parley}
 * makes, so that this command can renew it. All nodes read the same files.
 */
final class DrillCertificates {
  /** The node whose folder all of them read. */
  private static final String NODE = "parley";

  private static final Duration YEAR = Duration.ofDays(365);
  private static final Duration CLOCK_SKEW = Duration.ofHours(1);

  private final Authority authority;
  private final Path folder;

  private DrillCertificates(Authority authority, Path folder) {
    this.authority = authority;
    this.folder = folder;
  }

  /** Makes an authority in an empty folder, and a certificate that is valid for a year. */
  static DrillCertificates in(Path folder) throws IOException {
    Instant now = Instant.now();
    Authority authority = Authority.create(now.minus(YEAR), now.plus(YEAR.multipliedBy(10)));
    PrivateFolder place = PrivateFolder.open(folder);
    place.replaceFile("ca.key", authority.certificateAndKey().key());
    place.replaceFile(TlsFiles.CA, authority.certificate());
    DrillCertificates made = new DrillCertificates(authority, place.path());
    made.issue(YEAR);
    return made;
  }

  /** Replaces certificate and key; running nodes read them within a minute. */
  void issue(Duration valid) throws IOException {
    PrivateFolder place = PrivateFolder.open(folder.resolve(NODE));
    Instant now = Instant.now();
    Authority.Issued issued = authority.issue(now.minus(CLOCK_SKEW), now.plus(valid));
    place.replaceFile(TlsFiles.CA, authority.certificate());
    place.replaceFile(TlsFiles.KEY, issued.key());
    place.replaceFile(TlsFiles.CERT, issued.certificate());
  }

  /** The folder of the authority. */
  Path folder() {
    return folder;
  }

  /** The settings of a node that name the files. */
  Map<String, String> environment() {
    TlsFiles files = TlsFiles.in(folder.resolve(NODE));
    return Map.of(
        "PARLEY_NODE_TLS_CERT", files.cert().toString(),
        "PARLEY_NODE_TLS_KEY", files.key().toString(),
        "PARLEY_NODE_TLS_CA", Objects.requireNonNull(files.ca()).toString());
  }
}
