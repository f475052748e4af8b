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
 * The keys of access tokens at one moment: ES256 (ECDSA on P-256), each known by its RFC 7638
 * thumbprint. Immutable; {@link KeyRing} has the ones of now.
 *
 * <pre>
 *   published            signs from                  next one signs from        + {@link #KEEP}
 *       │   next             │        signing                │     ending            │
 *       └────────────────────┴───────────────────────────────┴───────────────────────┘ not good any more
 *         its tokens are good the whole time, though nobody makes them but in the middle
 * </pre>
 *
 * <p>What a key is follows from times alone, which are part of the set: every node changes from one
 * key to the next by itself, and there is nothing to do at that moment that could fail.
 */
public final class SigningKeys {
  /** The keys' file in the data folder, for its owner only, and their name in a shared store. */
  public static final String FILE_NAME = "auth-signing-key.json";

  /** Most keys of a set. */
  public static final int MOST = 8;

  /**
   * How long a key is published before it signs, unless the operator says otherwise: twice the five
   * minutes for which others may keep {@code jwks.json}.
   */
  public static final Duration LEAD = Duration.ofMinutes(10);

  /** The shortest such time: three looks of each node at the store ({@link KeyRing#POLL}). */
  public static final Duration LEAST_LEAD = Duration.ofSeconds(30);

  /** The longest. */
  public static final Duration MOST_LEAD = Duration.ofDays(7);

  /**
   * How long tokens of a key are good after the next one signs: their life, and differing clocks.
   */
  public static final Duration KEEP = AccessTokens.LIFE.plusMinutes(5);

  /** When a rotation takes a key away that has ended: by then even a bad clock says so. */
  private static final Duration FORGET = KEEP.plusHours(1);

  private static final Pattern KEY_ID = Pattern.compile("[A-Za-z0-9_-]{43}");
  private static final String SET = "keys";

  /**
   * One of them.
   *
   * @param jwk with its private half, but for a key of an operator's file that only checks
   * @param published when it came into the set; the epoch where that is not known
   * @param signsFrom when it begins to sign; the epoch where it always has
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

  /** What a key is for at a moment. */
  public enum Use {
    /** Published, and does not sign yet. */
    NEXT,
    /** Signs new tokens. */
    SIGNING,
    /** Its tokens are good, and it makes no more. */
    ENDING,
    /** Its tokens are not good. */
    ENDED
  }

  /**
   * A key as operators see it.
   *
   * @param published null where it is not known
   * @param signsFrom null where it always has
   * @param goodUntil until when its tokens are good; null where there is no next key
   */
  public record Shown(
      String keyId,
      Use use,
      @Nullable Instant published,
      @Nullable Instant signsFrom,
      @Nullable Instant goodUntil) {}

  /** The one that signs from the latest time on first; of equals the one that stood first. */
  private final List<Key> keys;

  private SigningKeys(List<Key> keys) {
    this.keys = keys.stream().sorted(Comparator.comparing(Key::signsFrom).reversed()).toList();
  }

  /** One new key, which signs at once. */
  static SigningKeys make(Instant now) {
    Instant from = now.truncatedTo(ChronoUnit.SECONDS);
    return new SigningKeys(List.of(generated(from, from)));
  }

  /** The text of one new key, which signs at once: what {@link #parse} reads. */
  public static String made(Instant now) {
    return make(now).text(now);
  }

  /**
   * The keys in this text: PEM (PKCS#8 or SEC 1, not encrypted, one block or several), a JWK, or a
   * JWK set. Where {@code nbf} says from when a key signs, the latest that has come signs; of keys
   * without one the first does.
   *
   * @param where begins the message
   * @throws IllegalArgumentException in one line, if there is none; without the text, a secret
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
      // The reason may quote the key, and the key is a secret.
      throw new IllegalArgumentException(
          where + " is neither PEM nor JWK nor a JWK set with EC private keys (P-256)");
    }
    if (keys.stream().noneMatch(key -> key.jwk.isPrivate())) {
      throw new IllegalArgumentException(where + " has no private key of the curve P-256");
    }
    if (keys.size() > MOST) {
      throw new IllegalArgumentException(where + " has more than " + MOST + " keys");
    }
    return new SigningKeys(keys);
  }

  /**
   * All of it, private halves too: a JWK set, in which {@code iat} is when a key was published and
   * {@code nbf} when it begins to sign. The signing key's members stand beside {@code keys} once
   * more: a version that knows one key only reads it as that.
   */
  String text(Instant now) {
    Map<String, Object> all = signing(now).jwk.toJSONObject();
    all.put(SET, keys.stream().map(key -> key.jwk.toJSONObject()).toList());
    return JSONObjectUtils.toJSONString(all);
  }

  /** The body of {@code /.well-known/jwks.json}: a JWK set, public halves only, no ended keys. */
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

  /** The id of the key that signs now, as in the header of each token. */
  public String keyId(Instant now) {
    return signing(now).id();
  }

  /** Every key and what it is for, the newest first. */
  public List<Shown> shown(Instant now) {
    return keys.stream()
        .map(
            key ->
                new Shown(
                    key.id(),
                    useOf(key, now),
                    known(key.published),
                    known(key.signsFrom),
                    goodUntil(key).orElse(null)))
        .toList();
  }

  /** When the newest key was published; empty where that is not known. */
  public Optional<Instant> lastRotation() {
    return Optional.ofNullable(known(latest()));
  }

  /** From when the signing key signs; empty where it always has. */
  public Optional<Instant> signingSince(Instant now) {
    return Optional.ofNullable(known(signing(now).signsFrom));
  }

  /** Whether a text can be a key's id. */
  static boolean isKeyId(@Nullable String text) {
    return text != null && KEY_ID.matcher(text).matches();
  }

  List<Key> all() {
    return keys;
  }

  /** The key that signs: the latest whose time has come, or the first where no clock says so. */
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

  /** The key of that id if its tokens are good, or null. */
  @Nullable Key good(String keyId, Instant now) {
    for (Key key : keys) {
      if (key.id().equals(keyId) && useOf(key, now) != Use.ENDED) {
        return key;
      }
    }
    return null;
  }

  boolean has(String keyId) {
    return keys.stream().anyMatch(key -> key.id().equals(keyId));
  }

  /**
   * The same with a next key that signs after {@code lead}. Where there is one that does not sign
   * yet, that is it, and it may begin earlier, not later: so two operators at once make one key.
   *
   * @return the same object where nothing changes; empty where there are {@link #MOST} keys that
   *     are still needed
   */
  Optional<SigningKeys> rotated(Instant now, Duration lead) {
    Instant base = now.isBefore(latest()) ? latest() : now; // The clock may have gone back.
    Instant from = base.plus(lead).truncatedTo(ChronoUnit.SECONDS);
    List<Key> kept = new ArrayList<>();
    Key pending = null;
    for (Key key : keys) {
      if (key.signsFrom.isAfter(now)) {
        pending = key;
      }
      if (goodUntil(key).map(end -> end.plus(FORGET.minus(KEEP)).isAfter(now)).orElse(true)) {
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
    if (kept.size() >= MOST) {
      return Optional.empty();
    }
    kept.add(generated(base.truncatedTo(ChronoUnit.SECONDS), from));
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

  /** Until when its tokens are good; empty where no later key signs by a time of its own. */
  private Optional<Instant> goodUntil(Key key) {
    return keys.stream()
        .filter(later -> later.jwk.isPrivate() && later.signsFrom.isAfter(key.signsFrom))
        .map(Key::signsFrom)
        .min(Comparator.naturalOrder())
        .map(next -> next.plus(KEEP));
  }

  private Instant latest() {
    return keys.stream().map(Key::published).max(Comparator.naturalOrder()).orElse(Instant.EPOCH);
  }

  private static @Nullable Instant known(Instant time) {
    return time.equals(Instant.EPOCH) ? null : time;
  }

  private static Key generated(Instant published, Instant signsFrom) {
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
    if (!json.containsKey(SET)) {
      return List.of(ECKey.parse(json));
    }
    List<ECKey> keys = new ArrayList<>();
    for (Map<String, Object> key : JSONObjectUtils.getJSONObjectArray(json, SET)) {
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
