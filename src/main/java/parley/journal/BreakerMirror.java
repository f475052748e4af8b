package parley.journal;

import com.typesafe.config.Config;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.Tags;
import java.util.concurrent.atomic.AtomicReference;
import org.apache.pekko.actor.ActorSystem;
import org.apache.pekko.pattern.CircuitBreaker;
import org.jspecify.annotations.Nullable;
import parley.telemetry.ProcessMeters;
import scala.concurrent.Future;

/**
 * Shows the state of a circuit breaker that Pekko Persistence keeps to itself. A journal and a
 * snapshot store have one each, which nothing can ask and which tells nobody. This is a second
 * breaker with the same settings that gets the same calls, after the first one has let them pass,
 * and refuses none. So it opens with the first one, and closes with it or one call later. Its cost
 * is a timer for each call, as the first one has.
 *
 * <p>Rejected: to turn the first breaker off and to use one of our own (the plugins would behave
 * otherwise, for a gauge); to read Pekko's private field.
 *
 * <p>The meters are those of the process; the store that was opened last counts. Thread-safe.
 */
public final class BreakerMirror {
  /**
   * Gauge: 1 while a circuit breaker refuses calls or tries the first one again, by {@code store}.
   */
  public static final String OPEN = "parley.breaker.open";

  /** Counter: how often a circuit breaker began to refuse calls, by {@code store}. */
  public static final String OPENED = "parley.breaker.opened";

  private static final StoreMeters JOURNAL = new StoreMeters("journal");
  private static final StoreMeters SNAPSHOTS = new StoreMeters("snapshots");

  private final CircuitBreaker breaker;

  /** The meters of one store, which live as long as the process. */
  private static final class StoreMeters {
    private final AtomicReference<@Nullable CircuitBreaker> current = new AtomicReference<>();
    private final Counter opened;

    StoreMeters(String store) {
      Tags tags = Tags.of("store", store);
      Gauge.builder(OPEN, this, StoreMeters::open).tags(tags).register(ProcessMeters.registry());
      opened = ProcessMeters.registry().counter(OPENED, tags);
    }

    private double open() {
      CircuitBreaker breaker = current.get();
      return breaker == null || breaker.isClosed() ? 0 : 1;
    }
  }

  private BreakerMirror(ActorSystem system, Config plugin, StoreMeters meters) {
    Config settings = plugin.getConfig("circuit-breaker");
    breaker =
        CircuitBreaker.create(
                system.scheduler(),
                settings.getInt("max-failures"),
                settings.getDuration("call-timeout"),
                settings.getDuration("reset-timeout"))
            .addOnOpenListener(meters.opened::increment);
    meters.current.set(breaker);
  }

  /** Registers the meters, so that they are there before a store is opened. */
  public static void registerMeters() {
    // The fields of this class have done it.
  }

  /**
   * Follows the breaker of a journal.
   *
   * @param plugin the configuration of the plugin
   */
  public static BreakerMirror ofJournal(ActorSystem system, Config plugin) {
    return new BreakerMirror(system, plugin, JOURNAL);
  }

  /**
   * Follows the breaker of a snapshot store.
   *
   * @param plugin the configuration of the plugin
   */
  public static BreakerMirror ofSnapshots(ActorSystem system, Config plugin) {
    return new BreakerMirror(system, plugin, SNAPSHOTS);
  }

  /** Looks at a call that Pekko's breaker has let pass. Returns the call itself. */
  public <T> Future<T> follow(Future<T> call) {
    Future<T> unused = breaker.callWithCircuitBreaker(() -> call);
    return call;
  }
}
