package parley.app;

import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.Gauge;
import java.util.function.ToDoubleFunction;
import parley.port.PortMeters;
import parley.telemetry.Telemetry;

/** Registers the counts of ports as meters with the label {@code port}. */
final class PortCounters {
  private PortCounters() {}

  /** Registers the counts of one port. */
  static void registerMeters(Telemetry telemetry, String port, PortMeters meters) {
    Gauge.builder("parley.connections", meters, PortMeters::open)
        .tag("port", port)
        .register(telemetry.registry());
    Gauge.builder("parley.connections.limit", meters, PortMeters::limit)
        .tag("port", port)
        .register(telemetry.registry());
    registerRefusals(telemetry, port, "port_full", meters, PortMeters::portFull);
    registerRefusals(telemetry, port, "address_full", meters, PortMeters::addressFull);
    registerRefusals(telemetry, port, "malformed", meters, PortMeters::malformed);
    registerRefusals(telemetry, port, "late_head", meters, PortMeters::lateHeads);
    registerRefusals(telemetry, port, "late_body", meters, PortMeters::lateBodies);
    FunctionCounter.builder("parley.accept.failures", meters, PortMeters::acceptFailures)
        .tag("port", port)
        .register(telemetry.registry());
  }

  private static void registerRefusals(
      Telemetry telemetry,
      String port,
      String why,
      PortMeters meters,
      ToDoubleFunction<PortMeters> count) {
    FunctionCounter.builder("parley.connections.refused", meters, count)
        .tag("port", port)
        .tag("why", why)
        .register(telemetry.registry());
  }
}
