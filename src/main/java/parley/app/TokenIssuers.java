package parley.app;

import java.nio.file.Path;
import java.time.InstantSource;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import parley.auth.ExternalIssuer;
import parley.auth.KeyRing;
import parley.settings.Settings;
import parley.settings.SettingsException;
import parley.store.DynamoStore;
import parley.store.EmbeddedStore;
import parley.store.Store;
import parley.store.StoreRefusedException;

/**
 * The issuers whose access tokens are accepted. Read before anything is started, because an invalid
 * key or issuer ends the start.
 *
 * @param keys the keys that sign this server's own tokens
 * @param issuer an external issuer whose tokens are accepted too
 */
record TokenIssuers(KeyRing keys, Optional<ExternalIssuer> issuer) {
  /**
   * Reads the signing keys. If there is none, creates one and keeps it in the store: in the data
   * folder of a single node, or where all nodes read it.
   *
   * @throws SettingsException if keys or issuer cannot be used
   * @throws StoreRefusedException if the store cannot keep them
   */
  static TokenIssuers read(Settings.Auth auth, Store store, InstantSource clock)
      throws SettingsException, StoreRefusedException {
    try {
      Optional<ExternalIssuer> issuer = issuer(auth.issuer());
      return new TokenIssuers(keys(auth.keyFile(), store, clock), issuer);
    } catch (IllegalArgumentException e) {
      throw new SettingsException(e);
    }
  }

  private static KeyRing keys(@Nullable Path file, Store store, InstantSource clock)
      throws StoreRefusedException {
    if (file != null) {
      return KeyRing.fromFile(file, clock);
    }
    return switch (store) {
      case EmbeddedStore embedded -> KeyRing.inFolder(embedded.folder(), clock);
      case DynamoStore shared -> SharedKeyStore.open(shared, clock);
    };
  }

  private static Optional<ExternalIssuer> issuer(Settings.@Nullable Issuer issuer) {
    return issuer == null
        ? Optional.empty()
        : ExternalIssuer.of(
            issuer.name(), issuer.audience(), issuer.jwks().toString(), issuer.parties());
  }
}
