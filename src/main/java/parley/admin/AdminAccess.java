package parley.admin;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.security.cert.CertificateExpiredException;
import java.security.cert.CertificateNotYetValidException;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Date;
import java.util.Optional;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import parley.auth.AddressBuckets;
import parley.model.ErrorCode;

/**
 * Who may call {@code /admin}, and change the cluster by {@code /cluster}.
 *
 * <ul>
 *   <li>With a file of tokens: who sends one of them. Its line says whether it may change anything.
 *   <li>With an authority for client certificates: who presents one of its certificates. It may do
 *       everything, because the authority is for operators. The certificate must be valid at each
 *       request, not only when its connection began.
 *   <li>With both: either. A wrong token is refused, whatever certificate comes with it.
 *   <li>With neither: everybody, if the port listens on the loopback address; otherwise nobody.
 * </ul>
 *
 * <p>Wrong tokens: {@value #WRONG_TOKENS} at once from an IPv4 address or an IPv6 /64, then one in
 * {@link #WRONG_TOKEN_INTERVAL}; {@value #SITE_FACTOR} times as many from an IPv6 /48. Beyond that
 * they are answered {@code rate_limited} and are not logged. A right token is accepted all the
 * same: 256 random bits are not guessed, and a stranger behind the same address, such as that of a
 * port-forward, must not shut the operators out. Thread-safe; never blocks.
 */
final class AdminAccess {
  /** Name of the limit on wrong tokens, in meters. */
  static final String WRONG_TOKENS_LIMIT = "admin_tokens";

  /** How many wrong tokens an address may send at once. */
  static final int WRONG_TOKENS = 10;

  /** After this time an address may send one more. */
  static final Duration WRONG_TOKEN_INTERVAL = Duration.ofSeconds(6);

  /** How many times as many an IPv6 /48 may send. */
  static final int SITE_FACTOR = 16;

  /** Longer than any token. */
  private static final int MAX_TOKEN_LENGTH = 256;

  private static final String SCHEME = "Bearer ";
  private static final Logger LOG = LoggerFactory.getLogger(AdminAccess.class);

  /**
   * Who calls.
   *
   * @param name the name of the token, the subject of the certificate, or {@code loopback}
   */
  record Caller(String name, AdminToken.Right right) {}

  /** The outcome for a request. */
  sealed interface Decision permits Allowed, Refused {}

  /** The request may go on. */
  record Allowed(Caller caller) implements Decision {}

  /** The request is refused. */
  record Refused(ErrorCode code, String detail, long retryAfterMillis) implements Decision {}

  private final @Nullable AdminTokenFile tokens;
  private final boolean certificates;
  private final boolean loopback;
  private final InstantSource clock;
  private final AddressBuckets wrongTokens;

  /**
   * Creates the check.
   *
   * @param tokens null if no file is set
   * @param certificates whether the port asks clients for certificates
   * @param loopback whether the port listens on the loopback address only
   * @param clock says whether a certificate is valid now
   * @param nanos a clock that never goes back, as {@link System#nanoTime}
   */
  AdminAccess(
      @Nullable AdminTokenFile tokens,
      boolean certificates,
      boolean loopback,
      InstantSource clock,
      LongSupplier nanos) {
    this.tokens = tokens;
    this.certificates = certificates;
    this.loopback = loopback;
    this.clock = clock;
    this.wrongTokens =
        new AddressBuckets(WRONG_TOKENS, WRONG_TOKEN_INTERVAL.toNanos(), SITE_FACTOR, nanos);
  }

  /** Whether this is an address of this machine that other machines do not reach. */
  static boolean isLoopback(String host) {
    InetSocketAddress address = new InetSocketAddress(host, 0);
    return !address.isUnresolved() && address.getAddress().isLoopbackAddress();
  }

  /**
   * Decides about a request.
   *
   * @param authorization the header, if there is exactly one
   * @param certificate the verified certificate of the client, or null
   * @param from the address of the client
   */
  Decision decide(
      Optional<String> authorization,
      @Nullable X509Certificate certificate,
      Optional<InetAddress> from) {
    if (tokens != null && authorization.isPresent()) {
      return byToken(tokens, authorization.get(), from);
    }
    if (certificates && certificate != null) {
      return byCertificate(certificate);
    }
    if (tokens != null) {
      return new Refused(
          ErrorCode.UNAUTHENTICATED,
          certificates
              ? "this needs Authorization: Bearer <token>, or a client certificate"
              : "this needs Authorization: Bearer <token>",
          0);
    }
    if (certificates) {
      return new Refused(
          ErrorCode.UNAUTHENTICATED,
          "this needs a client certificate of the authority in PARLEY_MANAGEMENT_TLS_CLIENT_CA",
          0);
    }
    return loopback
        ? new Allowed(new Caller("loopback", AdminToken.Right.WRITE))
        : new Refused(
            ErrorCode.FORBIDDEN,
            "PARLEY_MANAGEMENT_HOST is more than the loopback address, so /admin needs"
                + " PARLEY_ADMIN_TOKENS_FILE or PARLEY_MANAGEMENT_TLS_CLIENT_CA",
            0);
  }

  /** The handshake has verified the certificate; since then it may have expired. */
  private Decision byCertificate(X509Certificate certificate) {
    try {
      certificate.checkValidity(Date.from(clock.instant()));
    } catch (CertificateExpiredException | CertificateNotYetValidException e) {
      return new Refused(
          ErrorCode.UNAUTHENTICATED, "the client certificate is not valid at this time", 0);
    }
    return new Allowed(
        new Caller(certificate.getSubjectX500Principal().getName(), AdminToken.Right.WRITE));
  }

  private Decision byToken(AdminTokenFile file, String authorization, Optional<InetAddress> from) {
    String token =
        authorization.regionMatches(true, 0, SCHEME, 0, SCHEME.length())
            ? authorization.substring(SCHEME.length()).strip()
            : "";
    AdminToken found = token.length() > MAX_TOKEN_LENGTH ? null : file.find(token);
    if (found != null) {
      return new Allowed(new Caller(found.name(), found.right()));
    }
    InetAddress address = from.orElseGet(InetAddress::getLoopbackAddress);
    long wait = wrongTokens.take(address);
    if (wait > 0) {
      return new Refused(ErrorCode.RATE_LIMITED, "too many wrong tokens", wait);
    }
    LOG.warn("A wrong token for /admin came from {}", address.getHostAddress());
    return new Refused(ErrorCode.UNAUTHENTICATED, "the token is not in the file of tokens", 0);
  }
}
