package parley.app;

import java.util.Locale;
import java.util.concurrent.TimeUnit;
import java.util.function.LongConsumer;
import org.jspecify.annotations.Nullable;
import parley.model.ErrorCode;
import parley.protocol.ServerFrame;
import parley.session.SessionMeters;
import parley.telemetry.Telemetry;

/**
 * Counts what sessions report, in the meters of this node.
 *
 * @param sends gets the time of each send too, in nanoseconds
 */
record SocketMeters(Telemetry telemetry, LongConsumer sends) implements SessionMeters {
  @Override
  public void opened() {
    telemetry.socketOpened();
  }

  @Override
  public void closed() {
    telemetry.socketClosed();
  }

  @Override
  public void closing(ServerFrame.CloseCode code) {
    telemetry.closing(code.wireName());
  }

  @Override
  public void closedByClient() {
    telemetry.closedByClient();
  }

  @Override
  public void messageRefused(ErrorCode code) {
    telemetry.messageRefused(code.wireName());
  }

  @Override
  public void sent(long nanos, @Nullable String trace) {
    telemetry.sent(nanos, trace);
    sends.accept(nanos);
  }

  @Override
  public void delivered(long millis, @Nullable String trace) {
    telemetry.delivered(TimeUnit.MILLISECONDS.toNanos(millis), trace);
  }

  @Override
  public void presenceSeen(long millis) {
    telemetry.presenceSeen(TimeUnit.MILLISECONDS.toNanos(millis));
  }

  @Override
  public void shed(Shed what) {
    telemetry.shed(what.name().toLowerCase(Locale.ROOT));
  }

  @Override
  public void limited(String limit) {
    telemetry.limited(limit);
  }

  @Override
  public void refused(ErrorCode code) {
    telemetry.refused(code.wireName());
  }
}
