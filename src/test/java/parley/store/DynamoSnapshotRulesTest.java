package parley.store;

import com.typesafe.config.Config;
import parley.client.DynamoLocal;
import parley.journal.SnapshotRules;

/** The rules of snapshot stores, on a table without an index by time. */
class DynamoSnapshotRulesTest extends SnapshotRules {
  /** Open from {@link #open} to {@link #close}. */
  @SuppressWarnings("NullAway.Init")
  private DynamoStore store;

  @Override
  protected Config open() throws Exception {
    store = DynamoStore.open(DynamoLocal.endpoint(), DynamoLocal.prefix(), true);
    return store.config();
  }

  @Override
  protected void close() {
    store.close();
  }
}
