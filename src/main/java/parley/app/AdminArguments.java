package parley.app;

import java.net.URI;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import parley.model.IdRules;

/** The arguments of {@link AdminCommand}: words, and options with and without a value. */
final class AdminArguments {
  /** The management port that is asked if none is named. */
  static final String DEFAULT_URL = "http://127.0.0.1:8558";

  private static final Set<String> FLAGS = Set.of("--json", "--follow");

  private final List<String> words = new ArrayList<>();
  private final Map<String, String> values = new HashMap<>();
  private final Set<String> flags = new HashSet<>();

  /** Options that have not been asked for; the command does not have them. */
  private final Set<String> unused = new HashSet<>();

  /** The arguments are wrong. */
  static final class WrongArgumentsException extends Exception {
    private static final long serialVersionUID = 1;

    WrongArgumentsException(String message) {
      super(message);
    }
  }

  private AdminArguments() {}

  /**
   * Splits arguments.
   *
   * @param options the options that have a value
   */
  static AdminArguments parse(List<String> arguments, Set<String> options)
      throws WrongArgumentsException {
    AdminArguments parsed = new AdminArguments();
    for (int i = 0; i < arguments.size(); i++) {
      String argument = arguments.get(i);
      if (!argument.startsWith("--")) {
        parsed.words.add(argument);
      } else if (FLAGS.contains(argument)) {
        parsed.flags.add(argument);
        if (!argument.equals("--json")) {
          parsed.unused.add(argument);
        }
      } else if (!options.contains(argument)) {
        throw new WrongArgumentsException(argument + ": no such option");
      } else if (++i >= arguments.size()) {
        throw new WrongArgumentsException(argument + ": needs a value");
      } else {
        parsed.values.put(argument, arguments.get(i));
        parsed.unused.add(argument);
      }
    }
    return parsed;
  }

  /** The word at this place, or an empty text. */
  String word(int at) {
    return at < words.size() ? words.get(at) : "";
  }

  int count() {
    return words.size();
  }

  boolean json() {
    return flags.contains("--json");
  }

  /** Whether to ask until what has begun is over. */
  boolean follow() {
    unused.remove("--follow");
    return flags.contains("--follow");
  }

  /** The value of an option, or null if it is not given. */
  @Nullable String option(String name) {
    unused.remove(name);
    return values.get(name);
  }

  /** Refuses options that nothing has asked for. */
  void checkAllUsed() throws WrongArgumentsException {
    if (!unused.isEmpty()) {
      throw new WrongArgumentsException(unused.iterator().next() + ": not for this command");
    }
  }

  /** The id at this place, for a path. */
  String id(int at) throws WrongArgumentsException {
    return id(word(at));
  }

  static String id(String text) throws WrongArgumentsException {
    if (!IdRules.isId(text)) {
      throw new WrongArgumentsException("not an id: " + text);
    }
    return URLEncoder.encode(text, StandardCharsets.US_ASCII);
  }

  /** The number of an option, or null if it is not given. */
  @Nullable Long number(String option, long least) throws WrongArgumentsException {
    String text = option(option);
    return text == null ? null : number(option, text, least);
  }

  static long number(String what, String text, long least) throws WrongArgumentsException {
    try {
      long number = Long.parseLong(text);
      if (number >= least) {
        return number;
      }
    } catch (NumberFormatException e) {
      // Reported below.
    }
    throw new WrongArgumentsException(what + ": not a number from " + least + " on: " + text);
  }

  /** The address of the management port, without a slash at its end. */
  URI url() throws WrongArgumentsException {
    String given = option("--url");
    String url = given == null ? DEFAULT_URL : given;
    try {
      URI uri = URI.create(url.endsWith("/") ? url.substring(0, url.length() - 1) : url);
      boolean http = "http".equals(uri.getScheme()) || "https".equals(uri.getScheme());
      if (http && uri.getHost() != null) {
        return uri;
      }
    } catch (IllegalArgumentException e) {
      // Reported below.
    }
    throw new WrongArgumentsException("--url: not like " + DEFAULT_URL);
  }
}
