package parley.telemetry;

import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.composite.CompositeMeterRegistry;

/**
 * Meters of parts that a library makes and that cannot be given a {@link Telemetry}: journal
 * plugins, and the handlers of AWS's SDK. Every {@link Telemetry} of the process shows them. There
 * is one, except in tests.
 */
public final class ProcessMeters {
  private static final CompositeMeterRegistry ALL = new CompositeMeterRegistry();

  private ProcessMeters() {}

  /** The registry for meters of the process. */
  public static MeterRegistry registry() {
    return ALL;
  }

  static void showIn(MeterRegistry registry) {
    ALL.add(registry);
  }

  static void leave(MeterRegistry registry) {
    ALL.remove(registry);
  }
}
