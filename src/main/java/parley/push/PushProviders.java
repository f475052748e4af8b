package parley.push;

import java.time.InstantSource;
import java.util.EnumMap;
import java.util.Map;
import java.util.concurrent.Executor;
import org.apache.pekko.actor.typed.ActorSystem;
import org.apache.pekko.actor.typed.DispatcherSelector;
import org.jspecify.annotations.Nullable;

/** The push providers that this node is configured for. */
public final class PushProviders implements AutoCloseable {
  private static final String DISPATCHER = "parley.push.dispatcher";

  private final Map<Platform, PushGateway> gateways;

  private PushProviders(Map<Platform, PushGateway> gateways) {
    this.gateways = gateways;
  }

  /** Uses these clients; {@link #close()} closes them. */
  public static PushProviders of(Map<Platform, PushGateway> gateways) {
    Map<Platform, PushGateway> copy = new EnumMap<>(Platform.class);
    copy.putAll(gateways);
    return new PushProviders(copy);
  }

  /** No provider: nothing is pushed. */
  public static PushProviders none() {
    return of(Map.of());
  }

  /**
   * Creates the clients of the configured providers, on the dispatcher {@code
   * parley.push.dispatcher}. They connect with the first notification.
   *
   * @param apns null if APNs is not configured
   * @param fcm null if FCM is not configured
   * @param pushLimits the timeout also applies to the clients
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
      // One thread stays free for the files that APNs' client reads.
      gateways.put(
          Platform.FCM,
          new FcmGateway(fcm, pushLimits.timeout(), blocking, Math.max(1, threads - 1), clock));
    }
    return new PushProviders(gateways);
  }

  /** Whether a provider for that platform is configured. */
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
