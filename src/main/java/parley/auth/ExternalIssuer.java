package parley.auth;

import com.nimbusds.jose.JOSEObjectType;
import com.nimbusds.jose.JWSHeader;
import com.nimbusds.jwt.JWTClaimsSet;
import java.net.MalformedURLException;
import java.net.URI;
import java.net.URL;
import java.time.Duration;
import java.time.Instant;
import java.util.Date;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * An identity provider whose tokens are accepted beside our own.
 *
 * <p><b>Only access tokens</b> are accepted. An ID token tells an app who its user is; an app that
 * got one may not call others with it. RFC 9068 and the common providers tell the two kinds apart
 * by the marks below. Each mark that a token has must say "access":
 *
 * <table>
 *   <caption>What is accepted</caption>
 *   <tr><td>header {@code typ}</td><td>none, {@code JWT}, {@code at+jwt}, {@code application/at+jwt}; any case</td></tr>
 *   <tr><td>claim {@code typ} (Keycloak)</td><td>none, {@code Bearer}</td></tr>
 *   <tr><td>claim {@code token_use} (Cognito)</td><td>none, {@code access}</td></tr>
 *   <tr><td>claims {@code at_hash}, {@code c_hash} (OpenID Connect)</td><td>none: only ID tokens have them</td></tr>
 *   <tr><td>claim {@code cnf} (RFC 7800)</td><td>none: such a token is valid only with a proof of possession, which this server does not request</td></tr>
 *   <tr><td>claim {@code azp}</td><td>none, or one of {@code parties}</td></tr>
 *   <tr><td>claim {@code exp}</td><td>at most {@link #LONGEST} after now and after {@code iat}</td></tr>
 * </table>
 *
 * <p>The ID tokens of some providers have none of these marks. The audience must then be one that
 * only access tokens have.
 *
 * @param issuer the {@code iss} of its tokens, an https URL; not {@value AccessTokens#ISSUER},
 *     which is ours
 * @param audience a value that the {@code aud} of its tokens must contain
 * @param jwksUrl where its public keys are: https, or http on this machine
 * @param parties the apps whose tokens are accepted, by {@code azp}; if empty, only the audience,
 *     as in OpenID Connect
 */
public record ExternalIssuer(String issuer, String audience, URL jwksUrl, Set<String> parties) {
  /** The longest lifetime of its tokens. */
  public static final Duration LONGEST = Duration.ofDays(1);

  /** Maximum number of parties. */
  public static final int MOST_PARTIES = 64;

  private static final Set<String> TYPES = Set.of("jwt", "at+jwt", "application/at+jwt");
  private static final Pattern LOOPBACK =
      Pattern.compile("localhost|127(\\.\\d{1,3}){3}|\\[(::1|0:0:0:0:0:0:0:1)]");

  /** Checks the values; throws {@link IllegalArgumentException} that names the setting. */
  public ExternalIssuer {
    if (issuer.equals(AccessTokens.ISSUER)) {
      throw new IllegalArgumentException("PARLEY_AUTH_ISSUER: \"parley\" is our own name");
    }
    parties = parties.isEmpty() ? Set.of(audience) : Set.copyOf(parties);
    if (parties.size() > MOST_PARTIES) {
      throw new IllegalArgumentException("PARLEY_AUTH_AZP: more than " + MOST_PARTIES);
    }
  }

  /**
   * Reads the settings PARLEY_AUTH_ISSUER, _AUDIENCE and _JWKS_URL: all, or none. PARLEY_AUTH_AZP
   * is optional.
   *
   * @param parties empty for the audience
   * @throws IllegalArgumentException if a setting is missing or invalid; the message is one line
   *     and names it
   */
  public static Optional<ExternalIssuer> of(
      @Nullable String issuer,
      @Nullable String audience,
      @Nullable String jwksUrl,
      List<String> parties) {
    if (issuer == null && audience == null && jwksUrl == null) {
      return Optional.empty();
    }
    String name = required(issuer, "PARLEY_AUTH_ISSUER");
    ExternalIssuer made =
        new ExternalIssuer(
            name,
            required(audience, "PARLEY_AUTH_AUDIENCE"),
            url(required(jwksUrl, "PARLEY_AUTH_JWKS_URL"), "PARLEY_AUTH_JWKS_URL"),
            Set.copyOf(parties));
    var unused = url(name, "PARLEY_AUTH_ISSUER");
    return Optional.of(made);
  }

  /** Why a token whose audience is right is not accepted, or null if there is no objection. */
  @Nullable String objection(JWSHeader header, JWTClaimsSet claims, Instant now) {
    JOSEObjectType type = header.getType();
    if (type != null && !TYPES.contains(type.getType().toLowerCase(Locale.ROOT))) {
      return "typ is none of an access token";
    }
    if (hasOtherValue(claims, "typ", "bearer") || hasOtherValue(claims, "token_use", "access")) {
      return "typ or token_use is none of an access token";
    }
    if (claims.getClaim("at_hash") != null || claims.getClaim("c_hash") != null) {
      return "an ID token is no access token";
    }
    if (claims.getClaim("cnf") != null) {
      return "bound to a key (cnf): no bearer token";
    }
    Object party = claims.getClaim("azp");
    if (party != null && !(party instanceof String text && parties.contains(text))) {
      return "azp is not one that PARLEY_AUTH_AZP allows";
    }
    Date expires = claims.getExpirationTime();
    Date issued = claims.getIssueTime();
    if (expires != null
        && (isLater(expires, now.plus(AccessTokens.SKEW))
            || (issued != null && isLater(expires, issued.toInstant())))) {
      return "exp is more than a day ahead";
    }
    return null;
  }

  private static boolean isLater(Date expires, Instant from) {
    return expires.toInstant().isAfter(from.plus(LONGEST));
  }

  private static boolean hasOtherValue(JWTClaimsSet claims, String name, String access) {
    Object value = claims.getClaim(name);
    return value != null && !(value instanceof String text && text.equalsIgnoreCase(access));
  }

  private static String required(@Nullable String value, String setting) {
    if (value == null || value.isBlank()) {
      throw new IllegalArgumentException(
          setting + ": an external issuer needs PARLEY_AUTH_ISSUER, _AUDIENCE and _JWKS_URL");
    }
    return value;
  }

  /**
   * Without TLS, anybody on the network path could insert keys of their own. A loopback address has
   * no such path.
   */
  private static URL url(String value, String setting) {
    try {
      URI uri = URI.create(value);
      String host = uri.getHost();
      if (host != null
          && ("https".equals(uri.getScheme())
              || ("http".equals(uri.getScheme())
                  && LOOPBACK.matcher(host.toLowerCase(Locale.ROOT)).matches()))) {
        return uri.toURL();
      }
    } catch (IllegalArgumentException | MalformedURLException e) {
      // Reported below.
    }
    throw new IllegalArgumentException(
        setting + ": must be an https URL (http only to a loopback address)");
  }
}
