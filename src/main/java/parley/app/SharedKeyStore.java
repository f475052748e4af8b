package parley.app;

import java.io.IOException;
import java.time.InstantSource;
import org.jspecify.annotations.Nullable;
import parley.auth.KeyRing;
import parley.auth.SigningKeyStore;
import parley.auth.SigningKeys;
import parley.store.DynamoStore;
import parley.store.StoreRefusedException;

/**
 * Keeps the signing keys in one row of the store that all nodes share, so that a rotation is one
 * conditional write. Older versions keep a single key in this row, and they can still read it: see
 * {@link SigningKeys}.
 */
public record SharedKeyStore(DynamoStore store) implements SigningKeyStore {
  /**
   * Opens the keys of the cluster; the first node creates them. Blocks.
   *
   * @throws StoreRefusedException if the keys cannot be read or kept
   * @throws IllegalArgumentException if the row holds something else
   */
  public static KeyRing open(DynamoStore store, InstantSource clock) throws StoreRefusedException {
    var unused =
        store.sharedValueOrCreate(
            SigningKeys.FILE_NAME, () -> SigningKeys.newKeyText(clock.instant()));
    try {
      return KeyRing.open(new SharedKeyStore(store), clock);
    } catch (IOException e) {
      if (e.getCause() instanceof StoreRefusedException refused) {
        throw refused;
      }
      throw new IllegalArgumentException("PARLEY_STORE: " + e.getMessage(), e);
    }
  }

  @Override
  public String read() throws IOException {
    try {
      @Nullable String kept = store.findSecret(SigningKeys.FILE_NAME);
      if (kept == null) {
        throw new IOException("is gone");
      }
      return kept;
    } catch (StoreRefusedException e) {
      throw new IOException("cannot be read (" + e.getMessage() + ")", e);
    }
  }

  @Override
  public boolean replace(String before, String after) throws IOException {
    try {
      return store.replaceSecret(SigningKeys.FILE_NAME, before, after);
    } catch (StoreRefusedException e) {
      throw new IOException("may or may not have been written (" + e.getMessage() + ")", e);
    }
  }

  @Override
  public String name() {
    return "PARLEY_STORE: the row of the signing keys";
  }
}
