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
 * Whose tokens are good here. Read before anything is started, as it may end the start.
 *
 * @param keys what signs our own
 * @param issuer whose tokens are good too
 */
record TokenIssuers(KeyRing keys, Optional<ExternalIssuer> issuer) {
  /**
   * Reads the keys, or makes one and keeps it in the store: in the data folder of a single node, or
   * where all nodes read it.
   *
   * @throws SettingsException where keys or issuer cannot be used
   * @throws StoreRefusedException where the store cannot keep them
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
