package parley.auth;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.nimbusds.jose.JOSEObjectType;
import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jose.JWSHeader;
import com.nimbusds.jose.JWSSigner;
import com.nimbusds.jose.crypto.ECDSASigner;
import com.nimbusds.jose.crypto.ECDSAVerifier;
import com.nimbusds.jose.crypto.MACSigner;
import com.nimbusds.jose.crypto.RSASSASigner;
import com.nimbusds.jose.jwk.Curve;
import com.nimbusds.jose.jwk.ECKey;
import com.nimbusds.jose.jwk.JWK;
import com.nimbusds.jose.jwk.JWKSet;
import com.nimbusds.jose.jwk.RSAKey;
import com.nimbusds.jose.jwk.gen.ECKeyGenerator;
import com.nimbusds.jose.jwk.gen.RSAKeyGenerator;
import com.nimbusds.jwt.JWTClaimsSet;
import com.nimbusds.jwt.PlainJWT;
import com.nimbusds.jwt.SignedJWT;
import com.sun.net.httpserver.HttpServer;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.Date;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import parley.auth.TokenVerdict.Principal;
import parley.auth.TokenVerdict.Rejected;
import parley.auth.TokenVerdict.Unavailable;
import parley.model.UserId;

final class AccessTokensTest {
  private static final UserId BOB = new UserId("u_bob");
  private static final String IDP = "https://idp.example";

  private final AuthTestData.Clock clock = new AuthTestData.Clock();
  private final AtomicInteger fetches = new AtomicInteger();
  private volatile String jwks = "";
  private volatile int status = 200;
  private HttpServer server;
  private KeyRing keys;
  private AccessTokens tokens;
  private ECKey idpKey;

  @BeforeEach
  void start(@TempDir Path folder) throws Exception {
    server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.createContext(
        "/jwks",
        exchange -> {
          fetches.incrementAndGet();
          byte[] body = jwks.getBytes(StandardCharsets.UTF_8);
          exchange.sendResponseHeaders(status, body.length);
          exchange.getResponseBody().write(body);
          exchange.close();
        });
    server.start();
    idpKey = new ECKeyGenerator(Curve.P_256).keyID("k1").generate();
    serve(idpKey);
    keys = KeyRing.inFolder(folder, clock);
    String url = "http://127.0.0.1:" + server.getAddress().getPort() + "/jwks";
    tokens = new AccessTokens(keys, ExternalIssuer.of(IDP, "parley-app", url, List.of()), clock);
    tokens.useFastSignatures();
  }

  @AfterEach
  void stop() {
    tokens.close();
    server.stop(0);
  }

  @Test
  void ourTokenIsValidForExactlyFifteenMinutes() throws Exception {
    Secret token = tokens.issue(BOB, "bob");
    SignedJWT jwt = SignedJWT.parse(token.value());
    assertThat(jwt.verify(new ECDSAVerifier(ECKey.parse(publicKey())))).isTrue();
    assertThat(jwt.getHeader().getKeyID()).isEqualTo(keyId());
    assertThat(jwt.getJWTClaimsSet().getClaims().keySet())
        .containsExactlyInAnyOrder("iss", "sub", "iat", "exp", "jti", "username");

    Instant end = AuthTestData.START.plus(Duration.ofMinutes(15));
    Principal bob = new Principal(BOB, "bob", end, false);
    assertThat(verify(token)).isEqualTo(bob);
    clock.forward(AccessTokens.LIFE.minusMillis(1));
    assertThat(verify(token)).isEqualTo(bob);
    assertThat(verify(token)).as("remembered").isEqualTo(bob);
    clock.forward(Duration.ofMillis(1));
    assertThat(verify(token)).as("remembered").isEqualTo(new Rejected("expired"));
    clock.forward(Duration.ofHours(1));
    assertThat(verify(token)).as("forgotten").isEqualTo(new Rejected("expired"));
    assertThat(fetches).hasValue(0);
  }

  @Test
  void onlyOurKeyAndAlgorithmAreAccepted() throws Exception {
    JWTClaimsSet claims = own().build();
    assertThat(verify(sign(claims, JWSAlgorithm.ES256, keyId(), new ECDSASigner(key()))))
        .isInstanceOf(Principal.class);
    ECKey other = new ECKeyGenerator(Curve.P_256).generate();
    rejected(sign(claims, JWSAlgorithm.ES256, keyId(), new ECDSASigner(other)));
    rejected(sign(claims, JWSAlgorithm.ES256, "other", new ECDSASigner(key())));
    rejected(sign(claims, JWSAlgorithm.ES256, null, new ECDSASigner(key())));
    rejected(new PlainJWT(claims).serialize());
    // The public key as the secret of an HMAC: the classic confusion.
    byte[] known = publicKey().getBytes(StandardCharsets.UTF_8);
    rejected(sign(claims, JWSAlgorithm.HS256, keyId(), new MACSigner(known)));
    // The external issuer's key does not sign for us.
    rejected(sign(claims, JWSAlgorithm.ES256, "k1", new ECDSASigner(idpKey)));
    assertThat(fetches).hasValue(0);
  }

  @Test
  void claimsAreChecked() throws Exception {
    Instant now = clock.instant();
    rejected(own(own().expirationTime(null)));
    rejected(own(own().expirationTime(Date.from(now))));
    rejected(own(own().subject(null)));
    rejected(own(own().subject("a b")));
    rejected(own(own().claim("username", null)));
    rejected(own(own().claim("username", 7)));
    rejected(own(own().issuer(null)));
    rejected(own(own().issuer("https://else.example")));
    rejected(own(own().issueTime(Date.from(now.plusSeconds(61)))));
    rejected(own(own().notBeforeTime(Date.from(now.plusSeconds(61)))));
    assertThat(verify(own(own().notBeforeTime(Date.from(now.plusSeconds(60))))))
        .isInstanceOf(Principal.class);
  }

  @Test
  void malformedTokensAreRejected() {
    String good = tokens.issue(BOB, "bob").value();
    for (String bad : new String[] {"", ".", "..", "a.b.c", "é", "x".repeat(9_000), good + "="}) {
      rejected(bad);
    }
    for (int i = 0; i < good.length(); i++) {
      char c = good.charAt(i) == 'A' ? 'B' : 'A';
      rejected(good.substring(0, i) + c + good.substring(i + 1));
    }
    String alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    for (int i = 0; i < alphabet.length(); i++) { // The last character has bits that mean nothing.
      char c = alphabet.charAt(i);
      if (c != good.charAt(good.length() - 1)) {
        rejected(good.substring(0, good.length() - 1) + c);
      }
    }
  }

  @Test
  void anExternalUserIsAcceptedAndKeysAreFetchedOnce() throws Exception {
    Instant end = clock.instant().plusSeconds(3_600);
    assertThat(verify(external(idp().build())))
        .isEqualTo(new Principal(new UserId("auth0|7"), "auth0|7", end, true));
    assertThat(verify(external(idp().subject("other").build()))).isInstanceOf(Principal.class);
    RSAKey rsa = new RSAKeyGenerator(2048).keyID("r1").generate();
    serve(idpKey, rsa);
    clock.forward(RemoteKeys.PAUSE);
    String token = sign(idp().build(), JWSAlgorithm.RS256, "r1", new RSASSASigner(rsa));
    assertThat(verify(token)).as("a new key of the issuer").isInstanceOf(Principal.class);
    assertThat(fetches).hasValue(2);
  }

  @Test
  void externalTokensAreCheckedBeforeAnythingIsFetched() throws Exception {
    rejected(external(idp().audience("somebody else").build()));
    rejected(external(idp().audience((String) null).build()));
    rejected(external(idp().expirationTime(Date.from(clock.instant())).build()));
    rejected(external(idp().subject("u_bob").build()));
    rejected(external(idp().subject("a b").build()));
    rejected(external(idp().subject("x".repeat(65)).build()));
    rejected(external(idp().subject(null).build()));
    rejected(external(idp().issuer(IDP + "/").build()));
    byte[] known = idpKey.toPublicJWK().toString().getBytes(StandardCharsets.UTF_8);
    rejected(sign(idp().build(), JWSAlgorithm.HS256, "k1", new MACSigner(known)));
    rejected(new PlainJWT(idp().build()).serialize());
    assertThat(fetches).hasValue(0);
    rejected(sign(idp().build(), JWSAlgorithm.ES256, "k1", new ECDSASigner(key())));
    assertThat(fetches).hasValue(1);
  }

  @Test
  void inventedKeyIdsDoNotFloodTheIssuer() throws Exception {
    assertThat(verify(external(idp().build()))).isInstanceOf(Principal.class);
    for (int i = 0; i < 100; i++) {
      rejected(sign(idp().build(), JWSAlgorithm.ES256, "made-up-" + i, new ECDSASigner(idpKey)));
    }
    assertThat(fetches).hasValue(1);
    clock.forward(RemoteKeys.PAUSE);
    rejected(sign(idp().build(), JWSAlgorithm.ES256, "made-up", new ECDSASigner(idpKey)));
    assertThat(fetches).hasValue(2);
  }

  @Test
  void anIssuerThatIsDownIsUnavailableAndNotARejection() throws Exception {
    status = 500;
    assertThat(verify(external(idp().build()))).isInstanceOf(Unavailable.class);
    assertThat(verify(external(idp().build()))).isInstanceOf(Unavailable.class);
    assertThat(fetches).hasValue(1);
    status = 200;
    jwks = "no json";
    clock.forward(RemoteKeys.PAUSE_FAILED);
    assertThat(verify(external(idp().build()))).isInstanceOf(Unavailable.class);
    serve(idpKey);
    clock.forward(RemoteKeys.PAUSE_FAILED);
    assertThat(verify(external(idp().build()))).isInstanceOf(Principal.class);
    assertThat(fetches).hasValue(3);
    assertThat(verify(tokens.issue(BOB, "bob"))).isInstanceOf(Principal.class);
  }

  @Test
  void cachedKeysBridgeAnOutageOfOneHour() throws Exception {
    assertThat(verify(external(idp().build()))).isInstanceOf(Principal.class);
    server.stop(0);
    clock.forward(RemoteKeys.STALE.minusSeconds(1));
    assertThat(verify(external(idp().build()))).isInstanceOf(Principal.class);
    clock.forward(Duration.ofSeconds(10));
    assertThat(verify(external(idp().build()))).isInstanceOf(Unavailable.class);
  }

  @Test
  void externalSettingsAreAllOrNone() {
    assertThat(ExternalIssuer.of(null, null, null, List.of())).isEmpty();
    bad("PARLEY_AUTH_AUDIENCE", IDP, null, "https://idp.example/jwks");
    bad("PARLEY_AUTH_ISSUER", " ", "a", "https://idp.example/jwks");
    bad("PARLEY_AUTH_ISSUER", "parley", "a", "https://idp.example/jwks");
    bad("PARLEY_AUTH_JWKS_URL", IDP, "a", null);
    bad("PARLEY_AUTH_JWKS_URL", IDP, "a", "file:///etc/passwd");
    bad("PARLEY_AUTH_JWKS_URL", IDP, "a", "nonsense here");
  }

  @Test
  void anIssuerNeedsHttpsExceptOnLoopback() {
    String jwks = "https://idp.example/jwks";
    bad("PARLEY_AUTH_JWKS_URL", IDP, "a", "http://idp.example/jwks");
    bad("PARLEY_AUTH_JWKS_URL", IDP, "a", "http://127.0.0.1.example/jwks");
    bad("PARLEY_AUTH_JWKS_URL", IDP, "a", "http://10.0.0.1/jwks");
    bad("PARLEY_AUTH_JWKS_URL", IDP, "a", "http://localhost@idp.example/jwks");
    bad("PARLEY_AUTH_ISSUER", "http://idp.example", "a", jwks);
    bad("PARLEY_AUTH_ISSUER", "idp", "a", jwks);
    for (String host : List.of("127.0.0.1:8080", "localhost", "LOCALHOST", "[::1]:1")) {
      String url = "http://" + host + "/jwks";
      assertThat(ExternalIssuer.of(url, "a", url, List.of())).as(url).isPresent();
    }
    assertThat(ExternalIssuer.of(IDP, "a", jwks, List.of()).orElseThrow().parties())
        .containsExactly("a");
  }

  @Test
  void onlyAccessTokensOfTheIssuerAreTaken() throws Exception {
    for (String type : new String[] {null, "JWT", "jwt", "at+jwt", "application/at+JWT"}) {
      assertThat(verify(typed(type))).as(type).isInstanceOf(Principal.class);
    }
    for (String type : List.of("", "id+jwt", "logout+jwt", "dpop+jwt", "secevent+jwt", "JOSE")) {
      rejected(typed(type));
    }
    assertThat(verify(external(idp().claim("typ", "Bearer").build())))
        .isInstanceOf(Principal.class);
    rejected(external(idp().claim("typ", "ID").build()));
    rejected(external(idp().claim("typ", "Refresh").build()));
    rejected(external(idp().claim("typ", 7).build()));
    assertThat(verify(external(idp().claim("token_use", "access").build())))
        .isInstanceOf(Principal.class);
    rejected(external(idp().claim("token_use", "id").build()));
    rejected(external(idp().claim("at_hash", "x").build()));
    rejected(external(idp().claim("c_hash", "x").build()));
    rejected(external(idp().claim("cnf", Map.of("jkt", "x")).build()));
  }

  @Test
  void theAuthorizedPartyMustBeTheAudienceOrAllowed() throws Exception {
    assertThat(verify(external(idp().claim("azp", "parley-app").build())))
        .isInstanceOf(Principal.class);
    rejected(external(idp().claim("azp", "another-app").build()));
    rejected(external(idp().claim("azp", "").build()));
    rejected(external(idp().claim("azp", List.of("parley-app")).build()));
    String url = "http://127.0.0.1:" + server.getAddress().getPort() + "/jwks";
    tokens.close();
    tokens =
        new AccessTokens(
            keys, ExternalIssuer.of(IDP, "parley-app", url, List.of("web", "phone")), clock);
    assertThat(verify(external(idp().claim("azp", "phone").build()))).isInstanceOf(Principal.class);
    assertThat(verify(external(idp().build()))).isInstanceOf(Principal.class);
    rejected(external(idp().claim("azp", "parley-app").build()));
  }

  @Test
  void anIssuersTokenIsValidForOneDayAtMost() throws Exception {
    Instant now = clock.instant();
    Instant day = now.plus(Duration.ofDays(1));
    assertThat(verify(external(idp().expirationTime(Date.from(day)).build())))
        .isInstanceOf(Principal.class);
    assertThat(
            verify(
                external(idp().issueTime(Date.from(now)).expirationTime(Date.from(day)).build())))
        .isInstanceOf(Principal.class);
    Date later = Date.from(day.plusSeconds(61));
    rejected(external(idp().expirationTime(later).build()));
    Date before = Date.from(now.minusSeconds(10));
    rejected(external(idp().issueTime(before).expirationTime(Date.from(day)).build()));
    assertThat(fetches).as("fetched for good ones only").hasValue(1);
  }

  private String typed(@Nullable String type) throws Exception {
    SignedJWT jwt =
        new SignedJWT(
            new JWSHeader.Builder(JWSAlgorithm.ES256)
                .keyID("k1")
                .type(type == null ? null : new JOSEObjectType(type))
                .build(),
            idp().build());
    jwt.sign(new ECDSASigner(idpKey));
    return jwt.serialize();
  }

  private static void bad(
      String setting, String issuer, @Nullable String audience, @Nullable String url) {
    assertThatThrownBy(() -> ExternalIssuer.of(issuer, audience, url, List.of()))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageStartingWith(setting);
  }

  private String keyId() {
    return keys.keys().keyId(clock.instant());
  }

  private ECKey key() {
    return keys.keys().signing(clock.instant()).jwk();
  }

  private JWTClaimsSet.Builder own() {
    return new JWTClaimsSet.Builder()
        .issuer("parley")
        .subject("u_bob")
        .claim("username", "bob")
        .expirationTime(Date.from(clock.instant().plusSeconds(60)));
  }

  private String own(JWTClaimsSet.Builder claims) throws Exception {
    return sign(claims.build(), JWSAlgorithm.ES256, keyId(), new ECDSASigner(key()));
  }

  private JWTClaimsSet.Builder idp() {
    return new JWTClaimsSet.Builder()
        .issuer(IDP)
        .audience("parley-app")
        .subject("auth0|7")
        .expirationTime(Date.from(clock.instant().plusSeconds(3_600)));
  }

  private String external(JWTClaimsSet claims) throws Exception {
    return sign(claims, JWSAlgorithm.ES256, "k1", new ECDSASigner(idpKey));
  }

  private static String sign(
      JWTClaimsSet claims, JWSAlgorithm alg, @Nullable String kid, JWSSigner signer)
      throws Exception {
    SignedJWT jwt = new SignedJWT(new JWSHeader.Builder(alg).keyID(kid).build(), claims);
    jwt.sign(signer);
    return jwt.serialize();
  }

  private void serve(JWK... served) {
    jwks = new JWKSet(List.of(served)).toString(true);
  }

  private String publicKey() throws Exception {
    return JWKSet.parse(keys.jwks()).getKeys().get(0).toString();
  }

  private void rejected(String token) {
    assertThat(verify(token)).as(token).isInstanceOf(Rejected.class);
  }

  private TokenVerdict verify(String token) {
    return verify(new Secret(token));
  }

  private TokenVerdict verify(Secret token) {
    return tokens.verify(token).toCompletableFuture().orTimeout(20, TimeUnit.SECONDS).join();
  }
}
