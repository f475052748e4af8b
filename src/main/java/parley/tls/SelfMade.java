package parley.tls;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A certificate that nodes of one user on one machine make for themselves and share. The first one
 * that comes makes it, the others find it, also those that come at the same moment. The authority
 * behind it is forgotten once it has signed.
 */
public final class SelfMade {
  private static final Logger LOG = LoggerFactory.getLogger(SelfMade.class);

  /** Nobody replaces it in time but a start: longer than a process lives. */
  private static final Duration GOOD_FOR = Duration.ofDays(3650);

  /** One that ends sooner than this is made anew at the next start. */
  private static final Duration LEFT = Duration.ofDays(365);

  private static final Duration CLOCKS_DIFFER = Duration.ofHours(1);

  private SelfMade() {}

  /**
   * The files in that folder, made where they are missing or no longer good. Blocks; a part of a
   * second where they are made.
   *
   * @throws IOException where the folder cannot be used, or is another user's
   */
  public static TlsFiles in(Path folder, InstantSource clock) throws IOException {
    PrivateFolder place = PrivateFolder.open(folder);
    TlsFiles files = TlsFiles.in(place.path());
    return place.alone(
        () -> {
          if (!good(files, clock)) {
            make(place, clock);
            LOG.info("Made the certificate of this user's nodes in {}", place.path());
          }
          return files;
        });
  }

  private static boolean good(TlsFiles files, InstantSource clock) {
    try {
      return Certificate.ofNode(files, clock.instant()).ends().isAfter(clock.instant().plus(LEFT));
    } catch (TlsRefusedException e) {
      LOG.debug("a certificate is made: {}", e.getMessage());
      return false;
    }
  }

  private static void make(PrivateFolder place, InstantSource clock) throws IOException {
    var from = clock.instant().minus(CLOCKS_DIFFER);
    var to = clock.instant().plus(GOOD_FOR);
    Authority authority = Authority.make(from, to);
    Authority.Issued issued = authority.issue(from, to);
    place.put(TlsFiles.CA, authority.certificate());
    place.put(TlsFiles.KEY, issued.key());
    place.put(TlsFiles.CERT, issued.certificate());
  }
}
