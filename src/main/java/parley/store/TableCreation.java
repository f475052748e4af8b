package parley.store;

import com.amazonaws.services.dynamodbv2.AmazonDynamoDB;
import com.amazonaws.services.dynamodbv2.model.CreateTableRequest;
import com.amazonaws.services.dynamodbv2.model.ResourceInUseException;
import com.amazonaws.services.dynamodbv2.model.ResourceNotFoundException;
import java.time.Duration;
import java.util.concurrent.locks.LockSupport;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Finds the tables of the store when it is opened, and creates missing ones where that is allowed.
 */
final class TableCreation {
  private static final Logger LOG = LoggerFactory.getLogger(TableCreation.class);
  private static final Duration TABLE_CREATION_TIMEOUT = Duration.ofMinutes(1);
  private static final Duration TABLE_POLL_INTERVAL = Duration.ofMillis(200);

  private final AmazonDynamoDB client;
  private final String endpoint;
  private final boolean create;

  /**
   * Works at one endpoint.
   *
   * @param endpoint as messages show it, without credentials
   * @param create whether missing tables are created
   */
  TableCreation(AmazonDynamoDB client, String endpoint, boolean create) {
    this.client = client;
    this.endpoint = endpoint;
    this.create = create;
  }

  /**
   * Returns when the table can be used. Blocks: up to a minute if it has to be created.
   *
   * @throws StoreRefusedException if it is missing and may not be created, or does not get ready
   */
  void findOrCreate(CreateTableRequest table) throws StoreRefusedException {
    if (isActive(table.getTableName())) {
      return;
    }
    if (!create) {
      throw new StoreRefusedException(
          "PARLEY_DYNAMODB_TABLE_PREFIX: there is no table "
              + table.getTableName()
              + " at "
              + endpoint
              + " (PARLEY_DYNAMODB_CREATE_TABLES=true makes it)");
    }
    try {
      client.createTable(table);
      LOG.info("Created the table {}", table.getTableName());
    } catch (ResourceInUseException e) {
      LOG.debug("Another node created {} first", table.getTableName());
    }
    long until = System.nanoTime() + TABLE_CREATION_TIMEOUT.toNanos();
    while (!isActive(table.getTableName())) {
      if (System.nanoTime() - until > 0) {
        throw new StoreRefusedException(
            "PARLEY_DYNAMODB_CREATE_TABLES: "
                + table.getTableName()
                + " is not ready after "
                + TABLE_CREATION_TIMEOUT.toSeconds()
                + " s");
      }
      LockSupport.parkNanos(TABLE_POLL_INTERVAL.toNanos());
    }
  }

  private boolean isActive(String table) {
    try {
      // A table that is being changed can be used.
      String status = client.describeTable(table).getTable().getTableStatus();
      return status.equals("ACTIVE") || status.equals("UPDATING");
    } catch (ResourceNotFoundException e) {
      return false;
    }
  }
}
