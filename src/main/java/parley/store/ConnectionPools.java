package parley.store;

import com.amazonaws.services.dynamodbv2.AmazonDynamoDBAsyncClient;
import io.micrometer.core.instrument.Gauge;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.ToIntFunction;
import org.jspecify.annotations.Nullable;
import parley.telemetry.ProcessMeters;

/**
 * The connections of the clients of DynamoDB, one client for each part of the store. The SDK has a
 * thread for each connection, and a request holds one from its beginning to its result, also
 * between two attempts. So the threads at work are the connections in use or kept for a request,
 * and what waits for a thread waits for a connection. The numbers are read at a scrape only.
 *
 * <p>The meters are those of the process; the client that was made last counts. Thread-safe.
 */
final class ConnectionPools {
  static final ConnectionPools JOURNAL = new ConnectionPools("dynamodb_journal");
  static final ConnectionPools SNAPSHOTS = new ConnectionPools("dynamodb_snapshots");

  /** The client of the journal's reader. */
  static final ConnectionPools EVENTS = new ConnectionPools("dynamodb_events");

  /**
   * Gauge: connections by {@code pool} and {@code state}: {@code in_use} and {@code max}, and
   * requests that are {@code waiting} for one.
   */
  static final String CONNECTIONS = "parley.pool.connections";

  private final String name;
  private final AtomicReference<@Nullable ThreadPoolExecutor> threads = new AtomicReference<>();

  private ConnectionPools(String name) {
    this.name = name;
  }

  /** Shows the connections of this client from now on. */
  void show(AmazonDynamoDBAsyncClient client) {
    if (client.getExecutorService() instanceof ThreadPoolExecutor its) {
      threads.set(its);
      gauge("in_use", ThreadPoolExecutor::getActiveCount);
      gauge("max", ThreadPoolExecutor::getMaximumPoolSize);
      gauge("waiting", pool -> pool.getQueue().size());
    }
  }

  /** Registers a gauge; the second time, nothing. */
  private void gauge(String state, ToIntFunction<ThreadPoolExecutor> value) {
    Gauge.builder(
            CONNECTIONS,
            threads,
            known -> {
              ThreadPoolExecutor pool = known.get();
              return pool == null ? 0 : value.applyAsInt(pool);
            })
        .tags("pool", name, "state", state)
        .register(ProcessMeters.registry());
  }
}
