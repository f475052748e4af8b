package parley.store;

import com.typesafe.config.Config;
import org.apache.pekko.actor.ExtendedActorSystem;
import org.apache.pekko.persistence.dynamodb.query.scaladsl.internal.DynamoDBReadJournal;
import org.apache.pekko.persistence.query.ReadJournalProvider;
import scala.concurrent.Future;
import scala.jdk.javaapi.FutureConverters;

/** The plugin's read journal. It finds the last event as {@link DynamoJournal} does. */
final class DynamoEvents extends DynamoDBReadJournal {
  private DynamoEvents(Config config, String path, ExtendedActorSystem system) {
    super(config, path, system);
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

  /** Created by Pekko. */
  public static final class Provider implements ReadJournalProvider {
    private final DynamoEvents events;
    private final org.apache.pekko.persistence.dynamodb.query.javadsl.DynamoDBReadJournal java;

    /** Called by Pekko with the plugin's own configuration and its path. */
    public Provider(ExtendedActorSystem system, Config config, String path) {
      events = new DynamoEvents(config, path, system);
      java = new org.apache.pekko.persistence.dynamodb.query.javadsl.DynamoDBReadJournal(events);
    }

    @Override
    public DynamoDBReadJournal scaladslReadJournal() {
      return events;
    }

    @Override
    public org.apache.pekko.persistence.dynamodb.query.javadsl.DynamoDBReadJournal
        javadslReadJournal() {
      return java;
    }
  }
}
