package parley.auth;

import com.nimbusds.jose.JOSEException;
import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jose.JWSHeader;
import com.nimbusds.jose.JWSVerifier;
import com.nimbusds.jose.crypto.ECDSASigner;
import com.nimbusds.jose.crypto.ECDSAVerifier;
import com.nimbusds.jose.crypto.factories.DefaultJWSVerifierFactory;
import com.nimbusds.jose.jwk.AsymmetricJWK;
import com.nimbusds.jose.jwk.ECKey;
import java.security.GeneralSecurityException;
import java.security.Provider;
import java.security.Signature;
import java.util.Optional;
import java.util.ServiceConfigurationError;
import java.util.ServiceLoader;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Makes and checks signatures: ECDSA by AWS-LC, where its provider is on the class path and works
 * on this machine, else by the JDK, which takes several times as long; all others by the JDK.
 *
 * <p>Thousands of clients that come back at once bring a token each, and checking it is the largest
 * single cost of a connection. Thread-safe, never blocks once made.
 */
final class Signatures {
  private static final Logger LOG = LoggerFactory.getLogger(Signatures.class);
  private static final String AWS_LC = "AmazonCorrettoCryptoProvider";
  private static final byte[] TRIAL = {1, 2, 3};

  private final @Nullable Provider provider;

  /**
   * The fastest that works here.
   *
   * @param trial a pair of keys to try it with
   */
  Signatures(ECKey trial) {
    this(Signatures::awsLc, trial);
  }

  /** The same with another provider, where the supplier has one. */
  Signatures(Supplier<Optional<Provider>> wanted, ECKey trial) {
    this.provider = working(wanted, trial);
  }

  /** Whether ECDSA is done by the provider that was wanted. */
  boolean isFast() {
    return provider != null;
  }

  ECDSASigner signer(ECKey key) throws JOSEException {
    ECDSASigner signer = new ECDSASigner(key);
    signer.getJCAContext().setProvider(provider);
    return signer;
  }

  ECDSAVerifier verifier(ECKey key) throws JOSEException {
    ECDSAVerifier verifier = new ECDSAVerifier(key);
    verifier.getJCAContext().setProvider(provider);
    return verifier;
  }

  /** For the algorithm the header names; fails where the key is of another kind. */
  JWSVerifier verifier(JWSHeader header, AsymmetricJWK key) throws JOSEException {
    JWSVerifier verifier =
        new DefaultJWSVerifierFactory().createJWSVerifier(header, key.toPublicKey());
    if (JWSAlgorithm.Family.EC.contains(header.getAlgorithm())) {
      verifier.getJCAContext().setProvider(provider);
    }
    return verifier;
  }

  private static @Nullable Provider working(Supplier<Optional<Provider>> wanted, ECKey trial) {
    try {
      Optional<Provider> found = wanted.get();
      if (found.isEmpty()) {
        LOG.info("AWS-LC is not there for this platform: the JDK checks signatures");
        return null;
      }
      tryOut(found.get(), trial);
      LOG.info("{} checks signatures", found.get());
      return found.get();
    } catch (GeneralSecurityException
        | JOSEException
        | RuntimeException
        | ServiceConfigurationError
        | LinkageError e) {
      LOG.warn(
          "AWS-LC does not work here, the JDK checks signatures (is java.io.tmpdir writable, and may"
              + " programs run from it? was this built for this kind of processor?): {}",
          e.toString());
    }
    return null;
  }

  /** By its name, as the class is not there on every platform. */
  static Optional<Provider> awsLc() {
    return ServiceLoader.load(Provider.class).stream()
        .filter(candidate -> candidate.type().getSimpleName().equals(AWS_LC))
        .findFirst()
        .map(ServiceLoader.Provider::get);
  }

  /** Signs and checks once, as a provider without its native library has no algorithms. */
  private static void tryOut(Provider provider, ECKey key)
      throws GeneralSecurityException, JOSEException {
    Signature signature = Signature.getInstance("SHA256withECDSA", provider);
    signature.initSign(key.toECPrivateKey());
    signature.update(TRIAL);
    byte[] signed = signature.sign();
    signature.initVerify(key.toECPublicKey());
    signature.update(TRIAL);
    if (!signature.verify(signed)) {
      throw new GeneralSecurityException("does not know its own signature");
    }
  }
}
