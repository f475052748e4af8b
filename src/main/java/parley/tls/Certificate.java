package parley.tls;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.PrivateKey;
import java.security.PublicKey;
import java.security.Signature;
import java.security.cert.CertificateParsingException;
import java.security.cert.X509Certificate;
import java.security.interfaces.RSAKey;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import org.jspecify.annotations.Nullable;
import parley.tls.TlsRefusedException.Part;

/**
 * A certificate that has passed all checks: it is valid now and its private key matches. A node's
 * certificate is also signed by its authority.
 *
 * @param chain the certificate itself first
 * @param key its private key
 * @param authorities the authorities of which one must have signed the certificate of a peer; empty
 *     if peers are not asked for one. A node has exactly one
 */
public record Certificate(
    List<X509Certificate> chain, PrivateKey key, List<X509Certificate> authorities) {
  private static final String SERVER = "1.3.6.1.5.5.7.3.1";
  private static final String CLIENT = "1.3.6.1.5.5.7.3.2";

  /** Copies the lists. */
  public Certificate {
    chain = List.copyOf(chain);
    authorities = List.copyOf(authorities);
  }

  /** The authority of the nodes, or the first of a port's clients; null if there is none. */
  public @Nullable X509Certificate authority() {
    return authorities.isEmpty() ? null : authorities.getFirst();
  }

  /**
   * Reads the files of a node and checks everything that the transport would otherwise refuse at
   * each connection.
   *
   * @throws TlsRefusedException with the file that is at fault
   */
  public static Certificate ofNode(TlsFiles files, Instant now) throws TlsRefusedException {
    Certificate read = ofServer(new TlsFiles(files.cert(), files.key(), null), now);
    X509Certificate own = read.chain().getFirst();
    if (files.ca() == null) {
      throw new TlsRefusedException(Part.CA, "must be set");
    }
    X509Certificate authority = authority(files.ca(), now);
    if (!(read.key() instanceof RSAKey)) {
      throw new TlsRefusedException(
          Part.KEY, files.key() + " is not of RSA, the only kind that works between nodes");
    }
    try {
      own.verify(authority.getPublicKey());
    } catch (GeneralSecurityException e) {
      throw new TlsRefusedException(
          Part.CERT, files.cert() + " is not signed by the first certificate in " + files.ca());
    }
    checkKeyUsage(own, files);
    return new Certificate(read.chain(), read.key(), List.of(authority));
  }

  /**
   * Reads the certificate and key of a port. If the files name authorities, clients of the port may
   * present a certificate that one of them has signed; they need none. The file of the authorities
   * may hold several, such as the one before and its successor. Those that have expired are left
   * out, and one must be left.
   *
   * @throws TlsRefusedException with the file that is at fault
   */
  public static Certificate ofServer(TlsFiles files, Instant now) throws TlsRefusedException {
    List<X509Certificate> chain = Pem.certificates(files.cert(), Part.CERT);
    PrivateKey key = Pem.key(files.key());
    X509Certificate own = chain.getFirst();
    if (!isKeyPair(key, own.getPublicKey())) {
      throw new TlsRefusedException(
          Part.KEY, files.key() + " is not the key of the certificate in " + files.cert());
    }
    checkValidity(own, files.cert().toString(), Part.CERT, now);
    return new Certificate(
        chain, key, files.ca() == null ? List.of() : authorities(files.ca(), now));
  }

  private static X509Certificate authority(Path file, Instant now) throws TlsRefusedException {
    X509Certificate authority = Pem.certificates(file, Part.CA).getFirst();
    checkAuthority(authority, file);
    checkValidity(authority, file.toString(), Part.CA, now);
    return authority;
  }

  private static List<X509Certificate> authorities(Path file, Instant now)
      throws TlsRefusedException {
    List<X509Certificate> valid = new ArrayList<>();
    TlsRefusedException last = null;
    for (X509Certificate authority : Pem.certificates(file, Part.CA)) {
      checkAuthority(authority, file);
      try {
        checkValidity(authority, file.toString(), Part.CA, now);
        valid.add(authority);
      } catch (TlsRefusedException e) {
        last = e;
      }
    }
    if (valid.isEmpty() && last != null) {
      throw last;
    }
    return valid;
  }

  private static void checkAuthority(X509Certificate authority, Path file)
      throws TlsRefusedException {
    if (authority.getBasicConstraints() < 0) {
      throw new TlsRefusedException(Part.CA, file + " is no certificate of an authority");
    }
  }

  /**
   * When the certificate or the last of its authorities expires. New connections are refused from
   * then on, unless the files are replaced.
   */
  public Instant expiresAt() {
    Instant own = chain.getFirst().getNotAfter().toInstant();
    return authorities.stream()
        .map(authority -> authority.getNotAfter().toInstant())
        .max(Comparator.naturalOrder())
        .filter(last -> last.isBefore(own))
        .orElse(own);
  }

  private static void checkValidity(X509Certificate one, String file, Part part, Instant now)
      throws TlsRefusedException {
    if (now.isAfter(one.getNotAfter().toInstant())) {
      throw new TlsRefusedException(
          part, "the certificate in " + file + " has expired on " + one.getNotAfter().toInstant());
    }
    if (now.isBefore(one.getNotBefore().toInstant())) {
      throw new TlsRefusedException(
          part,
          "the certificate in " + file + " is not good before " + one.getNotBefore().toInstant());
    }
  }

  private static void checkKeyUsage(X509Certificate own, TlsFiles files)
      throws TlsRefusedException {
    try {
      List<String> uses = own.getExtendedKeyUsage();
      if (uses != null && !uses.containsAll(List.of(SERVER, CLIENT))) {
        throw new TlsRefusedException(
            Part.CERT,
            files.cert() + " must be for both ends of a connection: server auth and client auth");
      }
    } catch (CertificateParsingException e) {
      throw new TlsRefusedException(
          Part.CERT, files.cert() + " has an unreadable extended key usage");
    }
  }

  private static boolean isKeyPair(PrivateKey key, PublicKey certified) {
    String algorithm =
        switch (certified.getAlgorithm()) {
          case "RSA" -> "SHA256withRSA";
          case "EC" -> "SHA256withECDSA";
          default -> certified.getAlgorithm();
        };
    try {
      byte[] probe = "fits".getBytes(StandardCharsets.US_ASCII);
      Signature signing = Signature.getInstance(algorithm);
      signing.initSign(key);
      signing.update(probe);
      Signature checking = Signature.getInstance(algorithm);
      checking.initVerify(certified);
      checking.update(probe);
      return checking.verify(signing.sign());
    } catch (GeneralSecurityException e) {
      return false; // the algorithms of the two keys differ
    }
  }

  /** Without the key. */
  @Override
  public String toString() {
    return "Certificate["
        + chain.getFirst().getSubjectX500Principal()
        + ", ends "
        + expiresAt()
        + "]";
  }
}
