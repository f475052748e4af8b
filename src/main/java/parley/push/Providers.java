package parley.push;

import java.time.InstantSource;
import java.util.EnumMap;
import java.util.Map;
import java.util.concurrent.Executor;
import org.apache.pekko.actor.typed.ActorSystem;
import org.apache.pekko.actor.typed.DispatcherSelector;
import org.jspecify.annotations.Nullable;

/** The providers this node is configured for. */
public final class Providers implements AutoCloseable {
  private static final String DISPATCHER = "parley.push.dispatcher";

  private final Map<Platform, Gateway> gateways;

  private Providers(Map<Platform, Gateway> gateways) {
    this.gateways = gateways;
  }

  /** Of these clients, which {@link #close()} closes. */
  public static Providers of(Map<Platform, Gateway> gateways) {
    Map<Platform, Gateway> copy = new EnumMap<>(Platform.class);
    copy.putAll(gateways);
    return new Providers(copy);
  }

  /** No provider at all: nobody is pushed to. */
  public static Providers none() {
    return of(Map.of());
  }

  /**
   * The clients of what is configured, on the dispatcher {@code parley.push.dispatcher}. Connects
   * with the first notification.
   *
   * @param apns null where it is off
   * @param fcm null where it is off
   * @param limits whose timeout is the clients' too
   */
  public static Providers from(
      @Nullable ApnsAccess apns,
      @Nullable FcmAccess fcm,
      Limits limits,
      ActorSystem<?> system,
      InstantSource clock) {
    Executor blocking = system.dispatchers().lookup(DispatcherSelector.fromConfig(DISPATCHER));
    Map<Platform, Gateway> gateways = new EnumMap<>(Platform.class);
    if (apns != null) {
      gateways.put(Platform.APNS, new ApnsGateway(apns, limits.timeout(), blocking, clock));
    }
    if (fcm != null) {
      int threads =
          system.settings().config().getInt(DISPATCHER + ".thread-pool-executor.fixed-pool-size");
      // One is left for the other provider's files.
      gateways.put(
          Platform.FCM,
          new FcmGateway(fcm, limits.timeout(), blocking, Math.max(1, threads - 1), clock));
    }
    return new Providers(gateways);
  }

  /** Whether devices of that platform can be pushed to. */
  public boolean has(Platform platform) {
    return gateways.containsKey(platform);
  }

  @Nullable Gateway gateway(Platform platform) {
    return gateways.get(platform);
  }

  @Override
  public void close() {
    gateways.values().forEach(Gateway::close);
  }
}
