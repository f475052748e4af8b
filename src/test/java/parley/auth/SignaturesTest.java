package parley.auth;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.nimbusds.jose.JOSEException;
import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jose.JWSHeader;
import com.nimbusds.jose.JWSSigner;
import com.nimbusds.jose.crypto.ECDSASigner;
import com.nimbusds.jose.crypto.RSASSASigner;
import com.nimbusds.jose.crypto.impl.ECDSA;
import com.nimbusds.jose.jwk.AsymmetricJWK;
import com.nimbusds.jose.jwk.Curve;
import com.nimbusds.jose.jwk.ECKey;
import com.nimbusds.jose.jwk.RSAKey;
import com.nimbusds.jose.jwk.gen.ECKeyGenerator;
import com.nimbusds.jose.jwk.gen.RSAKeyGenerator;
import com.nimbusds.jose.util.Base64URL;
import com.nimbusds.jwt.JWTClaimsSet;
import com.nimbusds.jwt.SignedJWT;
import java.security.PrivateKey;
import java.security.Provider;
import java.security.ProviderException;
import java.security.PublicKey;
import java.security.SignatureSpi;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.ServiceConfigurationError;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

final class SignaturesTest {
  private final ECKey key = key(Curve.P_256);
  private final Signatures slow = signatures(key);
  private final Signatures fast = signatures(key);

  @BeforeEach
  void useFastSignatures() {
    fast.useFastProvider();
  }

  @Test
  void theNativeVerifierExistsOnItsPlatforms() {
    String system = System.getProperty("os.name").toLowerCase(Locale.ROOT);
    boolean madeFor =
        system.equals("linux")
            && List.of("amd64", "aarch64").contains(System.getProperty("os.arch"));
    assertThat(fast.isFast()).isEqualTo(madeFor);
    assertThat(slow.isFast()).isFalse();
  }

  @Test
  void bothImplementationsVerifyEachOthersSignatures() throws Exception {
    Signatures other = signatures(key(Curve.P_256));
    for (Signatures signs : List.of(slow, fast)) {
      for (Signatures checks : List.of(slow, fast)) {
        SignedJWT jwt = unsigned(JWSAlgorithm.ES256);
        signs.sign(jwt);
        assertThat(checks.verify(jwt)).isTrue();
        assertThat(checks.verify(jwt, key)).isTrue();
        assertThat(other.verify(jwt)).isFalse();
        assertThat(checks.verify(jwt, key(Curve.P_256))).isFalse();
        assertThat(checks.verify(spoilt(jwt))).isFalse();
      }
    }
  }

  @Test
  void otherCurvesAndKeyTypesAreVerified() throws Exception {
    ECKey p384 = key(Curve.P_384);
    ECKey p521 = key(Curve.P_521);
    RSAKey rsa = new RSAKeyGenerator(2048).generate();
    for (Signatures checks : List.of(slow, fast)) {
      assertThat(checked(checks, JWSAlgorithm.ES384, p384, new ECDSASigner(p384))).isTrue();
      assertThat(checked(checks, JWSAlgorithm.ES512, p521, new ECDSASigner(p521))).isTrue();
      assertThat(checked(checks, JWSAlgorithm.RS256, rsa, new RSASSASigner(rsa))).isTrue();
      assertThat(checked(checks, JWSAlgorithm.PS256, rsa, new RSASSASigner(rsa))).isTrue();
      assertThatThrownBy(() -> checked(checks, JWSAlgorithm.RS256, key, new RSASSASigner(rsa)))
          .isInstanceOf(JOSEException.class);
    }
  }

  /** Each provider is unusable in another way. */
  @Test
  void aNativeVerifierThatDoesNotWorkIsNotUsed() throws Exception {
    List<Supplier<Optional<Provider>>> broken =
        List.of(
            () -> {
              throw new UnsatisfiedLinkError("no library");
            },
            () -> {
              throw new ServiceConfigurationError("cannot be made");
            },
            () -> Optional.of(new Provided(null)),
            () -> Optional.of(new Provided(Failing.class)),
            () -> Optional.of(new Provided(Denying.class)));
    for (Supplier<Optional<Provider>> one : broken) {
      Signatures signatures = signatures(key);
      signatures.useFastProvider(one);
      assertThat(signatures.isFast()).isFalse();
      SignedJWT jwt = unsigned(JWSAlgorithm.ES256);
      signatures.sign(jwt);
      assertThat(signatures.verify(jwt)).isTrue();
    }
  }

  /** The operation during which it failed is carried out all the same. */
  @Test
  void aNativeVerifierThatFailsLaterIsNoLongerUsed() throws Exception {
    SignedJWT signed = unsigned(JWSAlgorithm.ES256);
    slow.sign(signed);
    for (boolean signs : List.of(true, false)) {
      Trusting.broken = false;
      Signatures signatures = signatures(key);
      signatures.useFastProvider(() -> Optional.of(new Provided(Trusting.class)));
      assertThat(signatures.isFast()).isTrue();
      Trusting.broken = true;
      SignedJWT jwt = unsigned(JWSAlgorithm.ES256);
      if (signs) {
        signatures.sign(jwt);
        assertThat(slow.verify(jwt)).isTrue();
      } else {
        assertThat(signatures.verify(signed)).isTrue();
        assertThat(signatures.verify(spoilt(signed))).isFalse();
      }
      assertThat(signatures.isFast()).isFalse();
    }
  }

  /**
   * The JDK checks a key of an issuer that the provider cannot use; our own key stays with the
   * provider.
   */
  @Test
  void aNativeVerifierThatFailsForAnIssuersKeyIsKept() throws Exception {
    SignedJWT signed = unsigned(JWSAlgorithm.ES256);
    slow.sign(signed);
    Trusting.broken = false;
    Signatures signatures = signatures(key);
    signatures.useFastProvider(() -> Optional.of(new Provided(Trusting.class)));
    Trusting.broken = true;
    assertThat(signatures.verify(signed, key)).isTrue();
    assertThat(signatures.verify(spoilt(signed), key)).isFalse();
    assertThat(signatures.isFast()).isTrue();
  }

  @Test
  void malformedSignaturesAreRefused() throws Exception {
    SignedJWT jwt = unsigned(JWSAlgorithm.ES256);
    slow.sign(jwt);
    byte[] good = jwt.getSignature().decode();
    byte[] order = Curve.P_256.toECParameterSpec().getOrder().toByteArray();
    byte[] tooLarge = good.clone();
    System.arraycopy(order, order.length - 32, tooLarge, 0, 32);
    byte[] zeroS = good.clone();
    Arrays.fill(zeroS, 32, 64, (byte) 0);
    byte[] legal = good.clone();
    legal[20] ^= 1;
    JWSHeader other = new JWSHeader(JWSAlgorithm.ES384);
    SignedJWT mislabelled =
        new SignedJWT(other.toBase64URL(), jwt.getPayload().toBase64URL(), jwt.getSignature());
    for (Signatures checks : List.of(slow, fast)) {
      boolean quick = checks.isFast();
      for (byte[] bad :
          List.of(
              new byte[64],
              zeroS,
              legal,
              tooLarge,
              Arrays.copyOf(good, 63),
              Arrays.copyOf(good, 65),
              ECDSA.transcodeSignatureToDER(good))) {
        assertThat(checks.verify(with(jwt, bad))).isFalse();
      }
      assertThatThrownBy(() -> checks.verify(jwt, key(Curve.P_384)))
          .isInstanceOf(JOSEException.class);
      assertThatThrownBy(() -> checks.verify(mislabelled)).isInstanceOf(JOSEException.class);
      assertThat(checks.isFast()).as("nobody can make it slow").isEqualTo(quick);
    }
  }

  /** A provider that knows the one algorithm, implemented by that class, or none. */
  private static final class Provided extends Provider {
    private static final long serialVersionUID = 1;

    Provided(@Nullable Class<? extends SignatureSpi> made) {
      super("Provided", "1", "of no use");
      if (made != null) {
        put("Signature.SHA256withECDSA", made.getName());
      }
    }
  }

  /** Fails like a native library. */
  public static class Failing extends SignatureSpi {
    @Override
    protected void engineInitVerify(PublicKey key) {}

    @Override
    protected void engineInitSign(PrivateKey key) {}

    @Override
    protected void engineUpdate(byte b) {}

    @Override
    protected void engineUpdate(byte[] bytes, int from, int length) {}

    @Override
    protected byte[] engineSign() {
      throw new ProviderException("out of order");
    }

    @Override
    protected boolean engineVerify(byte[] signature) {
      return false;
    }

    @Override
    @Deprecated
    protected void engineSetParameter(String name, Object value) {}

    @Override
    @Deprecated
    protected Object engineGetParameter(String name) {
      throw new UnsupportedOperationException(name);
    }
  }

  /** Signs, and then rejects its own signature. */
  public static final class Denying extends Failing {
    @Override
    protected byte[] engineSign() {
      return new byte[64];
    }
  }

  /** Accepts every signature, and fails from some moment on. */
  public static final class Trusting extends Failing {
    static volatile boolean broken;

    @Override
    protected byte[] engineSign() {
      return broken ? super.engineSign() : new byte[64];
    }

    @Override
    protected boolean engineVerify(byte[] signature) {
      if (broken) {
        throw new ProviderException("out of order");
      }
      return true;
    }
  }

  private static boolean checked(
      Signatures checks, JWSAlgorithm algorithm, AsymmetricJWK key, JWSSigner by)
      throws JOSEException {
    SignedJWT jwt = unsigned(algorithm);
    jwt.sign(by);
    return checks.verify(jwt, key);
  }

  /** A copy whose signature has one changed bit. */
  private static SignedJWT spoilt(SignedJWT jwt) throws Exception {
    byte[] signature = jwt.getSignature().decode();
    signature[20] ^= 1;
    return with(jwt, signature);
  }

  private static SignedJWT with(SignedJWT jwt, byte[] signature) throws Exception {
    return new SignedJWT(
        jwt.getHeader().toBase64URL(), jwt.getPayload().toBase64URL(), Base64URL.encode(signature));
  }

  private static SignedJWT unsigned(JWSAlgorithm algorithm) {
    return new SignedJWT(
        new JWSHeader(algorithm), new JWTClaimsSet.Builder().subject("u_bob").build());
  }

  private static Signatures signatures(ECKey own) {
    try {
      return new Signatures(own);
    } catch (JOSEException e) {
      throw new IllegalStateException(e);
    }
  }

  private static ECKey key(Curve curve) {
    try {
      return new ECKeyGenerator(curve).generate();
    } catch (JOSEException e) {
      throw new IllegalStateException(e);
    }
  }
}
