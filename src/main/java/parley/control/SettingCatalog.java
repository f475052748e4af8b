package parley.control;

import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import parley.control.Setting.InvalidSettingException;
import parley.telemetry.LogEvents;

/** All settings that can be changed while the cluster runs. Immutable. */
public final class SettingCatalog {
  /** Messages of each user. */
  public static final String USER_MESSAGES = "limit.user.messages-per-minute";

  /** Messages in each conversation. */
  public static final String CONVERSATION_MESSAGES = "limit.conversation.messages-per-second";

  /** Messages that clients of one node send. */
  public static final String NODE_MESSAGES = "limit.node.messages-per-second";

  /** Messages that clients of all nodes send. */
  public static final String CLUSTER_MESSAGES = "limit.cluster.messages-per-second";

  /** HTTP requests of each address. */
  public static final String ADDRESS_REQUESTS = "limit.address.requests-per-second";

  /** Connections of each address. */
  public static final String ADDRESS_CONNECTIONS = "limit.address.connections";

  /** Connections of each node. */
  public static final String NODE_CONNECTIONS = "limit.node.connections";

  /** The bound of the time to send a message. */
  public static final String ADMISSION_SEND = "admission.send-p99-ms";

  /** The bound of the time that messages wait for a thread. */
  public static final String ADMISSION_MAILBOX = "admission.mailbox-wait-ms";

  /** Whether load is shed. */
  public static final String FLAG_ADMISSION = "flag.admission-by-load";

  /** Whether notifications are pushed. */
  public static final String FLAG_PUSH = "flag.push";

  /** Whether old entries move to the cold tier. */
  public static final String FLAG_ARCHIVE = "flag.archive";

  /** Whether unread counts are checked. */
  public static final String FLAG_UNREAD_AUDIT = "flag.unread-audit";

  /** The names of all flags. */
  public static final List<String> FLAGS =
      List.of(FLAG_ADMISSION, FLAG_ARCHIVE, FLAG_PUSH, FLAG_UNREAD_AUDIT);

  /** The largest value of a rate. */
  public static final int RATE_MAX = 1_000_000;

  /** The most users, and the most conversations, that have a limit of their own. */
  public static final int OWN_LIMITS = 1_000;

  /** The most loggers with a level of their own. */
  public static final int LEVELS = 100;

  /** How long a level of a logger holds if nothing else is said, in minutes. */
  public static final int LEVEL_MINUTES = 60;

  /** The longest time of a value that ends: ten years, in minutes. */
  public static final int MINUTES_MAX = 5_270_400;

  /** The names of the levels. */
  static final Set<String> LEVEL_NAMES = Set.of("ERROR", "WARN", "INFO", "DEBUG", "TRACE");

  /**
   * Levels of loggers that are not Parley's. Below {@code INFO} some libraries write requests with
   * their headers and bodies, and so tokens and content.
   */
  private static final Set<String> LIBRARY_LEVEL_NAMES = Set.of("ERROR", "WARN", "INFO");

  private static final Family OWN_USER = Family.of(USER_MESSAGES, "limit.user.");
  private static final Family OWN_CONVERSATION =
      Family.of(CONVERSATION_MESSAGES, "limit.conversation.");
  private static final Family LOGGERS = new Family("log.", "", LEVELS);

  /** As {@code parley.model.IdRules}: visible ASCII. */
  private static final Pattern ID = Pattern.compile("[!-~]{1,64}");

  private static final Pattern LOGGER = Pattern.compile("[A-Za-z0-9_$.]{1,128}");

  private final Map<String, Setting> settings;

  /**
   * Settings whose names hold an id.
   *
   * @param prefix what their names begin with
   * @param suffix what their names end with
   * @param most how many may be set at a time
   */
  record Family(String prefix, String suffix, int most) {
    static Family of(String base, String prefix) {
      return new Family(prefix, "." + base.substring(prefix.length()), OWN_LIMITS);
    }

    /** The id in this name, or null if the name is not of this family. */
    @Nullable String idOf(String name) {
      boolean fits =
          name.length() > prefix.length() + suffix.length()
              && name.startsWith(prefix)
              && name.endsWith(suffix);
      return fits ? name.substring(prefix.length(), name.length() - suffix.length()) : null;
    }
  }

  /**
   * What the environment of this node gives.
   *
   * @param nodeConnections 0 is no limit
   * @param flagsOff names of flags that are off
   */
  public record Defaults(
      int userMessages,
      int conversationMessages,
      int nodeMessages,
      int clusterMessages,
      int addressRequests,
      int addressConnections,
      int nodeConnections,
      int admissionSendMillis,
      int admissionMailboxMillis,
      Set<String> flagsOff) {}

  private SettingCatalog(List<Setting> all) {
    Map<String, Setting> byName = new LinkedHashMap<>();
    all.forEach(one -> byName.put(one.name(), one));
    settings = Collections.unmodifiableMap(byName);
  }

  /** The settings of this version, with the defaults of a node. */
  public static SettingCatalog of(Defaults defaults) {
    List<Setting> all = new ArrayList<>();
    all.add(
        rate(
            USER_MESSAGES,
            "messages a minute",
            defaults.userMessages(),
            "PARLEY_RATE_MESSAGES_PER_MINUTE",
            "messages of each user, over all nodes"));
    all.add(
        rate(
            CONVERSATION_MESSAGES,
            "messages a second",
            defaults.conversationMessages(),
            "PARLEY_RATE_CONVERSATION_PER_SECOND",
            "new messages in each conversation"));
    all.add(
        rate(
            NODE_MESSAGES,
            "messages a second",
            defaults.nodeMessages(),
            "PARLEY_RATE_NODE_PER_SECOND",
            "messages that the clients of each node send"));
    all.add(
        rate(
            CLUSTER_MESSAGES,
            "messages a second",
            defaults.clusterMessages(),
            "PARLEY_RATE_CLUSTER_PER_SECOND",
            "messages that all clients send; each node takes its part"));
    all.add(
        rate(
            ADDRESS_REQUESTS,
            "requests a second",
            defaults.addressRequests(),
            "PARLEY_RATE_REQUESTS_PER_SECOND",
            "HTTP requests of each client address, on each node"));
    all.add(
        rate(
            ADDRESS_CONNECTIONS,
            "connections",
            defaults.addressConnections(),
            "PARLEY_CONNECTIONS_PER_ADDRESS",
            "open connections of each client address, on each node"));
    all.add(
        rate(
            NODE_CONNECTIONS,
            "connections",
            defaults.nodeConnections(),
            "PARLEY_CONNECTIONS",
            "open connections of each node"));
    all.add(
        Setting.number(
            ADMISSION_SEND,
            "ms",
            10,
            60_000,
            defaults.admissionSendMillis(),
            "PARLEY_ADMISSION_SEND_MS",
            "time of a send (p99 of 3 s) from which on load is shed"));
    all.add(
        Setting.number(
            ADMISSION_MAILBOX,
            "ms",
            10,
            60_000,
            defaults.admissionMailboxMillis(),
            "PARLEY_ADMISSION_MAILBOX_MS",
            "wait for a thread from which on load is shed"));
    for (String flag : FLAGS) {
      all.add(Setting.flag(flag, !defaults.flagsOff().contains(flag), about(flag)));
    }
    return new SettingCatalog(all);
  }

  private static String about(String flag) {
    return switch (flag) {
      case FLAG_ADMISSION -> "whether load is shed when sends are slow";
      case FLAG_ARCHIVE -> "whether old entries move to the cold tier; off: they wait";
      case FLAG_PUSH -> "whether notifications are handed to providers; off: they wait";
      default -> "whether unread counts are checked against the logs";
    };
  }

  private static Setting rate(
      String name, String unit, int byDefault, String variable, String about) {
    return Setting.number(name, unit, 0, RATE_MAX, byDefault, variable, about + "; 0: no limit");
  }

  /** All settings with a fixed name, in the order in which they are shown. */
  public List<Setting> all() {
    return List.copyOf(settings.values());
  }

  /**
   * The setting with this name: for the limit of one user or conversation that of all; null if
   * there is none, or if it is a level.
   */
  @Nullable Setting find(String name) {
    Setting exact = settings.get(name);
    if (exact != null) {
      return exact;
    }
    if (userOf(name) != null) {
      return settings.get(USER_MESSAGES);
    }
    return conversationOf(name) != null ? settings.get(CONVERSATION_MESSAGES) : null;
  }

  static @Nullable String userOf(String name) {
    return OWN_USER.idOf(name);
  }

  static @Nullable String conversationOf(String name) {
    return OWN_CONVERSATION.idOf(name);
  }

  static @Nullable String loggerOf(String name) {
    return LOGGERS.idOf(name);
  }

  /** The family of a name, or null. */
  static @Nullable Family familyOf(String name) {
    for (Family family : List.of(OWN_USER, OWN_CONVERSATION, LOGGERS)) {
      if (family.idOf(name) != null) {
        return family;
      }
    }
    return null;
  }

  /**
   * Checks a name.
   *
   * @throws InvalidSettingException if there is no such setting
   */
  public void checkName(String name) throws InvalidSettingException {
    if (settings.containsKey(name)) {
      return;
    }
    String logger = loggerOf(name);
    if (logger != null) {
      if (!LOGGER.matcher(logger).matches()) {
        throw new InvalidSettingException(
            "name: log. and a logger of at most 128 letters, digits and . _ $");
      }
      // An operator who could silence it would change things unseen.
      if (isOrBelow(logger, LogEvents.AUDIT_LOGGER)) {
        throw new InvalidSettingException(
            "name: the level of " + LogEvents.AUDIT_LOGGER + " is fixed: it logs every change");
      }
      return;
    }
    String id = userOf(name) != null ? userOf(name) : conversationOf(name);
    if (id == null) {
      throw new InvalidSettingException("name: there is no such setting: " + shown(name));
    }
    if (!ID.matcher(id).matches()) {
      throw new InvalidSettingException("name: the id in it has 1 to 64 visible ASCII characters");
    }
  }

  /**
   * Checks a name and a value.
   *
   * @return the value in the form in which it is stored
   * @throws InvalidSettingException if there is no such setting, or the value is not allowed
   */
  public String check(String name, String value) throws InvalidSettingException {
    checkName(name);
    String logger = loggerOf(name);
    if (logger != null) {
      return checkLevel(logger, value);
    }
    Setting setting = find(name);
    Integer number = setting == null ? null : setting.read(value.strip());
    if (setting == null || number == null) {
      throw new InvalidSettingException(
          "value: " + (setting == null ? "not known" : setting.allowed()));
    }
    return setting.shown(number);
  }

  private static String checkLevel(String logger, String value) throws InvalidSettingException {
    boolean own = isOrBelow(logger, "parley");
    String level = value.strip().toUpperCase(Locale.ROOT);
    if (!(own ? LEVEL_NAMES : LIBRARY_LEVEL_NAMES).contains(level)) {
      throw new InvalidSettingException(
          own
              ? "value: ERROR, WARN, INFO, DEBUG or TRACE"
              : "value: ERROR, WARN or INFO; below that libraries may log tokens and content");
    }
    return level;
  }

  private static boolean isOrBelow(String logger, String above) {
    return logger.equals(above) || logger.startsWith(above + ".");
  }

  /** How long a value holds if the operator does not say it, in minutes; 0 for good. */
  public int minutesByDefault(String name) {
    return loggerOf(name) == null ? 0 : LEVEL_MINUTES;
  }

  static String shown(String name) {
    String printable = name.replaceAll("[^ -~]", "?");
    return printable.length() <= 80 ? printable : printable.substring(0, 80) + "…";
  }
}
