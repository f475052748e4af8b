package parley.app;

import parley.settings.Settings;
import parley.telemetry.MessageLog;
import parley.telemetry.MessageTrail;
import parley.telemetry.NodeName;
import parley.telemetry.Tracing;
import parley.traces.OtlpTracing;

/** Makes what follows single messages, as the settings say. */
final class TrailFactory {
  private TrailFactory() {}

  static MessageTrail create(Settings settings) {
    Settings.Traces traces = settings.traces();
    return new MessageTrail(
        new MessageLog(settings.logs().messagesOneIn()),
        traces == null
            ? Tracing.OFF
            : OtlpTracing.to(
                traces.url(),
                traces.sample(),
                traces.perSecond(),
                BuildVersion.read(),
                NodeName.get()));
  }
}
