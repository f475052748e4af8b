package parley.store;

import com.typesafe.config.Config;
import parley.client.DynamoLocal;
import parley.journal.JournalRules;

class DynamoJournalRulesTest extends JournalRules {
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
