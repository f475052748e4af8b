package parley.tls;

import java.io.IOException;
import java.math.BigInteger;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.PrivateKey;
import java.security.PublicKey;
import java.security.SecureRandom;
import java.security.cert.CertificateEncodingException;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.Date;
import javax.security.auth.x500.X500Principal;
import org.bouncycastle.asn1.x509.BasicConstraints;
import org.bouncycastle.asn1.x509.ExtendedKeyUsage;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.GeneralName;
import org.bouncycastle.asn1.x509.GeneralNames;
import org.bouncycastle.asn1.x509.KeyPurposeId;
import org.bouncycastle.asn1.x509.KeyUsage;
import org.bouncycastle.cert.jcajce.JcaX509CertificateConverter;
import org.bouncycastle.cert.jcajce.JcaX509v3CertificateBuilder;
import org.bouncycastle.operator.OperatorCreationException;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;
import parley.tls.TlsRefusedException.Part;

/**
 * A certificate authority for nodes. All node certificates carry the same name, by which nodes
 * recognize each other.
 */
public final class Authority {
  /** The name in every certificate of a node. */
  public static final String NODE_NAME = "parley-nodes";

  /** RSA, because the transport between nodes reads no other key. */
  private static final int BITS = 2048;

  private final X509Certificate certificate;
  private final PrivateKey key;

  private Authority(X509Certificate certificate, PrivateKey key) {
    this.certificate = certificate;
    this.key = key;
  }

  /**
   * A certificate and its key as PEM.
   *
   * @param key secret
   */
  public record Issued(String certificate, String key) {
    /** Without the key. */
    @Override
    public String toString() {
      return "Issued[REDACTED]";
    }
  }

  /** Creates an authority that is valid between the two times. Takes some milliseconds. */
  public static Authority create(Instant from, Instant to) {
    try {
      KeyPairGenerator generator = KeyPairGenerator.getInstance("EC");
      generator.initialize(256);
      KeyPair pair = generator.generateKeyPair();
      X500Principal name = new X500Principal("CN=" + NODE_NAME + " authority " + serial());
      JcaX509v3CertificateBuilder builder =
          new JcaX509v3CertificateBuilder(
              name, serial(), Date.from(from), Date.from(to), name, pair.getPublic());
      // It may sign node certificates but no further authorities.
      builder.addExtension(Extension.basicConstraints, true, new BasicConstraints(0));
      builder.addExtension(
          Extension.keyUsage, true, new KeyUsage(KeyUsage.keyCertSign | KeyUsage.cRLSign));
      return new Authority(sign(builder, pair.getPrivate()), pair.getPrivate());
    } catch (GeneralSecurityException | IOException | OperatorCreationException e) {
      throw new IllegalStateException("this Java makes no certificates", e);
    }
  }

  /**
   * Reads an existing authority from its files.
   *
   * @throws TlsRefusedException if the files are not an authority's
   */
  public static Authority read(Path certificate, Path key, Instant now) throws TlsRefusedException {
    Certificate read = Certificate.ofServer(new TlsFiles(certificate, key, null), now);
    X509Certificate own = read.chain().getFirst();
    if (own.getBasicConstraints() < 0) {
      throw new TlsRefusedException(Part.CA, certificate + " is no certificate of an authority");
    }
    return new Authority(own, read.key());
  }

  /** Issues a node certificate with a new key. Takes a part of a second. */
  public Issued issue(Instant from, Instant to) {
    return issue(NODE_NAME, from, to);
  }

  /** Issues a certificate with another name, for a port that clients address by that name. */
  public Issued issue(String name, Instant from, Instant to) {
    try {
      KeyPairGenerator generator = KeyPairGenerator.getInstance("RSA");
      generator.initialize(BITS);
      KeyPair pair = generator.generateKeyPair();
      PublicKey certified = pair.getPublic();
      JcaX509v3CertificateBuilder builder =
          new JcaX509v3CertificateBuilder(
              certificate,
              serial(),
              Date.from(from),
              Date.from(to),
              new X500Principal("CN=" + name),
              certified);
      builder.addExtension(Extension.basicConstraints, true, new BasicConstraints(false));
      builder.addExtension(Extension.keyUsage, true, new KeyUsage(KeyUsage.digitalSignature));
      builder.addExtension(
          Extension.extendedKeyUsage,
          false,
          new ExtendedKeyUsage(
              new KeyPurposeId[] {KeyPurposeId.id_kp_serverAuth, KeyPurposeId.id_kp_clientAuth}));
      builder.addExtension(
          Extension.subjectAlternativeName,
          false,
          new GeneralNames(new GeneralName(GeneralName.dNSName, name)));
      return new Issued(
          pem(sign(builder, key)), Pem.encode("PRIVATE KEY", pair.getPrivate().getEncoded()));
    } catch (GeneralSecurityException | IOException | OperatorCreationException e) {
      throw new IllegalStateException("this Java makes no certificates", e);
    }
  }

  /** The authority's certificate as PEM, which all nodes have. */
  public String certificate() {
    return pem(certificate);
  }

  /** The authority's certificate and key as PEM. The key can issue certificates of nodes. */
  public Issued certificateAndKey() {
    return new Issued(certificate(), Pem.encode("PRIVATE KEY", key.getEncoded()));
  }

  private static X509Certificate sign(JcaX509v3CertificateBuilder builder, PrivateKey by)
      throws OperatorCreationException, GeneralSecurityException {
    String algorithm = by.getAlgorithm().equals("RSA") ? "SHA256withRSA" : "SHA256withECDSA";
    return new JcaX509CertificateConverter()
        .getCertificate(builder.build(new JcaContentSignerBuilder(algorithm).build(by)));
  }

  private static BigInteger serial() {
    return new BigInteger(127, new SecureRandom()).add(BigInteger.ONE);
  }

  private static String pem(X509Certificate one) {
    try {
      return Pem.encode("CERTIFICATE", one.getEncoded());
    } catch (CertificateEncodingException e) {
      throw new IllegalStateException(e);
    }
  }
}
