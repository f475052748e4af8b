package parley.push;

import java.util.EnumMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The providers this node is configured for. */
public final class Providers implements AutoCloseable {
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
