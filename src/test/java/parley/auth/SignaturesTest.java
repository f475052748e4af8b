package parley.auth;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.nimbusds.jose.JOSEException;
import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jose.JWSHeader;
import com.nimbusds.jose.JWSSigner;
import com.nimbusds.jose.crypto.ECDSASigner;
import com.nimbusds.jose.crypto.RSASSASigner;
import com.nimbusds.jose.jwk.AsymmetricJWK;
import com.nimbusds.jose.jwk.Curve;
import com.nimbusds.jose.jwk.ECKey;
import com.nimbusds.jose.jwk.RSAKey;
import com.nimbusds.jose.jwk.gen.ECKeyGenerator;
import com.nimbusds.jose.jwk.gen.RSAKeyGenerator;
import com.nimbusds.jose.util.Base64URL;
import com.nimbusds.jwt.JWTClaimsSet;
import com.nimbusds.jwt.SignedJWT;
import java.util.List;
import java.util.Locale;
import org.junit.jupiter.api.Test;

final class SignaturesTest {
  private static final String AWS_LC = "AmazonCorrettoCryptoProvider";

  private final ECKey key = key(Curve.P_256);
  private final Signatures slow = new Signatures("Nobody", key);
  private final Signatures fast = new Signatures(AWS_LC, key);

  @Test
  void theFastOneIsThereOnThePlatformsItIsMadeFor() {
    String system = System.getProperty("os.name").toLowerCase(Locale.ROOT);
    boolean madeFor =
        system.equals("linux")
            && List.of("amd64", "aarch64").contains(System.getProperty("os.arch"));
    assertThat(fast.isFast()).isEqualTo(madeFor);
    assertThat(slow.isFast()).isFalse();
  }

  @Test
  void whatOneSignsTheOtherKnows() throws Exception {
    for (Signatures signs : List.of(slow, fast)) {
      for (Signatures checks : List.of(slow, fast)) {
        SignedJWT jwt = unsigned(JWSAlgorithm.ES256);
        jwt.sign(signs.signer(key));
        assertThat(jwt.verify(checks.verifier(key))).isTrue();
        assertThat(jwt.verify(checks.verifier(jwt.getHeader(), key))).isTrue();
        assertThat(jwt.verify(checks.verifier(key(Curve.P_256)))).isFalse();
        assertThat(spoilt(jwt).verify(checks.verifier(key))).isFalse();
      }
    }
  }

  @Test
  void otherCurvesAndOtherKindsAreChecked() throws Exception {
    ECKey p384 = key(Curve.P_384);
    ECKey p521 = key(Curve.P_521);
    RSAKey rsa = new RSAKeyGenerator(2048).generate();
    for (Signatures checks : List.of(slow, fast)) {
      assertThat(checked(checks, JWSAlgorithm.ES384, p384, new ECDSASigner(p384))).isTrue();
      assertThat(checked(checks, JWSAlgorithm.ES512, p521, new ECDSASigner(p521))).isTrue();
      assertThat(checked(checks, JWSAlgorithm.RS256, rsa, new RSASSASigner(rsa))).isTrue();
      assertThat(checked(checks, JWSAlgorithm.PS256, rsa, new RSASSASigner(rsa))).isTrue();
      assertThatThrownBy(() -> checks.verifier(new JWSHeader(JWSAlgorithm.RS256), key))
          .isInstanceOf(JOSEException.class);
    }
  }

  private static boolean checked(
      Signatures checks, JWSAlgorithm algorithm, AsymmetricJWK key, JWSSigner by)
      throws JOSEException {
    SignedJWT jwt = unsigned(algorithm);
    jwt.sign(by);
    return jwt.verify(checks.verifier(jwt.getHeader(), key));
  }

  /** With a signature that has one bit changed. */
  private static SignedJWT spoilt(SignedJWT jwt) throws Exception {
    byte[] signature = jwt.getSignature().decode();
    signature[20] ^= 1;
    return new SignedJWT(
        jwt.getHeader().toBase64URL(), jwt.getPayload().toBase64URL(), Base64URL.encode(signature));
  }

  private static SignedJWT unsigned(JWSAlgorithm algorithm) {
    return new SignedJWT(
        new JWSHeader(algorithm), new JWTClaimsSet.Builder().subject("u_bob").build());
  }

  private static ECKey key(Curve curve) {
    try {
      return new ECKeyGenerator(curve).generate();
    } catch (JOSEException e) {
      throw new IllegalStateException(e);
    }
  }
}
