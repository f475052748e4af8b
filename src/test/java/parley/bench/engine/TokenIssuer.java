package parley.bench.engine;

import com.nimbusds.jose.JOSEException;
import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jose.JWSHeader;
import com.nimbusds.jose.crypto.ECDSASigner;
import com.nimbusds.jose.jwk.Curve;
import com.nimbusds.jose.jwk.ECKey;
import com.nimbusds.jose.jwk.JWKSet;
import com.nimbusds.jose.jwk.gen.ECKeyGenerator;
import com.nimbusds.jwt.JWTClaimsSet;
import com.nimbusds.jwt.SignedJWT;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.Date;
import java.util.Map;
import java.util.UUID;

/**
 * The generator's own identity provider. The server's password hash (Argon2id) is slow on purpose,
 * and hashing twenty thousand passwords is not part of any measurement. The server accepts these
 * tokens as those of an external issuer, verifies each signature like one of its own, and creates a
 * user at the first connection.
 */
public final class TokenIssuer implements AutoCloseable {
  private static final String ISSUER = "https://bench.parley.example";
  private static final String AUDIENCE = "parley";
  private static final Duration TOKEN_LIFETIME = Duration.ofHours(8);

  private final HttpServer server;
  private final ECKey key;
  private final ECDSASigner signer;

  /**
   * Creates a key and serves its public part over HTTP.
   *
   * @param port 0 for any free port
   */
  public TokenIssuer(int port) throws IOException {
    try {
      key = new ECKeyGenerator(Curve.P_256).keyID("bench").algorithm(JWSAlgorithm.ES256).generate();
      signer = new ECDSASigner(key);
    } catch (JOSEException e) {
      throw new IllegalStateException("this JDK does not support curve P-256", e);
    }
    byte[] keys = new JWKSet(key.toPublicJWK()).toString().getBytes(StandardCharsets.UTF_8);
    server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), port), 0);
    server.createContext(
        "/jwks.json",
        exchange -> {
          exchange.getResponseHeaders().add("Content-Type", "application/json");
          exchange.sendResponseHeaders(200, keys.length);
          try (OutputStream body = exchange.getResponseBody()) {
            body.write(keys);
          }
        });
    server.start();
  }

  /** The settings with which the server accepts these tokens. */
  public Map<String, String> settings() {
    return Map.of(
        "PARLEY_AUTH_ISSUER",
        ISSUER,
        "PARLEY_AUTH_AUDIENCE",
        AUDIENCE,
        "PARLEY_AUTH_JWKS_URL",
        "http://127.0.0.1:" + server.getAddress().getPort() + "/jwks.json");
  }

  /**
   * Creates a token for a user. All tokens differ, so the server cannot know one from its cache.
   */
  public String newToken(String userId) {
    Instant now = Instant.now();
    SignedJWT jwt =
        new SignedJWT(
            new JWSHeader.Builder(JWSAlgorithm.ES256).keyID(key.getKeyID()).build(),
            new JWTClaimsSet.Builder()
                .issuer(ISSUER)
                .audience(AUDIENCE)
                .subject(userId)
                .issueTime(Date.from(now))
                .expirationTime(Date.from(now.plus(TOKEN_LIFETIME)))
                .jwtID(UUID.randomUUID().toString())
                .build());
    try {
      jwt.sign(signer);
    } catch (JOSEException e) {
      throw new IllegalStateException("signing failed", e);
    }
    return jwt.serialize();
  }

  @Override
  public void close() {
    server.stop(0);
  }
}
