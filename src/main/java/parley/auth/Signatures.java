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
import com.nimbusds.jwt.SignedJWT;
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
 * Makes and checks signatures. The JDK does it first. From {@link #useFastProvider} on, AWS-LC does
 * ECDSA, if its provider is on the class path and works on this machine. It is several times as
 * fast.
 *
 * <p>Thousands of clients that reconnect at once bring a token each, and checking it is the largest
 * single cost of a connection. If AWS-LC fails later and the JDK does not, the JDK takes over for
 * good. A signature that AWS-LC calls bad is no such failure: that result stands. Thread-safe; only
 * {@link #useFastProvider} blocks.
 */
final class Signatures {
  private static final Logger LOG = LoggerFactory.getLogger(Signatures.class);
  private static final String AWS_LC = "AmazonCorrettoCryptoProvider";
  private static final byte[] SELF_TEST_DATA = {1, 2, 3};

  /** Signer and verifier of our own key. The provider is null for the JDK. */
  private record Tools(@Nullable Provider provider, ECDSASigner signer, ECDSAVerifier verifier) {
    static Tools of(@Nullable Provider provider, ECKey own) throws JOSEException {
      ECDSASigner signer = new ECDSASigner(own);
      ECDSAVerifier verifier = new ECDSAVerifier(own);
      signer.getJCAContext().setProvider(provider);
      verifier.getJCAContext().setProvider(provider);
      return new Tools(provider, signer, verifier);
    }

    boolean isFast() {
      return provider != null;
    }

    /** A verifier for the algorithm that the header names. Fails if the key is of another kind. */
    JWSVerifier verifier(JWSHeader header, AsymmetricJWK key) throws JOSEException {
      JWSVerifier made =
          new DefaultJWSVerifierFactory().createJWSVerifier(header, key.toPublicKey());
      if (JWSAlgorithm.Family.EC.contains(header.getAlgorithm())) {
        made.getJCAContext().setProvider(provider);
      }
      return made;
    }
  }

  @FunctionalInterface
  private interface Use<T> {
    T of(Tools tools) throws JOSEException;
  }

  private final ECKey ownKey;
  private final Tools jdk;
  private volatile Tools tools;

  /**
   * Starts with the JDK.
   *
   * @param own the key pair that signs, and whose signatures are checked most often
   * @throws JOSEException if it is not a key pair for ECDSA
   */
  Signatures(ECKey own) throws JOSEException {
    this.ownKey = own;
    this.jdk = Tools.of(null, own);
    this.tools = jdk;
  }

  /** Switches ECDSA to AWS-LC if it works. Blocks for about a second of processor time. */
  void useFastProvider() {
    useFastProvider(Signatures::awsLc);
  }

  /** The same with the provider of the supplier, if it has one. */
  void useFastProvider(Supplier<Optional<Provider>> wanted) {
    try {
      Optional<Provider> found = wanted.get();
      if (found.isEmpty()) {
        LOG.info("AWS-LC is not available for this platform: the JDK checks signatures");
        return;
      }
      selfTest(found.get(), ownKey);
      tools = Tools.of(found.get(), ownKey);
      LOG.info("{} checks signatures", found.get());
    } catch (GeneralSecurityException
        | JOSEException
        | RuntimeException
        | ServiceConfigurationError
        | LinkageError e) {
      LOG.warn(
          "AWS-LC does not work here, the JDK checks signatures (is java.io.tmpdir writable, and"
              + " may programs run from it? was this built for this kind of processor?): {}",
          e.toString());
    }
  }

  /** Whether the requested provider does ECDSA. */
  boolean isFast() {
    return tools.isFast();
  }

  /** Signs the token with our own key. */
  void sign(SignedJWT jwt) throws JOSEException {
    boolean unused =
        runWithFallback(
            now -> {
              jwt.sign(now.signer());
              return true;
            });
  }

  /** Whether our own key signed the token. */
  boolean verify(SignedJWT jwt) throws JOSEException {
    return runWithFallback(now -> jwt.verify(now.verifier()));
  }

  /**
   * Whether {@code key}, which belongs to another party, signed the token. A failure with this key
   * says nothing about our own key, so the JDK checks only this token again.
   *
   * @throws JOSEException if the key is of another kind than the header says
   */
  boolean verify(SignedJWT jwt, AsymmetricJWK key) throws JOSEException {
    Tools now = tools;
    if (now.isFast() && JWSAlgorithm.Family.EC.contains(jwt.getHeader().getAlgorithm())) {
      try {
        return jwt.verify(now.verifier(jwt.getHeader(), key));
      } catch (JOSEException | RuntimeException | LinkageError e) {
        LOG.debug("{} could not use a key, the JDK checks this token", now.provider(), e);
      }
    }
    return jwt.verify(jdk.verifier(jwt.getHeader(), key));
  }

  private <T> T runWithFallback(Use<T> use) throws JOSEException {
    Tools now = tools;
    if (now.isFast()) {
      try {
        return use.of(now);
      } catch (JOSEException | RuntimeException | LinkageError e) {
        T done = use.of(jdk); // If this fails too, the token is the cause.
        tools = jdk;
        LOG.error("{} failed, the JDK signs and checks from now on", now.provider(), e);
        return done;
      }
    }
    return use.of(jdk);
  }

  /** Finds the provider by name, because its class is not there on every platform. */
  static Optional<Provider> awsLc() {
    return ServiceLoader.load(Provider.class).stream()
        .filter(candidate -> candidate.type().getSimpleName().equals(AWS_LC))
        .findFirst()
        .map(ServiceLoader.Provider::get);
  }

  /** Signs and checks once, because a provider without its native library has no algorithms. */
  private static void selfTest(Provider provider, ECKey key)
      throws GeneralSecurityException, JOSEException {
    Signature signature = Signature.getInstance("SHA256withECDSA", provider);
    signature.initSign(key.toECPrivateKey());
    signature.update(SELF_TEST_DATA);
    byte[] signed = signature.sign();
    signature.initVerify(key.toECPublicKey());
    signature.update(SELF_TEST_DATA);
    if (!signature.verify(signed)) {
      throw new GeneralSecurityException("does not know its own signature");
    }
  }
}
