package parley.app;

import java.nio.file.Path;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import parley.auth.ExternalIssuer;
import parley.auth.SigningKeys;

/**
 * Whose tokens are good here. Read before anything is started, as it may end the start.
 *
 * @param keys what signs our own
 * @param issuer whose tokens are good too
 */
record Trust(SigningKeys keys, Optional<ExternalIssuer> issuer) {
  /**
   * Reads the key, or makes one in the data folder, which must be locked.
   *
   * @throws SettingsException where key or issuer cannot be used
   */
  static Trust read(Settings.Auth auth, Path dataDir) throws SettingsException {
    try {
      return new Trust(keys(auth.keyFile(), dataDir), issuer(auth.issuer()));
    } catch (IllegalArgumentException e) {
      throw new SettingsException(e);
    }
  }

  private static SigningKeys keys(@Nullable Path file, Path dataDir) {
    return file == null ? SigningKeys.inFolder(dataDir) : SigningKeys.fromFile(file);
  }

  private static Optional<ExternalIssuer> issuer(Settings.@Nullable Issuer issuer) {
    return issuer == null
        ? Optional.empty()
        : ExternalIssuer.of(issuer.name(), issuer.audience(), issuer.jwks().toString());
  }
}
