package parley.telemetry;

import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.function.Function;
import java.util.regex.Pattern;

/**
 * One meter per value of a label. Values that are no valid label, and new values beyond {@link
 * Telemetry#LABEL_VALUES}, share the meter of {@value #OTHER}.
 */
final class Labelled<M> {
  static final String OTHER = "other";

  private static final Pattern LABEL = Pattern.compile("[a-z][a-z_]{0,39}");

  private final ConcurrentMap<String, M> meters = new ConcurrentHashMap<>();
  private final Function<String, M> make;

  Labelled(Function<String, M> make) {
    this.make = make;
  }

  /** The meter of this value. Registers it, so a call is also how a series begins at 0. */
  M of(String value) {
    M known = meters.get(value);
    if (known != null) {
      return known;
    }
    boolean fits = meters.size() < Telemetry.LABEL_VALUES && LABEL.matcher(value).matches();
    return meters.computeIfAbsent(fits ? value : OTHER, make);
  }

  /** Registers the meters of these values. */
  void expect(Iterable<String> values) {
    values.forEach(this::of);
  }
}
