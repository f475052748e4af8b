package parley.store;

import com.typesafe.config.Config;
import org.apache.pekko.persistence.dynamodb.journal.DynamoDBJournal;
import scala.concurrent.Future;
import scala.jdk.javaapi.FutureConverters;

/**
 * The plugin's journal with another search for the highest sequence number. That search does not
 * rely on the high mark, see {@link HighestNumber}. Created by Pekko.
 */
public final class DynamoJournal extends DynamoDBJournal {
  /** Called by Pekko with the plugin's own configuration. */
  public DynamoJournal(Config config) {
    super(config);
  }

  @Override
  public Future<Object> readSequenceNr(String persistenceId, boolean highest) {
    return highest
        ? FutureConverters.asScala(
            new HighestNumber(
                    DynamoReads.of(dynamo()),
                    journalSettings().JournalTable(),
                    journalSettings().JournalName())
                .find(persistenceId, journalSettings().SequenceShards())
                .thenApply(number -> (Object) number))
        : super.readSequenceNr(persistenceId, false);
  }
}
