package parley.tls;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.PrivateKey;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import org.apache.pekko.pki.pem.DERPrivateKeyLoader;
import org.apache.pekko.pki.pem.PEMDecoder;
import org.apache.pekko.pki.pem.PEMLoadingException;
import parley.tls.TlsRefusedException.Part;

/** Reads and writes certificates and keys as PEM. */
final class Pem {
  /**
   * Largest file, in bytes. A certificate with its chain has a few KB; the bound turns a wrong
   * path, such as a log file, into an error message instead of a lack of memory.
   */
  private static final long MAX_FILE_BYTES = 1024 * 1024;

  private static final List<String> KEY_KINDS = List.of("RSA", "EC", "EdDSA");

  private Pem() {}

  /** Reads one or more certificates, in the order of the file. */
  static List<X509Certificate> certificates(Path file, Part part) throws TlsRefusedException {
    List<X509Certificate> all = new ArrayList<>();
    try {
      for (var one :
          CertificateFactory.getInstance("X.509")
              .generateCertificates(new ByteArrayInputStream(bytes(file, part)))) {
        all.add((X509Certificate) one);
      }
    } catch (CertificateException e) {
      throw new TlsRefusedException(part, file + " is no certificate in PEM");
    }
    if (all.isEmpty()) {
      throw new TlsRefusedException(part, file + " holds no certificate in PEM");
    }
    return all;
  }

  /** Reads a private key that is not encrypted: PKCS#8, or PKCS#1 of RSA. */
  static PrivateKey key(Path file) throws TlsRefusedException {
    String text = new String(bytes(file, Part.KEY), StandardCharsets.US_ASCII);
    try {
      PEMDecoder.DERData der = PEMDecoder.decode(text);
      return der.label().equals("PRIVATE KEY") ? key(der.bytes()) : DERPrivateKeyLoader.load(der);
    } catch (PEMLoadingException | GeneralSecurityException | IllegalArgumentException e) {
      // Without the cause: it may quote the key.
      throw new TlsRefusedException(
          Part.KEY,
          file
              + " is no private key in PEM (PKCS#8, or PKCS#1 of RSA; not encrypted, alone in it)");
    }
  }

  private static PrivateKey key(byte[] pkcs8) throws GeneralSecurityException {
    for (String kind : KEY_KINDS) {
      try {
        return KeyFactory.getInstance(kind).generatePrivate(new PKCS8EncodedKeySpec(pkcs8));
      } catch (GeneralSecurityException e) {
        // The key may be of the next kind.
      }
    }
    throw new GeneralSecurityException("of no kind that is known");
  }

  private static byte[] bytes(Path file, Part part) throws TlsRefusedException {
    try {
      if (Files.size(file) > MAX_FILE_BYTES) {
        throw new TlsRefusedException(part, file + " is far too large for a PEM file");
      }
      return Files.readAllBytes(file);
    } catch (IOException e) {
      throw new TlsRefusedException(
          part,
          "cannot read "
              + file
              + " ("
              + e.getClass().getSimpleName().replace("Exception", "")
              + ")");
    }
  }

  /** Encodes bytes as PEM. */
  static String encode(String label, byte[] der) {
    return "-----BEGIN "
        + label
        + "-----\n"
        + Base64.getMimeEncoder(64, new byte[] {'\n'}).encodeToString(der)
        + "\n-----END "
        + label
        + "-----\n";
  }
}
