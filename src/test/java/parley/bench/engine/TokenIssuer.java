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
 * The generator's own identity provider. Passwords are slow on purpose (Argon2id), and hashing
 * twenty thousand of them is not what is measured. The program accepts these tokens as those of an
 * external issuer, checks each signature like one of its own, and creates the users at their first
 * connection.
 */
public final class TokenIssuer implements AutoCloseable {
  private static final String ISSUER = "https://bench.parley.example";
  private static final String AUDIENCE = "parley";
  private static final Duration LIFE = Duration.ofHours(8);

  private final HttpServer server;
  private final ECKey key;
  private final ECDSASigner signer;

  /**
   * Serves the public key.
   *
   * @param port 0 for any free one
   */
  public TokenIssuer(int port) throws IOException {
    try {
      key = new ECKeyGenerator(Curve.P_256).keyID("bench").algorithm(JWSAlgorithm.ES256).generate();
      signer = new ECDSASigner(key);
    } catch (JOSEException e) {
      throw new IllegalStateException("this Java has no curve P-256", e);
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

  /** What the program must be told to take these tokens. */
  public Map<String, String> settings() {
    return Map.of(
        "PARLEY_AUTH_ISSUER",
        ISSUER,
        "PARLEY_AUTH_AUDIENCE",
        AUDIENCE,
        "PARLEY_AUTH_JWKS_URL",
        "http://127.0.0.1:" + server.getAddress().getPort() + "/jwks.json");
  }

  /** A token of its own for that user: no two are the same text. */
  public String of(String userId) {
    Instant now = Instant.now();
    SignedJWT jwt =
        new SignedJWT(
            new JWSHeader.Builder(JWSAlgorithm.ES256).keyID(key.getKeyID()).build(),
            new JWTClaimsSet.Builder()
                .issuer(ISSUER)
                .audience(AUDIENCE)
                .subject(userId)
                .issueTime(Date.from(now))
                .expirationTime(Date.from(now.plus(LIFE)))
                .jwtID(UUID.randomUUID().toString())
                .build());
    try {
      jwt.sign(signer);
    } catch (JOSEException e) {
      throw new IllegalStateException("the key was good a moment ago", e);
    }
    return jwt.serialize();
  }

  @Override
  public void close() {
    server.stop(0);
  }
}
