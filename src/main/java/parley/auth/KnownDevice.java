package parley.auth;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.nio.ByteBuffer;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.Base64;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import org.jspecify.annotations.Nullable;

/**
 * A token that a login leaves on a device, as proof that the right password was typed there once.
 * It grants no access. A login that shows it is not delayed by the attempts of others ({@link
 * GuessLimits}). For the client it is one opaque word, base64url of
 *
 * <pre>
 * version 1 | number, 16 | issued, 8 | HMAC-SHA256 of these and the username, 32
 * </pre>
 *
 * The key of the HMAC is derived from the stored hash of the password. So nothing has to be stored
 * for a device. A token of another account is not valid here. A new password makes all tokens of
 * the account invalid. Only somebody who can read the journal, which contains the hash, could forge
 * one. A stolen token is good for the attempts of one device.
 */
final class KnownDevice {
  /** Lifetime, the same as that of the cookie. */
  static final Duration LIFE = Duration.ofDays(365);

  /** Length of the token in characters. */
  static final int CHARS = 76;

  private static final byte VERSION = 1;
  private static final int NUMBER_BYTES = 16;
  private static final int SIGNED_BYTES = 1 + NUMBER_BYTES + Long.BYTES;
  private static final int MAC_BYTES = 32;
  private static final SecureRandom RANDOM = new SecureRandom();
  private static final Base64.Encoder ENCODER = Base64.getUrlEncoder().withoutPadding();
  private static final Base64.Decoder DECODER = Base64.getUrlDecoder();

  private KnownDevice() {}

  /** Makes a token for a client that has just given the password. */
  static Secret make(String username, Secret passwordHash, Instant now) {
    byte[] number = new byte[NUMBER_BYTES];
    RANDOM.nextBytes(number);
    byte[] signed =
        ByteBuffer.allocate(SIGNED_BYTES)
            .put(VERSION)
            .put(number)
            .putLong(now.toEpochMilli())
            .array();
    byte[] all =
        ByteBuffer.allocate(SIGNED_BYTES + MAC_BYTES)
            .put(signed)
            .put(mac(username, passwordHash, signed))
            .array();
    return new Secret(ENCODER.encodeToString(all));
  }

  /**
   * The number of the device, or null if the token was not made for this account and password or
   * has expired.
   */
  static @Nullable String number(Secret word, String username, Secret passwordHash, Instant now) {
    if (word.value().length() != CHARS) {
      return null;
    }
    byte[] all;
    try {
      all = DECODER.decode(word.value());
    } catch (IllegalArgumentException e) {
      return null;
    }
    if (all.length != SIGNED_BYTES + MAC_BYTES || all[0] != VERSION) {
      return null;
    }
    byte[] signed = Arrays.copyOf(all, SIGNED_BYTES);
    byte[] mac = Arrays.copyOfRange(all, SIGNED_BYTES, all.length);
    long issued = ByteBuffer.wrap(signed, 1 + NUMBER_BYTES, Long.BYTES).getLong();
    return MessageDigest.isEqual(mac, mac(username, passwordHash, signed))
            && now.toEpochMilli() - issued < LIFE.toMillis()
        ? ENCODER.encodeToString(Arrays.copyOfRange(signed, 1, 1 + NUMBER_BYTES))
        : null;
  }

  private static byte[] mac(String username, Secret passwordHash, byte[] signed) {
    try {
      byte[] key =
          MessageDigest.getInstance("SHA-256")
              .digest(("parley known device " + passwordHash.value()).getBytes(UTF_8));
      Mac mac = Mac.getInstance("HmacSHA256");
      mac.init(new SecretKeySpec(key, "HmacSHA256"));
      mac.update(signed);
      return mac.doFinal(username.getBytes(UTF_8));
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("every Java has HMAC-SHA256", e);
    }
  }
}
