package parley.auth;

import com.nimbusds.jose.jwk.Curve;
import com.nimbusds.jose.jwk.ECKey;
import java.math.BigInteger;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.interfaces.ECPrivateKey;
import java.security.interfaces.ECPublicKey;
import java.security.spec.ECFieldFp;
import java.security.spec.ECParameterSpec;
import java.security.spec.ECPoint;
import java.security.spec.ECPublicKeySpec;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.HexFormat;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Reads P-256 private keys from PEM, as {@code openssl genpkey} (PKCS#8) or {@code openssl ecparam
 * -genkey} (SEC 1) write it. The public half is computed, because Java does not read the optional
 * copy of it and the libraries that do are large.
 */
final class EcPem {
  private static final Pattern BLOCK =
      Pattern.compile(
          "-----BEGIN (EC )?PRIVATE KEY-----([A-Za-z0-9+/=\\s]+)-----END (EC )?PRIVATE KEY-----");

  /** AlgorithmIdentifier: ecPublicKey, prime256v1 (RFC 5480, section 2.1). */
  private static final byte[] P256 =
      HexFormat.of().parseHex("301306072a8648ce3d020106082a8648ce3d030107");

  private static final byte[] VERSION_0 = {2, 1, 0};

  private EcPem() {}

  /**
   * Parses one or more keys, in their order; throws {@link GeneralSecurityException} whose message
   * does not contain the file's content.
   */
  static List<ECKey> parse(String pem) throws GeneralSecurityException {
    List<ECKey> keys = new ArrayList<>();
    Matcher matcher = BLOCK.matcher(pem);
    while (matcher.find()) {
      keys.add(key(matcher));
    }
    if (keys.isEmpty()) {
      throw new GeneralSecurityException("no unencrypted private key in it");
    }
    return keys;
  }

  private static ECKey key(Matcher matcher) throws GeneralSecurityException {
    byte[] der;
    try {
      der = Base64.getMimeDecoder().decode(matcher.group(2));
    } catch (IllegalArgumentException e) {
      throw new GeneralSecurityException("not base64", e);
    }
    byte[] pkcs8 =
        matcher.group(1) == null ? der : tlv(0x30, concat(VERSION_0, concat(P256, tlv(0x04, der))));
    KeyFactory factory = KeyFactory.getInstance("EC");
    if (!(factory.generatePrivate(new PKCS8EncodedKeySpec(pkcs8)) instanceof ECPrivateKey key)
        || !Curve.P_256.equals(Curve.forECParameterSpec(key.getParams()))) {
      throw new GeneralSecurityException("not a key of the curve P-256");
    }
    ECPoint point = multiply(key.getS(), key.getParams());
    ECPublicKey publicKey =
        (ECPublicKey) factory.generatePublic(new ECPublicKeySpec(point, key.getParams()));
    return new ECKey.Builder(Curve.P_256, publicKey).privateKey(key).build();
  }

  /** k·G by doubling and adding; its time depends on k, but it runs once, when the file is read. */
  private static ECPoint multiply(BigInteger k, ECParameterSpec curve) {
    BigInteger p = ((ECFieldFp) curve.getCurve().getField()).getP();
    ECPoint sum = ECPoint.POINT_INFINITY;
    for (int bit = k.bitLength() - 1; bit >= 0; bit--) {
      sum = add(sum, sum, curve.getCurve().getA(), p);
      if (k.testBit(bit)) {
        sum = add(sum, curve.getGenerator(), curve.getCurve().getA(), p);
      }
    }
    return sum;
  }

  private static ECPoint add(ECPoint a, ECPoint b, BigInteger coefficient, BigInteger p) {
    if (a.equals(ECPoint.POINT_INFINITY)) {
      return b;
    }
    if (b.equals(ECPoint.POINT_INFINITY)) {
      return a;
    }
    BigInteger x1 = a.getAffineX();
    BigInteger y1 = a.getAffineY();
    BigInteger x2 = b.getAffineX();
    BigInteger slope;
    if (!x1.equals(x2)) {
      slope = b.getAffineY().subtract(y1).multiply(x2.subtract(x1).modInverse(p));
    } else if (y1.equals(b.getAffineY()) && y1.signum() != 0) {
      BigInteger three = BigInteger.valueOf(3);
      slope = x1.pow(2).multiply(three).add(coefficient).multiply(y1.shiftLeft(1).modInverse(p));
    } else {
      return ECPoint.POINT_INFINITY;
    }
    BigInteger x = slope.pow(2).subtract(x1).subtract(x2).mod(p);
    return new ECPoint(x, slope.multiply(x1.subtract(x)).subtract(y1).mod(p));
  }

  /** DER of at most 64 KiB. */
  private static byte[] tlv(int tag, byte[] value) {
    int n = value.length;
    byte[] head =
        n < 0x80
            ? new byte[] {(byte) tag, (byte) n}
            : new byte[] {(byte) tag, (byte) 0x82, (byte) (n >> 8), (byte) n};
    return concat(head, value);
  }

  private static byte[] concat(byte[] a, byte[] b) {
    byte[] all = Arrays.copyOf(a, a.length + b.length);
    System.arraycopy(b, 0, all, a.length, b.length);
    return all;
  }
}
