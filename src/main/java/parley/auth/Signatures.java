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
 * Makes and checks signatures: by the JDK, and from {@link #hasten} on ECDSA by AWS-LC, where its
 * provider is on the class path and works on this machine, several times as fast.
 *
 * <p>Thousands of clients that come back at once bring a token each, and checking it is the largest
 * single cost of a connection. Should AWS-LC fail later where the JDK does not, it is given up for
 * the JDK; not so where it says that a signature is bad, which is its word. Thread-safe, never
 * blocks but in {@code hasten}.
 */
final class Signatures {
  private static final Logger LOG = LoggerFactory.getLogger(Signatures.class);
  private static final String AWS_LC = "AmazonCorrettoCryptoProvider";
  private static final byte[] TRIAL = {1, 2, 3};

  /** With the key that is ours; the provider is null where it is the JDK. */
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

    /** For the algorithm the header names; fails where the key is of another kind. */
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

  private final ECKey own;
  private final Tools jdk;
  private volatile Tools tools;

  /**
   * Begins with the JDK.
   *
   * @param own a pair of keys, which signs and whose signatures are checked most
   * @throws JOSEException if it is none for ECDSA
   */
  Signatures(ECKey own) throws JOSEException {
    this.own = own;
    this.jdk = Tools.of(null, own);
    this.tools = jdk;
  }

  /** ECDSA by AWS-LC from now on, if it works. Blocks, for about a second of processor time. */
  void hasten() {
    hasten(Signatures::awsLc);
  }

  /** The same with another provider, where the supplier has one. */
  void hasten(Supplier<Optional<Provider>> wanted) {
    try {
      Optional<Provider> found = wanted.get();
      if (found.isEmpty()) {
        LOG.info("AWS-LC is not there for this platform: the JDK checks signatures");
        return;
      }
      tryOut(found.get(), own);
      tools = Tools.of(found.get(), own);
      LOG.info("{} checks signatures", found.get());
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
  }

  /** Whether ECDSA is done by the provider that was wanted. */
  boolean isFast() {
    return tools.isFast();
  }

  /** Signs it with our own key. */
  void sign(SignedJWT jwt) throws JOSEException {
    boolean unused =
        use(
            now -> {
              jwt.sign(now.signer());
              return true;
            });
  }

  /** Whether our own key signed it. */
  boolean verify(SignedJWT jwt) throws JOSEException {
    return use(now -> jwt.verify(now.verifier()));
  }

  /**
   * Whether this key of another signed it. A failure for such a key says nothing about ours: only
   * this one is checked again by the JDK.
   *
   * @throws JOSEException if the key is of another kind than the header says
   */
  boolean verify(SignedJWT jwt, AsymmetricJWK key) throws JOSEException {
    Tools now = tools;
    if (now.isFast() && JWSAlgorithm.Family.EC.contains(jwt.getHeader().getAlgorithm())) {
      try {
        return jwt.verify(now.verifier(jwt.getHeader(), key));
      } catch (JOSEException | RuntimeException | LinkageError e) {
        LOG.debug("{} could not take a key, the JDK tries", now.provider(), e);
      }
    }
    return jwt.verify(jdk.verifier(jwt.getHeader(), key));
  }

  private <T> T use(Use<T> use) throws JOSEException {
    Tools now = tools;
    if (now.isFast()) {
      try {
        return use.of(now);
      } catch (JOSEException | RuntimeException | LinkageError e) {
        T done = use.of(jdk); // Where this fails too, it was the token.
        tools = jdk;
        LOG.error("{} failed, the JDK signs and checks from now on", now.provider(), e);
        return done;
      }
    }
    return use.of(jdk);
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
