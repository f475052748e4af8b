package parley.app;

import parley.settings.Settings;
import parley.telemetry.MessageLog;
import parley.telemetry.MessageTrail;
import parley.telemetry.Tracing;

/** Makes what follows single messages, as the settings say. */
final class TrailFactory {
  private TrailFactory() {}

  static MessageTrail create(Settings settings) {
    return new MessageTrail(new MessageLog(settings.logs().messagesOneIn()), Tracing.OFF);
  }
}
