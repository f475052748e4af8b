package parley.push;

import java.time.InstantSource;
import java.util.EnumMap;
import java.util.Map;
import java.util.concurrent.Executor;
import org.apache.pekko.actor.typed.ActorSystem;
import org.apache.pekko.actor.typed.DispatcherSelector;
import org.jspecify.annotations.Nullable;

/** The providers this node is configured for. */
public final class PushProviders implements AutoCloseable {
  private static final String DISPATCHER = "parley.push.dispatcher";

  private final Map<Platform, PushGateway> gateways;

  private PushProviders(Map<Platform, PushGateway> gateways) {
    this.gateways = gateways;
  }

  /** Of these clients, which {@link #close()} closes. */
  public static PushProviders of(Map<Platform, PushGateway> gateways) {
    Map<Platform, PushGateway> copy = new EnumMap<>(Platform.class);
    copy.putAll(gateways);
    return new PushProviders(copy);
  }

  /** No provider at all: nobody is pushed to. */
  public static PushProviders none() {
    return of(Map.of());
  }

  /**
   * The clients of what is configured, on the dispatcher {@code parley.push.dispatcher}. Connects
   * with the first notification.
   *
   * @param apns null where it is off
   * @param fcm null where it is off
   * @param pushLimits whose timeout is the clients' too
   */
  public static PushProviders from(
      @Nullable ApnsAccess apns,
      @Nullable FcmAccess fcm,
      PushLimits pushLimits,
      ActorSystem<?> system,
      InstantSource clock) {
    Executor blocking = system.dispatchers().lookup(DispatcherSelector.fromConfig(DISPATCHER));
    Map<Platform, PushGateway> gateways = new EnumMap<>(Platform.class);
    if (apns != null) {
      gateways.put(Platform.APNS, new ApnsGateway(apns, pushLimits.timeout(), blocking, clock));
    }
    if (fcm != null) {
      int threads =
          system.settings().config().getInt(DISPATCHER + ".thread-pool-executor.fixed-pool-size");
      // One is left for the other provider's files.
      gateways.put(
          Platform.FCM,
          new FcmGateway(fcm, pushLimits.timeout(), blocking, Math.max(1, threads - 1), clock));
    }
    return new PushProviders(gateways);
  }

  /** Whether devices of that platform can be pushed to. */
  public boolean has(Platform platform) {
    return gateways.containsKey(platform);
  }

  @Nullable PushGateway gateway(Platform platform) {
    return gateways.get(platform);
  }

  @Override
  public void close() {
    gateways.values().forEach(PushGateway::close);
  }
}
