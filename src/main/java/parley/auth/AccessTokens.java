package parley.auth;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import com.github.f4b6a3.ulid.UlidCreator;
import com.nimbusds.jose.JOSEException;
import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jose.JWSHeader;
import com.nimbusds.jose.jwk.AsymmetricJWK;
import com.nimbusds.jose.jwk.JWK;
import com.nimbusds.jose.jwk.JWKMatcher;
import com.nimbusds.jose.jwk.JWKSelector;
import com.nimbusds.jose.util.Base64URL;
import com.nimbusds.jwt.JWTClaimsSet;
import com.nimbusds.jwt.SignedJWT;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.text.ParseException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.temporal.ChronoUnit;
import java.util.Date;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import parley.auth.TokenVerdict.Principal;
import parley.auth.TokenVerdict.Rejected;
import parley.auth.TokenVerdict.Unavailable;
import parley.model.IdRules;
import parley.model.UserId;
import parley.telemetry.Telemetry;

/**
 * Issues our access tokens, and verifies access tokens: ours, and those of an {@link
 * ExternalIssuer}.
 *
 * <p>The token's {@code iss} and our settings decide which keys and algorithms are allowed, never
 * the token's header (RFC 8725, sections 3.1 and 3.8). Our tokens are ES256 with a key of {@link
 * KeyRing}. Tokens of the external issuer may have any asymmetric signature with a key of its set.
 * {@code exp} is exact; {@code nbf} and {@code iat} may be {@link #SKEW} ahead, because clocks
 * differ. An external user cannot pose as one of ours: a {@code sub} that starts like our user ids
 * is refused.
 *
 * <p>A verified token is remembered by its SHA-256, because every request sends it again: at most
 * {@value #REMEMBERED} tokens, each for {@link #REMEMBER}. After that it is verified anew, which
 * also checks that its key still exists. Thread-safe. Only {@link #useFastSignatures} blocks.
 */
public final class AccessTokens implements AutoCloseable {
  /** Lifetime of our tokens. */
  public static final Duration LIFE = Duration.ofMinutes(15);

  /** The {@code iss} of our tokens. */
  public static final String ISSUER = "parley";

  private static final Logger LOG = LoggerFactory.getLogger(AccessTokens.class);

  static final Duration SKEW = Duration.ofSeconds(60);
  static final int REMEMBERED = 50_000;
  static final Duration REMEMBER = Duration.ofMinutes(5);

  private static final int MAX_CHARS = 8 * 1024;
  private static final long RETRY_AFTER_MILLIS = 2_000;
  private static final String OWN_ID_PREFIX = "u_";
  private static final Set<JWSAlgorithm> ASYMMETRIC =
      Set.of(
          JWSAlgorithm.ES256,
          JWSAlgorithm.ES384,
          JWSAlgorithm.ES512,
          JWSAlgorithm.RS256,
          JWSAlgorithm.RS384,
          JWSAlgorithm.RS512,
          JWSAlgorithm.PS256,
          JWSAlgorithm.PS384,
          JWSAlgorithm.PS512);

  private record Remote(ExternalIssuer issuer, RemoteKeys keys) {}

  /** Our keys, and the object that signs and checks with each of them, by key id. */
  private record OwnKeys(SigningKeys keys, Map<String, Signatures> byId) {
    /** The object for the key that signs now. It can also check with any other key. */
    Signatures signing(Instant now) {
      return Objects.requireNonNull(byId.get(keys.keyId(now)));
    }
  }

  private final KeyRing ring;
  private final InstantSource clock;
  private final @Nullable Remote external;
  private final Cache<String, Principal> verifiedTokens;
  private volatile OwnKeys ownKeys;
  private volatile boolean fastSignatures;

  /** Creates it with {@code clock}, which decides about {@code exp}. */
  public AccessTokens(KeyRing ring, Optional<ExternalIssuer> external, InstantSource clock) {
    this.ring = ring;
    this.clock = clock;
    this.ownKeys = new OwnKeys(ring.keys(), Map.of());
    this.external =
        external.map(e -> new Remote(e, new RemoteKeys(e.jwksUrl(), clock))).orElse(null);
    this.verifiedTokens =
        Caffeine.newBuilder()
            .maximumSize(REMEMBERED)
            .expireAfterWrite(REMEMBER)
            .recordStats()
            .ticker(() -> clock.millis() * 1_000_000)
            .build();
    ring.beforeInstall(this::useKeys);
  }

  /** Registers the meters of the cache of verified tokens. */
  public void registerMeters(Telemetry telemetry) {
    telemetry.cache(
        "tokens", verifiedTokens::estimatedSize, () -> verifiedTokens.stats().evictionCount());
  }

  /**
   * Issues a token for this user that belongs to no login. It is valid for {@link #LIFE} from now.
   */
  public Secret issue(UserId userId, String username) {
    return issue(userId, username, null);
  }

  /**
   * Issues a token for this user. It is valid for {@link #LIFE} from now.
   *
   * @param sid the login that the token belongs to, or null
   */
  public Secret issue(UserId userId, String username, @Nullable String sid) {
    Instant now = clock.instant().truncatedTo(ChronoUnit.SECONDS); // A JWT has whole seconds.
    JWTClaimsSet claims =
        new JWTClaimsSet.Builder()
            .issuer(ISSUER)
            .subject(userId.value())
            .issueTime(Date.from(now))
            .expirationTime(Date.from(now.plus(LIFE)))
            .jwtID(UlidCreator.getUlid(now.toEpochMilli()).toString())
            .claim("username", username)
            .claim("sid", sid)
            .build();
    OwnKeys with = ownKeys;
    String keyId = with.keys.keyId(now);
    SignedJWT jwt =
        new SignedJWT(new JWSHeader.Builder(JWSAlgorithm.ES256).keyID(keyId).build(), claims);
    try {
      with.signing(now).sign(jwt);
    } catch (JOSEException e) {
      throw new IllegalStateException("the signing key was good a moment ago", e);
    }
    return new Secret(jwt.serialize());
  }

  /**
   * Verifies a token and finds its user. The stage is complete when this method returns, unless the
   * token's key has to be read or fetched first.
   */
  public CompletionStage<TokenVerdict> verify(Secret token) {
    if (token.value().length() > MAX_CHARS) {
      return completed(new Rejected("too long"));
    }
    String hash = sha256(token.value());
    Principal known = verifiedTokens.getIfPresent(hash);
    if (known != null) {
      return completed(
          clock.instant().isBefore(known.expiresAt()) ? known : new Rejected("expired"));
    }
    CompletionStage<TokenVerdict> result;
    try {
      result = verify(SignedJWT.parse(token.value()));
    } catch (ParseException | JOSEException | RuntimeException e) {
      return completed(new Rejected("malformed"));
    }
    return result.thenApply(
        tokenVerdict -> {
          if (tokenVerdict instanceof Principal principal) {
            verifiedTokens.put(hash, principal);
          }
          return tokenVerdict;
        });
  }

  /**
   * Switches ECDSA signatures to a library that is several times as fast, if it works on this
   * machine. Blocks for about a second of processor time, so call it when the program already
   * listens.
   */
  public void useFastSignatures() {
    fastSignatures = true;
    ownKeys.byId.values().forEach(Signatures::useFastProvider);
  }

  /** Ends the threads that read keys, ours and those of an external issuer. */
  @Override
  public void close() {
    ring.close();
    if (external != null) {
      external.keys.close();
    }
  }

  private CompletionStage<TokenVerdict> verify(SignedJWT jwt) throws ParseException, JOSEException {
    Base64URL signature = jwt.getSignature();
    if (!Base64URL.encode(signature.decode()).equals(signature)) {
      return completed(
          new Rejected("malformed")); // Only the canonical spelling, as for refresh tokens.
    }
    JWTClaimsSet claims = jwt.getJWTClaimsSet();
    String issuer = claims.getIssuer();
    if (ISSUER.equals(issuer)) {
      return verifyOwn(jwt, claims);
    }
    if (external != null && external.issuer.issuer().equals(issuer)) {
      return verifyExternal(jwt, claims, external);
    }
    return completed(new Rejected("unknown issuer"));
  }

  private CompletionStage<TokenVerdict> verifyOwn(SignedJWT jwt, JWTClaimsSet claims)
      throws ParseException, JOSEException {
    JWSHeader header = jwt.getHeader();
    String keyId = header.getKeyID();
    if (!JWSAlgorithm.ES256.equals(header.getAlgorithm()) || !SigningKeys.isKeyId(keyId)) {
      return completed(new Rejected("not our key"));
    }
    String username = claims.getStringClaim("username");
    // Checked before the store is read: an expired token must not cost a read.
    TokenVerdict about =
        username == null ? new Rejected("no username") : checkClaims(claims, username, false);
    if (about instanceof Rejected) {
      return completed(about);
    }
    if (ownKeys.keys.contains(keyId)) {
      return completed(checkOwnSignature(jwt, keyId, about));
    }
    return ring.refresh()
        .thenApply(
            read ->
                ownKeys.keys.contains(keyId)
                    ? checkOwnSignature(jwt, keyId, about)
                    : read ? new Rejected("not our key") : new Unavailable(RETRY_AFTER_MILLIS));
  }

  private TokenVerdict checkOwnSignature(SignedJWT jwt, String keyId, TokenVerdict about) {
    OwnKeys with = ownKeys;
    Instant now = clock.instant();
    SigningKeys.Key key = with.keys.validKey(keyId, now);
    if (key == null) {
      return new Rejected("a key that has ended");
    }
    Signatures its = with.byId.get(keyId);
    try {
      boolean good = its == null ? with.signing(now).verify(jwt, key.jwk()) : its.verify(jwt);
      return good ? about : new Rejected("bad signature");
    } catch (JOSEException | RuntimeException e) {
      return new Rejected("malformed");
    }
  }

  /** Switches to other keys. If a key was removed, all remembered tokens are forgotten. */
  private void useKeys(SigningKeys keys) {
    OwnKeys before = ownKeys;
    Map<String, Signatures> byId = new HashMap<>();
    for (SigningKeys.Key key : keys.all()) {
      if (key.jwk().isPrivate()) { // Public keys only check.
        Signatures known = before.byId.get(key.id());
        byId.put(key.id(), known == null ? signatures(key) : known);
      }
    }
    ownKeys = new OwnKeys(keys, Map.copyOf(byId));
    if (!before.keys.all().stream().allMatch(key -> keys.contains(key.id()))) {
      verifiedTokens.invalidateAll();
    }
  }

  private Signatures signatures(SigningKeys.Key key) {
    try {
      Signatures made = new Signatures(key.jwk());
      if (fastSignatures) {
        made.useFastProvider();
      }
      return made;
    } catch (JOSEException e) {
      throw new IllegalArgumentException("a signing key is not for ES256", e);
    }
  }

  private CompletionStage<TokenVerdict> verifyExternal(
      SignedJWT jwt, JWTClaimsSet claims, Remote remote) {
    if (!ASYMMETRIC.contains(jwt.getHeader().getAlgorithm())) {
      return completed(new Rejected("algorithm not allowed"));
    }
    if (!claims.getAudience().contains(remote.issuer.audience())) {
      return completed(new Rejected("wrong audience"));
    }
    String wrong = remote.issuer.objection(jwt.getHeader(), claims, clock.instant());
    if (wrong != null) {
      return completed(new Rejected(wrong));
    }
    String subject = claims.getSubject();
    if (subject == null || !IdRules.isId(subject) || subject.startsWith(OWN_ID_PREFIX)) {
      return completed(new Rejected("sub cannot be a user_id"));
    }
    // Checked before the keys are fetched: an expired token must not cost a fetch.
    if (checkClaims(claims, subject, true) instanceof Rejected rejected) {
      return completed(rejected);
    }
    return remote
        .keys
        .select(new JWKSelector(JWKMatcher.forJWSHeader(jwt.getHeader())))
        .handle(
            (candidates, failure) ->
                failure != null
                    ? new Unavailable(RETRY_AFTER_MILLIS)
                    : isSignedByAny(jwt, candidates)
                        ? checkClaims(claims, subject, true)
                        : new Rejected("bad signature or unknown key"));
  }

  private boolean isSignedByAny(SignedJWT jwt, List<JWK> candidates) {
    Signatures signatures = ownKeys.signing(clock.instant());
    for (JWK candidate : candidates) {
      try {
        if (candidate instanceof AsymmetricJWK key && signatures.verify(jwt, key)) {
          return true;
        }
      } catch (JOSEException | RuntimeException e) {
        LOG.debug("A key of the issuer cannot check this token", e); // Try the next.
      }
    }
    return false;
  }

  /** Checks the claims that our tokens and those of an external issuer have in common. */
  private TokenVerdict checkClaims(JWTClaimsSet claims, String username, boolean isExternal) {
    Instant now = clock.instant();
    Date expires = claims.getExpirationTime();
    if (expires == null || !now.isBefore(expires.toInstant())) {
      return new Rejected("expired");
    }
    if (isAhead(claims.getNotBeforeTime(), now) || isAhead(claims.getIssueTime(), now)) {
      return new Rejected("not yet valid");
    }
    String subject = claims.getSubject();
    return subject == null || !IdRules.isId(subject)
        ? new Rejected("sub cannot be a user_id")
        : new Principal(
            new UserId(subject),
            username,
            expires.toInstant(),
            isExternal,
            sid(claims, isExternal));
  }

  /**
   * The login of our own token. An external issuer's tokens may contain a {@code sid} too, but it
   * names no login of ours.
   */
  private static @Nullable String sid(JWTClaimsSet claims, boolean isExternal) {
    return !isExternal && claims.getClaim("sid") instanceof String sid ? sid : null;
  }

  private static boolean isAhead(@Nullable Date date, Instant now) {
    return date != null && date.toInstant().isAfter(now.plus(SKEW));
  }

  private static CompletionStage<TokenVerdict> completed(TokenVerdict tokenVerdict) {
    return CompletableFuture.completedFuture(tokenVerdict);
  }

  private static String sha256(String token) {
    try {
      byte[] digest = MessageDigest.getInstance("SHA-256").digest(token.getBytes(UTF_8));
      return Base64URL.encode(digest).toString();
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java has SHA-256", e);
    }
  }
}
