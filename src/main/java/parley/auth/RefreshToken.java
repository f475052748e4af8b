package parley.auth;

import static java.nio.charset.StandardCharsets.US_ASCII;

import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.security.SecureRandom;
import java.util.Arrays;
import java.util.Base64;
import java.util.Optional;

/**
 * The content of a refresh token. For the client it is one opaque word of at most {@value
 * #MAX_CHARS} characters: base64url of
 *
 * <pre>
 * version 1 | length of username | username | family id, 16 | counter, 4 | secret, 32
 * </pre>
 *
 * The token contains the username because that identifies the entity that knows the rest. Only
 * SHA-256 of the secret is ever stored: 256 random bits need no slow hash.
 *
 * @param familyId 128 random bits, base64url
 * @param counter the token's generation: 0 after the login
 * @param secretHash SHA-256 of the secret, base64url
 */
record RefreshToken(String username, String familyId, int counter, String secretHash) {
  static final int MAX_CHARS = 115;

  private static final byte VERSION = 1;
  private static final int FAMILY_BYTES = 16;
  private static final int SECRET_BYTES = 32;
  private static final int FIXED_BYTES = 2 + FAMILY_BYTES + 4 + SECRET_BYTES;
  private static final SecureRandom RANDOM = new SecureRandom();
  private static final Base64.Encoder ENCODER = Base64.getUrlEncoder().withoutPadding();
  private static final Base64.Decoder DECODER = Base64.getUrlDecoder();

  /**
   * A token that was just made.
   *
   * @param token what the account keeps of it, with a hash of its secret
   * @param clientToken what the client gets
   */
  record Issued(RefreshToken token, Secret clientToken) {}

  /** The first token of a new family. */
  static Issued first(String username) {
    return make(username, random(FAMILY_BYTES), 0);
  }

  /** A new token of the generation after this one's. */
  Issued nextGeneration() {
    return make(username, DECODER.decode(familyId), counter + 1);
  }

  /**
   * The public name of a family, which access tokens contain as {@code sid}: SHA-256 of the
   * family's id, cut to 128 bits. Only the holders of the family's refresh tokens know the id
   * itself, because it proves that a spent token was once real.
   */
  static String sid(String familyId) {
    byte[] hash = digest(("parley sid " + familyId).getBytes(US_ASCII));
    return ENCODER.encodeToString(Arrays.copyOf(hash, FAMILY_BYTES));
  }

  /** Parses what a client sent; empty if this server cannot have issued it. */
  static Optional<RefreshToken> parse(String wire) {
    if (wire.length() > MAX_CHARS) {
      return Optional.empty();
    }
    byte[] bytes;
    try {
      bytes = DECODER.decode(wire);
    } catch (IllegalArgumentException e) {
      return Optional.empty();
    }
    if (bytes.length < FIXED_BYTES
        || bytes[0] != VERSION
        || bytes[1] != bytes.length - FIXED_BYTES
        // Only the canonical spelling: the decoder also accepts padding and stray last bits.
        || !ENCODER.encodeToString(bytes).equals(wire)) {
      return Optional.empty();
    }
    ByteBuffer in = ByteBuffer.wrap(bytes, 2, bytes.length - 2);
    String username = new String(take(in, bytes[1]), US_ASCII);
    String familyId = ENCODER.encodeToString(take(in, FAMILY_BYTES));
    int counter = in.getInt();
    String secretHash = sha256(take(in, SECRET_BYTES));
    return counter < 0 || !Credentials.isUsername(username)
        ? Optional.empty()
        : Optional.of(new RefreshToken(username, familyId, counter, secretHash));
  }

  @Override
  public String toString() {
    return "RefreshToken[counter=" + counter + "]";
  }

  private static Issued make(String username, byte[] family, int counter) {
    byte[] secret = random(SECRET_BYTES);
    byte[] name = username.getBytes(US_ASCII);
    byte[] bytes =
        ByteBuffer.allocate(FIXED_BYTES + name.length)
            .put(VERSION)
            .put((byte) name.length)
            .put(name)
            .put(family)
            .putInt(counter)
            .put(secret)
            .array();
    RefreshToken token =
        new RefreshToken(username, ENCODER.encodeToString(family), counter, sha256(secret));
    return new Issued(token, new Secret(ENCODER.encodeToString(bytes)));
  }

  private static byte[] random(int size) {
    byte[] bytes = new byte[size];
    RANDOM.nextBytes(bytes);
    return bytes;
  }

  private static byte[] take(ByteBuffer in, int size) {
    byte[] bytes = new byte[size];
    in.get(bytes);
    return bytes;
  }

  private static String sha256(byte[] bytes) {
    return ENCODER.encodeToString(digest(bytes));
  }

  private static byte[] digest(byte[] bytes) {
    try {
      return MessageDigest.getInstance("SHA-256").digest(bytes);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java has SHA-256", e);
    }
  }
}
