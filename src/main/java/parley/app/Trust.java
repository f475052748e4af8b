package parley.app;

import java.nio.file.Path;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import parley.auth.ExternalIssuer;
import parley.auth.SigningKeys;
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
record Trust(SigningKeys keys, Optional<ExternalIssuer> issuer) {
  /**
   * Reads the key, or makes one and keeps it in the store: in the data folder of a single node, or
   * where all nodes read it.
   *
   * @throws SettingsException where key or issuer cannot be used
   * @throws StoreRefusedException where the store cannot keep it
   */
  static Trust read(Settings.Auth auth, Store store)
      throws SettingsException, StoreRefusedException {
    try {
      return new Trust(keys(auth.keyFile(), store), issuer(auth.issuer()));
    } catch (IllegalArgumentException e) {
      throw new SettingsException(e);
    }
  }

  private static SigningKeys keys(@Nullable Path file, Store store) throws StoreRefusedException {
    if (file != null) {
      return SigningKeys.fromFile(file);
    }
    return switch (store) {
      case EmbeddedStore embedded -> SigningKeys.inFolder(embedded.folder());
      case DynamoStore shared ->
          SigningKeys.kept(shared.secret(SigningKeys.FILE_NAME, SigningKeys::make));
    };
  }

  private static Optional<ExternalIssuer> issuer(Settings.@Nullable Issuer issuer) {
    return issuer == null
        ? Optional.empty()
        : ExternalIssuer.of(issuer.name(), issuer.audience(), issuer.jwks().toString());
  }
}
