package parley.settings;

import java.net.URI;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Reads the environment variables of the process by type. An empty variable counts as not set.
 * Every method throws a {@link SettingsException} that names the variable if the value does not
 * fit. Remembers which names were read, so that misspelt variables can be reported, and which
 * values differ from their default, for the log.
 */
final class Environment {
  private static final String PREFIX = "PARLEY_";

  /**
   * User and password before an address. Matches values that are no URLs too, and up to the last
   * {@code @}, because only wrong values are shown.
   */
  private static final Pattern CREDENTIALS = Pattern.compile("(?s)^([a-z]+://)?.*@");

  /** The query of a URL may hold a key. */
  private static final Pattern QUERY = Pattern.compile("(?s)^([a-z]+://[^?#]*)[?#].*");

  /** The most characters of a value that are shown. */
  private static final int SHOWN_CHARS = 80;

  private final Map<String, String> variables;
  private final Set<String> namesRead = new TreeSet<>();
  private final Map<String, String> changed = new TreeMap<>();

  Environment(Map<String, String> variables) {
    this.variables = variables;
  }

  @Nullable String text(String name) {
    namesRead.add(name);
    String value = variables.get(name);
    if (value == null || value.isBlank()) {
      return null;
    }
    changed.put(name, isSecret(name) ? "[set]" : shown(value.strip()));
    return value.strip();
  }

  String text(String name, String otherwise) {
    String value = text(name);
    return value == null ? otherwise : forgetIfDefault(name, value, otherwise);
  }

  /** Returns the value. Drops the name from {@link #changed} if the value is the default. */
  private <T> T forgetIfDefault(String name, T value, T otherwise) {
    if (value.equals(otherwise)) {
      changed.remove(name);
    }
    return value;
  }

  int number(String name, int otherwise, int least, int most) throws SettingsException {
    String value = text(name);
    if (value == null) {
      return otherwise;
    }
    try {
      int number = Integer.parseInt(value);
      if (number >= least && number <= most) {
        return forgetIfDefault(name, number, otherwise);
      }
    } catch (NumberFormatException e) {
      // Reported below, with the allowed range.
    }
    throw invalid(name, "must be a whole number from " + least + " to " + most, value);
  }

  /** A fraction from 0 to 1. */
  double fraction(String name, double otherwise) throws SettingsException {
    String value = text(name);
    if (value == null) {
      return otherwise;
    }
    try {
      double fraction = Double.parseDouble(value);
      if (fraction >= 0 && fraction <= 1) {
        return forgetIfDefault(name, fraction, otherwise);
      }
    } catch (NumberFormatException e) {
      // Reported below.
    }
    throw invalid(name, "must be a number from 0 to 1, such as 0.01", value);
  }

  boolean flag(String name, boolean otherwise) throws SettingsException {
    String value = text(name);
    if (value == null) {
      return otherwise;
    }
    return switch (value.toLowerCase(Locale.ROOT)) {
      case "true" -> forgetIfDefault(name, true, otherwise);
      case "false" -> forgetIfDefault(name, false, otherwise);
      default -> throw invalid(name, "must be true or false", value);
    };
  }

  /** One of an enum's constants, written in lower case. */
  <E extends Enum<E>> E choice(String name, Class<E> type, E otherwise) throws SettingsException {
    String value = text(name);
    if (value == null) {
      return otherwise;
    }
    List<String> choices = new ArrayList<>();
    for (E constant : type.getEnumConstants()) {
      String word = constant.name().toLowerCase(Locale.ROOT);
      if (word.equals(value)) {
        return forgetIfDefault(name, constant, otherwise);
      }
      choices.add(word);
    }
    throw invalid(name, "must be one of " + String.join(", ", choices), value);
  }

  /** A path, existing or not. */
  Path path(String name, String otherwise) throws SettingsException {
    String value = text(name, otherwise);
    try {
      return Path.of(value);
    } catch (InvalidPathException e) {
      throw invalid(name, "must be a path", value);
    }
  }

  /** A file that is there and can be read. */
  @Nullable Path file(String name) throws SettingsException {
    if (text(name) == null) {
      return null;
    }
    Path path = path(name, "");
    if (!Files.isRegularFile(path) || !Files.isReadable(path)) {
      throw invalid(name, "must be a file that can be read", path.toString());
    }
    return path;
  }

  /** An address with scheme http or https. */
  @Nullable URI url(String name) throws SettingsException {
    String value = text(name);
    if (value == null) {
      return null;
    }
    try {
      URI uri = new URI(value);
      boolean http = "http".equals(uri.getScheme()) || "https".equals(uri.getScheme());
      if (http && uri.getHost() != null) {
        return uri;
      }
    } catch (URISyntaxException e) {
      // Reported below.
    }
    throw invalid(name, "must be a URL that begins with https:// or http://", value);
  }

  /** {@code host:port}. */
  @Nullable HostPort hostPort(String name) throws SettingsException {
    String value = text(name);
    return value == null ? null : hostPort(name, value);
  }

  /** {@code host:port,host:port,…}; empty if the variable is not set. */
  List<HostPort> hostPorts(String name) throws SettingsException {
    String value = text(name);
    if (value == null) {
      return List.of();
    }
    List<HostPort> all = new ArrayList<>();
    for (String one : value.split(",", -1)) {
      all.add(hostPort(name, one.strip()));
    }
    return List.copyOf(all);
  }

  /**
   * Returns the value; refuses a variable that is not set.
   *
   * @param because why it must be set, for the message
   */
  String required(String name, String because) throws SettingsException {
    String value = text(name);
    if (value == null) {
      throw new SettingsException(name, "must be set " + because);
    }
    return value;
  }

  /** The variables that begin with {@code PARLEY_} and that nothing has read, sorted. */
  List<String> unknown() {
    return variables.keySet().stream()
        .filter(name -> name.startsWith(PREFIX) && !namesRead.contains(name))
        .sorted()
        .toList();
  }

  /** What differs from its default, as {@code NAME=value}, sorted. No secret is among it. */
  List<String> changed() {
    return changed.entrySet().stream().map(one -> one.getKey() + "=" + one.getValue()).toList();
  }

  static SettingsException invalid(String name, String rule, String value) {
    return new SettingsException(
        name, isSecret(name) ? rule : rule + ", not \"" + shown(value) + "\"");
  }

  /** People paste the key itself into such a variable, so its value is not shown. */
  private static boolean isSecret(String name) {
    return name.endsWith("_FILE") || name.endsWith("_KEY") || name.endsWith("_KEY_ID");
  }

  /** The value on one line, without user and password before an address, and without a query. */
  private static String shown(String value) {
    String open = CREDENTIALS.matcher(value).replaceFirst("$1…@");
    open = QUERY.matcher(open).replaceFirst("$1?…");
    String shown = open.length() > SHOWN_CHARS ? open.substring(0, SHOWN_CHARS) + "…" : open;
    return shown.replaceAll("\\p{Cntrl}", "?");
  }

  private static HostPort hostPort(String name, String value) throws SettingsException {
    int colon = value.lastIndexOf(':');
    if (colon > 0) {
      try {
        int port = Integer.parseInt(value.substring(colon + 1));
        if (port > 0 && port <= 65_535) {
          return new HostPort(value.substring(0, colon), port);
        }
      } catch (NumberFormatException e) {
        // Reported below.
      }
    }
    throw invalid(name, "must be host:port", value);
  }
}
