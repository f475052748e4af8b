package parley.auth;

import com.nimbusds.jose.JOSEException;
import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jose.jwk.Curve;
import com.nimbusds.jose.jwk.ECKey;
import com.nimbusds.jose.jwk.JWK;
import com.nimbusds.jose.jwk.JWKSet;
import com.nimbusds.jose.jwk.KeyUse;
import com.nimbusds.jose.jwk.gen.ECKeyGenerator;
import com.nimbusds.jose.util.JSONObjectUtils;
import java.security.GeneralSecurityException;
import java.text.ParseException;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Date;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * The keys that sign and check access tokens, at one moment: ES256 (ECDSA on P-256), each
 * identified by its RFC 7638 thumbprint. Immutable; {@link KeyRing} holds the current ones.
 *
 * <pre>
 *   published            signs from                  next one signs from        + {@link #GRACE_PERIOD}
 *       │   next             │        signing                │     ending            │
 *       └────────────────────┴───────────────────────────────┴───────────────────────┘ ended
 *         tokens of the key are valid the whole time; only in the middle does it sign new ones
 * </pre>
 *
 * <p>The use of a key follows only from times that are part of the set. Every node changes from one
 * key to the next by itself, and nothing has to be done at that moment that could fail.
 */
public final class SigningKeys {
  /**
   * Name of the key file in the data folder, which only its owner can read, and name of the keys in
   * a shared store.
   */
  public static final String FILE_NAME = "auth-signing-key.json";

  /** Maximum number of keys in a set. */
  public static final int MAX_KEYS = 8;

  /**
   * How long a key is published before it signs, unless the operator chooses another time: twice
   * the five minutes for which others may cache {@code jwks.json}.
   */
  public static final Duration LEAD = Duration.ofMinutes(10);

  /** The shortest lead time: three polls of the store by each node ({@link KeyRing#POLL}). */
  public static final Duration MIN_LEAD = Duration.ofSeconds(30);

  /** The longest lead time. */
  public static final Duration MAX_LEAD = Duration.ofDays(7);

  /**
   * How long tokens of a key are valid after the next key has started to sign: their lifetime and a
   * margin for clocks that differ.
   */
  public static final Duration GRACE_PERIOD = AccessTokens.LIFE.plusMinutes(5);

  /**
   * How long after the next key has started to sign a rotation removes the old key. By then even an
   * inaccurate clock agrees that the old key has ended.
   */
  private static final Duration REMOVE_AFTER = GRACE_PERIOD.plusHours(1);

  private static final Pattern KEY_ID = Pattern.compile("[A-Za-z0-9_-]{43}");
  private static final String KEYS_MEMBER = "keys";

  /**
   * One key of the set.
   *
   * @param jwk with its private half, except for a key of an operator's file that only checks
   * @param published when the key was added to the set; the epoch if that is not known
   * @param signsFrom when the key starts to sign; the epoch if it has always signed
   */
  record Key(ECKey jwk, Instant published, Instant signsFrom) {
    String id() {
      return jwk.getKeyID();
    }

    @Override
    public String toString() {
      return "Key[" + id() + ", signs from " + signsFrom + "]";
    }
  }

  /** What a key is used for at a moment. */
  public enum Use {
    /** Published; does not sign yet. */
    NEXT,
    /** Signs new tokens. */
    SIGNING,
    /** Its tokens are valid; it signs no more. */
    ENDING,
    /** Its tokens are not valid any more. */
    ENDED
  }

  /**
   * A key as operators see it.
   *
   * @param published null if that is not known
   * @param signsFrom null if the key has always signed
   * @param goodUntil when its tokens stop being valid; null if there is no next key
   */
  public record KeyDescription(
      String keyId,
      Use use,
      @Nullable Instant published,
      @Nullable Instant signsFrom,
      @Nullable Instant goodUntil) {}

  /** Sorted by start time, the latest first. Keys with equal times keep the order of the text. */
  private final List<Key> keys;

  private SigningKeys(List<Key> keys) {
    this.keys = keys.stream().sorted(Comparator.comparing(Key::signsFrom).reversed()).toList();
  }

  /** A set of one new key, which signs at once. */
  static SigningKeys newKeySet(Instant now) {
    Instant from = now.truncatedTo(ChronoUnit.SECONDS);
    return new SigningKeys(List.of(newKey(from, from)));
  }

  /** The text of a set of one new key, which signs at once. {@link #parse} reads this format. */
  public static String newKeyText(Instant now) {
    return newKeySet(now).text(now);
  }

  /**
   * Parses keys from PEM (PKCS#8 or SEC 1, not encrypted, one block or several), a JWK or a JWK
   * set. {@code nbf} is the time from which a key signs; of the keys whose time has come, the
   * latest signs. Of keys without {@code nbf}, the first one signs.
   *
   * @param where the source of the text; messages begin with it
   * @throws IllegalArgumentException if the text has no usable keys; the message is one line and
   *     does not contain the text, which is secret
   */
  static SigningKeys parse(String text, String where) {
    List<Key> keys = new ArrayList<>();
    Set<String> ids = new HashSet<>();
    try {
      for (ECKey read : read(text.strip())) {
        if (!Curve.P_256.equals(read.getCurve())) {
          throw new IllegalArgumentException(where + " has a key that is not of the curve P-256");
        }
        Key key = key(read, instant(read.getIssueTime()), instant(read.getNotBeforeTime()));
        if (ids.add(key.id())) {
          keys.add(key);
        }
      }
    } catch (ParseException | GeneralSecurityException | JOSEException | IllegalStateException e) {
      // The cause may quote the key, and the key is secret.
      throw new IllegalArgumentException(
          where + " is neither PEM nor JWK nor a JWK set with EC private keys (P-256)");
    }
    if (keys.stream().noneMatch(key -> key.jwk.isPrivate())) {
      throw new IllegalArgumentException(where + " has no private key of the curve P-256");
    }
    if (keys.size() > MAX_KEYS) {
      throw new IllegalArgumentException(where + " has more than " + MAX_KEYS + " keys");
    }
    return new SigningKeys(keys);
  }

  /**
   * The whole set as text, with the private halves: a JWK set, in which {@code iat} is when a key
   * was published and {@code nbf} when it starts to sign. The members of the signing key are
   * repeated beside {@code keys}, because an older version that knows one key only reads them.
   */
  String text(Instant now) {
    Map<String, Object> all = signing(now).jwk.toJSONObject();
    all.put(KEYS_MEMBER, keys.stream().map(key -> key.jwk.toJSONObject()).toList());
    return JSONObjectUtils.toJSONString(all);
  }

  /**
   * The body of {@code /.well-known/jwks.json}: a JWK set with public halves only and without ended
   * keys.
   */
  public String jwks(Instant now) {
    List<JWK> set = new ArrayList<>();
    for (Key key : keys) {
      if (useOf(key, now) != Use.ENDED) {
        set.add(
            new ECKey.Builder(key.jwk.toPublicJWK()).issueTime(null).notBeforeTime(null).build());
      }
    }
    return new JWKSet(set).toString(true);
  }

  /** The id of the key that signs now. The header of each token contains it. */
  public String keyId(Instant now) {
    return signing(now).id();
  }

  /** Every key and its use, the newest first. */
  public List<KeyDescription> describe(Instant now) {
    return keys.stream()
        .map(
            key ->
                new KeyDescription(
                    key.id(),
                    useOf(key, now),
                    nullIfEpoch(key.published),
                    nullIfEpoch(key.signsFrom),
                    goodUntil(key).orElse(null)))
        .toList();
  }

  /** When the newest key was published; empty if that is not known. */
  public Optional<Instant> lastRotation() {
    return Optional.ofNullable(nullIfEpoch(newestPublished()));
  }

  /** Since when the signing key signs; empty if it has always signed. */
  public Optional<Instant> signingSince(Instant now) {
    return Optional.ofNullable(nullIfEpoch(signing(now).signsFrom));
  }

  /** Whether a text has the form of a key id. */
  static boolean isKeyId(@Nullable String text) {
    return text != null && KEY_ID.matcher(text).matches();
  }

  List<Key> all() {
    return keys;
  }

  /**
   * The signing key: of the keys whose start time has come, the one with the latest. If by this
   * clock no start time has come, the key with the earliest.
   */
  Key signing(Instant now) {
    Key earliest = null;
    for (Key key : keys) {
      if (key.jwk.isPrivate()) {
        if (!key.signsFrom.isAfter(now)) {
          return key;
        }
        earliest = key;
      }
    }
    if (earliest == null) {
      throw new IllegalStateException("there is no private key");
    }
    return earliest;
  }

  /** The key with this id, or null if there is none or its tokens are not valid any more. */
  @Nullable Key validKey(String keyId, Instant now) {
    for (Key key : keys) {
      if (key.id().equals(keyId) && useOf(key, now) != Use.ENDED) {
        return key;
      }
    }
    return null;
  }

  boolean contains(String keyId) {
    return keys.stream().anyMatch(key -> key.id().equals(keyId));
  }

  /**
   * This set with a next key that signs after {@code lead}. If the set has a key that does not sign
   * yet, that one is the next key, and its start may become earlier, not later. So two operators
   * who rotate at the same time create one key.
   *
   * @return the same object if nothing changes; empty if there are {@link #MAX_KEYS} keys that are
   *     still needed
   */
  Optional<SigningKeys> rotated(Instant now, Duration lead) {
    Instant base =
        now.isBefore(newestPublished())
            ? newestPublished()
            : now; // The clock may have been set back.
    Instant from = base.plus(lead).truncatedTo(ChronoUnit.SECONDS);
    List<Key> kept = new ArrayList<>();
    Key pending = null;
    for (Key key : keys) {
      if (key.signsFrom.isAfter(now)) {
        pending = key;
      }
      if (goodUntil(key)
          .map(end -> end.plus(REMOVE_AFTER.minus(GRACE_PERIOD)).isAfter(now))
          .orElse(true)) {
        kept.add(key);
      }
    }
    if (pending != null) {
      if (!from.isBefore(pending.signsFrom)) {
        return Optional.of(this);
      }
      kept.set(kept.indexOf(pending), key(pending.jwk, pending.published, from));
      return Optional.of(new SigningKeys(kept));
    }
    if (kept.size() >= MAX_KEYS) {
      return Optional.empty();
    }
    kept.add(newKey(base.truncatedTo(ChronoUnit.SECONDS), from));
    return Optional.of(new SigningKeys(kept));
  }

  private Use useOf(Key key, Instant now) {
    if (key.equals(signing(now))) {
      return Use.SIGNING;
    }
    if (key.jwk.isPrivate() && key.signsFrom.isAfter(now)) {
      return Use.NEXT;
    }
    return goodUntil(key).map(now::isBefore).orElse(true) ? Use.ENDING : Use.ENDED;
  }

  /**
   * When the key's tokens stop being valid; empty if no later key has a start time after this
   * key's.
   */
  private Optional<Instant> goodUntil(Key key) {
    return keys.stream()
        .filter(later -> later.jwk.isPrivate() && later.signsFrom.isAfter(key.signsFrom))
        .map(Key::signsFrom)
        .min(Comparator.naturalOrder())
        .map(next -> next.plus(GRACE_PERIOD));
  }

  private Instant newestPublished() {
    return keys.stream().map(Key::published).max(Comparator.naturalOrder()).orElse(Instant.EPOCH);
  }

  private static @Nullable Instant nullIfEpoch(Instant time) {
    return time.equals(Instant.EPOCH) ? null : time;
  }

  private static Key newKey(Instant published, Instant signsFrom) {
    try {
      return key(new ECKeyGenerator(Curve.P_256).generate(), published, signsFrom);
    } catch (JOSEException e) {
      throw new IllegalStateException("this Java has no curve P-256", e);
    }
  }

  private static Key key(ECKey jwk, Instant published, Instant signsFrom) {
    try {
      return new Key(
          new ECKey.Builder(jwk)
              .keyIDFromThumbprint()
              .algorithm(JWSAlgorithm.ES256)
              .keyUse(KeyUse.SIGNATURE)
              .issueTime(date(published))
              .notBeforeTime(date(signsFrom))
              .build(),
          published,
          signsFrom);
    } catch (JOSEException e) {
      throw new IllegalStateException("a key of P-256 has a thumbprint", e);
    }
  }

  private static List<ECKey> read(String text)
      throws ParseException, GeneralSecurityException, JOSEException {
    if (!text.startsWith("{")) {
      return EcPem.parse(text);
    }
    Map<String, Object> json = JSONObjectUtils.parse(text);
    if (!json.containsKey(KEYS_MEMBER)) {
      return List.of(ECKey.parse(json));
    }
    List<ECKey> keys = new ArrayList<>();
    for (Map<String, Object> key : JSONObjectUtils.getJSONObjectArray(json, KEYS_MEMBER)) {
      keys.add(ECKey.parse(key));
    }
    return keys;
  }

  private static Instant instant(@Nullable Date date) {
    return date == null ? Instant.EPOCH : date.toInstant();
  }

  private static @Nullable Date date(Instant time) {
    return time.equals(Instant.EPOCH) ? null : Date.from(time);
  }

  @Override
  public String toString() {
    return "SigningKeys" + keys;
  }
}
