package parley.tls;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A certificate that the nodes of one user on one machine create for themselves and share. The
 * first node creates it and the others read it, even if they start at the same moment. The
 * authority's key is discarded after signing.
 */
public final class SelfMadeCertificate {
  private static final Logger LOG = LoggerFactory.getLogger(SelfMadeCertificate.class);

  /**
   * Validity. Only a start of a node replaces the certificate, so it is valid for longer than a
   * process lives.
   */
  private static final Duration VALIDITY = Duration.ofDays(3650);

  /**
   * Shortest remaining validity: a certificate that expires sooner is replaced at the next start.
   */
  private static final Duration MIN_REMAINING_VALIDITY = Duration.ofDays(365);

  private static final Duration CLOCK_SKEW = Duration.ofHours(1);

  private SelfMadeCertificate() {}

  /**
   * The files in that folder. They are created if they are missing or no longer valid. Blocks for a
   * fraction of a second if it creates them.
   *
   * @throws IOException if the folder cannot be used or belongs to another user
   */
  public static TlsFiles in(Path folder, InstantSource clock) throws IOException {
    PrivateFolder place = PrivateFolder.open(folder);
    TlsFiles files = TlsFiles.in(place.path());
    return place.withLock(
        () -> {
          if (!isValid(files, clock)) {
            make(place, clock);
            LOG.info("Created the certificate for this user's nodes in {}", place.path());
          }
          return files;
        });
  }

  private static boolean isValid(TlsFiles files, InstantSource clock) {
    try {
      return Certificate.ofNode(files, clock.instant())
          .expiresAt()
          .isAfter(clock.instant().plus(MIN_REMAINING_VALIDITY));
    } catch (TlsRefusedException e) {
      LOG.debug("A new certificate is needed: {}", e.getMessage());
      return false;
    }
  }

  private static void make(PrivateFolder place, InstantSource clock) throws IOException {
    var from = clock.instant().minus(CLOCK_SKEW);
    var to = clock.instant().plus(VALIDITY);
    Authority authority = Authority.create(from, to);
    Authority.Issued issued = authority.issue(from, to);
    place.replaceFile(TlsFiles.CA, authority.certificate());
    place.replaceFile(TlsFiles.KEY, issued.key());
    place.replaceFile(TlsFiles.CERT, issued.certificate());
  }
}
