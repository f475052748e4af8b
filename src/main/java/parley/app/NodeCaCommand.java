package parley.app;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.regex.Pattern;
import parley.settings.ExitCode;
import parley.tls.Authority;
import parley.tls.PrivateFolder;
import parley.tls.TlsFiles;
import parley.tls.TlsRefusedException;

/**
 * The command {@code node-ca FOLDER [NODE...]}: creates a certificate authority in the folder,
 * once, and below it a folder with certificate and key for each node that is named. Called again
 * for a node, it replaces that node's certificate and key. Needs no settings and no server.
 *
 * <pre>
 *   FOLDER/ca.crt             copied into every node's folder
 *   FOLDER/ca.key             signs certificates of nodes: must not be on any node
 *   FOLDER/NODE/tls.crt, tls.key, ca.crt
 * </pre>
 */
final class NodeCaCommand {
  /** The first argument of the program. */
  static final String COMMAND = "node-ca";

  private static final String KEY = "ca.key";
  private static final Duration AUTHORITY_VALIDITY = Duration.ofDays(3650);
  private static final Duration NODE_VALIDITY = Duration.ofDays(365);
  private static final Duration CLOCK_SKEW = Duration.ofHours(1);
  private static final Pattern NAME = Pattern.compile("[A-Za-z0-9][A-Za-z0-9._-]{0,63}");

  private NodeCaCommand() {}

  /**
   * Runs the command; blocks.
   *
   * @param arguments the program's arguments
   * @return the exit code: 0, or 1 if files cannot be read or written, or 2 for wrong arguments
   */
  static int run(List<String> arguments) {
    boolean good =
        arguments.size() >= 2
            && arguments.stream().skip(2).allMatch(name -> NAME.matcher(name).matches());
    if (!good) {
      System.err.println("arguments: " + COMMAND + " FOLDER [NODE...]");
      return ExitCode.WRONG_SETTING;
    }
    try {
      issueCertificates(
          Path.of(arguments.get(1)), arguments.subList(2, arguments.size()), Instant.now());
      return 0;
    } catch (IOException | TlsRefusedException e) {
      System.err.println(COMMAND + ": " + e.getMessage());
      return ExitCode.FAILED;
    }
  }

  private static void issueCertificates(Path folder, List<String> nodes, Instant now)
      throws IOException, TlsRefusedException {
    PrivateFolder place = PrivateFolder.open(folder);
    Path certificate = place.path().resolve(TlsFiles.CA);
    Path key = place.path().resolve(KEY);
    Instant from = now.minus(CLOCK_SKEW);
    Authority authority;
    if (Files.exists(certificate) || Files.exists(key)) {
      // If one of the two files is missing, this fails: a new authority would lock out the nodes
      // with certificates of the old one.
      authority = Authority.read(certificate, key, now);
    } else {
      authority = Authority.create(from, now.plus(AUTHORITY_VALIDITY));
      place.replaceFile(KEY, authority.certificateAndKey().key());
      place.replaceFile(TlsFiles.CA, authority.certificate());
      System.out.println("created a certificate authority in " + place.path());
    }
    for (String node : nodes) {
      PrivateFolder its = PrivateFolder.open(place.path().resolve(node));
      Authority.Issued issued = authority.issue(from, now.plus(NODE_VALIDITY));
      its.replaceFile(TlsFiles.CA, authority.certificate());
      its.replaceFile(TlsFiles.KEY, issued.key());
      its.replaceFile(TlsFiles.CERT, issued.certificate());
      System.out.println(
          "created a certificate, valid for " + NODE_VALIDITY.toDays() + " days, in " + its.path());
    }
  }
}
