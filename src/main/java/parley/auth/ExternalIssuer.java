package parley.auth;

import java.net.MalformedURLException;
import java.net.URI;
import java.net.URL;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * An identity provider whose tokens are accepted beside our own.
 *
 * @param issuer the {@code iss} of its tokens; not {@value AccessTokens#ISSUER}, which is ours
 * @param audience what their {@code aud} must contain
 * @param jwksUrl where its public keys are, http or https
 */
public record ExternalIssuer(String issuer, String audience, URL jwksUrl) {
  /** Checks the issuer's name; throws {@link IllegalArgumentException} naming the setting. */
  public ExternalIssuer {
    if (issuer.equals(AccessTokens.ISSUER)) {
      throw new IllegalArgumentException("PARLEY_AUTH_ISSUER: \"parley\" is our own name");
    }
  }

  /**
   * From the settings PARLEY_AUTH_ISSUER, _AUDIENCE and _JWKS_URL: all, or none.
   *
   * @throws IllegalArgumentException in one line that names the setting that is missing or bad
   */
  public static Optional<ExternalIssuer> of(
      @Nullable String issuer, @Nullable String audience, @Nullable String jwksUrl) {
    if (issuer == null && audience == null && jwksUrl == null) {
      return Optional.empty();
    }
    return Optional.of(
        new ExternalIssuer(
            needed(issuer, "PARLEY_AUTH_ISSUER"),
            needed(audience, "PARLEY_AUTH_AUDIENCE"),
            url(needed(jwksUrl, "PARLEY_AUTH_JWKS_URL"))));
  }

  private static String needed(@Nullable String value, String setting) {
    if (value == null || value.isBlank()) {
      throw new IllegalArgumentException(
          setting + ": an external issuer needs PARLEY_AUTH_ISSUER, _AUDIENCE and _JWKS_URL");
    }
    return value;
  }

  private static URL url(String value) {
    try {
      URI uri = URI.create(value);
      if (uri.getHost() != null
          && ("https".equals(uri.getScheme()) || "http".equals(uri.getScheme()))) {
        return uri.toURL();
      }
    } catch (IllegalArgumentException | MalformedURLException e) {
      // Said below.
    }
    throw new IllegalArgumentException("PARLEY_AUTH_JWKS_URL: not an http or https address");
  }
}
