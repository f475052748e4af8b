package parley.telemetry;

import java.util.List;

/**
 * The kinds of persistent entities, as the label {@code entity} of meters names them. The kind is
 * the part of a persistence id before the name; a kind that is not in the list counts as {@value
 * #OTHER}.
 */
public final class EntityKinds {
  private static final String OTHER = "other";
  private static final String SHARDING = "sharding";

  /** All values of the label. Persistence ids have hyphens where these have underscores. */
  public static final List<String> ALL =
      List.of(
          "conversation",
          "user",
          "account",
          "cursor_log",
          "push_token",
          "dead_letters",
          "archive_day",
          "archive_clock",
          "adoption",
          SHARDING,
          OTHER);

  private EntityKinds() {}

  /** The kind of entity that has this persistence id. */
  public static String of(String persistenceId) {
    int end = persistenceId.indexOf('|');
    if (end < 0) {
      return persistenceId.startsWith("/sharding/") ? SHARDING : OTHER;
    }
    String kind =
        switch (persistenceId.substring(0, end)) {
          case "Account" -> "account";
          case "cursor-log" -> "cursor_log";
          case "push-token" -> "push_token";
          case "dead-letters" -> "dead_letters";
          case "archive-day" -> "archive_day";
          case "archive-clock" -> "archive_clock";
          case String same -> same;
        };
    return ALL.contains(kind) ? kind : OTHER;
  }
}
