package parley.control;

import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import java.util.function.IntSupplier;
import java.util.function.LongSupplier;
import java.util.function.ToIntFunction;
import org.apache.pekko.Done;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import parley.control.Setting.InvalidSettingException;

/**
 * The values that are in force on this node: those of operators, and else those of the environment.
 * Thread-safe. To read a number is one volatile read, and no memory is allocated, so entities and
 * sessions read it for each message.
 */
public final class RuntimeSettings {
  /** The version before anything was read. */
  static final long NONE = -1;

  private static final Logger LOG = LoggerFactory.getLogger(RuntimeSettings.class);

  private final SettingCatalog catalog;
  private final LongSupplier nanos;
  private final Map<String, Value> values = new HashMap<>();
  private final OwnLimits users;
  private final OwnLimits conversations;
  private final CompletableFuture<Done> firstRead = new CompletableFuture<>();

  private volatile Consumer<Map<String, String>> levels = all -> {};
  private volatile State state = new State(NONE, List.of(), 0);
  private volatile long confirmedAt;

  /**
   * What was read last.
   *
   * @param overrides those that this version knows, and that have not ended
   * @param unknown how many others there are
   */
  private record State(long version, List<SettingOverride> overrides, int unknown) {}

  private static final class Value implements IntSupplier, BooleanSupplier {
    private volatile int number;

    Value(int number) {
      this.number = number;
    }

    @Override
    public int getAsInt() {
      return number;
    }

    @Override
    public boolean getAsBoolean() {
      return number != 0;
    }
  }

  /** The limits of single users or conversations before that of all. */
  private static final class OwnLimits implements ToIntFunction<String> {
    private final Value all;
    private volatile Map<String, Integer> own = Map.of();

    OwnLimits(Value all) {
      this.all = all;
    }

    @Override
    public int applyAsInt(String id) {
      Map<String, Integer> now = own;
      if (!now.isEmpty()) {
        Integer one = now.get(id);
        if (one != null) {
          return one;
        }
      }
      return all.number;
    }
  }

  /**
   * Starts with the defaults.
   *
   * @param nanos a clock that never goes back, such as {@link System#nanoTime}
   */
  public RuntimeSettings(SettingCatalog catalog, LongSupplier nanos) {
    this.catalog = catalog;
    this.nanos = nanos;
    this.confirmedAt = nanos.getAsLong();
    catalog.all().forEach(one -> values.put(one.name(), new Value(one.byDefault())));
    users = new OwnLimits(value(SettingCatalog.USER_MESSAGES));
    conversations = new OwnLimits(value(SettingCatalog.CONVERSATION_MESSAGES));
  }

  private Value value(String name) {
    return Objects.requireNonNull(values.get(name), name);
  }

  // ---- reads

  /** The value of a number. Keep the supplier: it always gives the value of now. */
  public IntSupplier number(String name) {
    return value(name);
  }

  /** The value of a flag, as {@link #number}. */
  public BooleanSupplier flag(String name) {
    return value(name);
  }

  /** Messages a minute of a user, by id. */
  public ToIntFunction<String> userMessages() {
    return users;
  }

  /** Messages a second in a conversation, by id. */
  public ToIntFunction<String> conversationMessages() {
    return conversations;
  }

  /**
   * Sets what applies the levels of loggers. It gets all of them after each change, from the thread
   * of the change.
   */
  public void levelsTo(Consumer<Map<String, String>> to) {
    levels = to;
  }

  /** The settings of this version. */
  public SettingCatalog catalog() {
    return catalog;
  }

  /** The values of operators that are in force on this node, by name. */
  public List<SettingOverride> overrides() {
    return state.overrides();
  }

  /** How many values of operators this node does not use: its version does not know them. */
  public int unknown() {
    return state.unknown();
  }

  /** The number of changes that this node knows of; negative before the first answer. */
  public long version() {
    return state.version();
  }

  /** The value in force now, as people write it. */
  public String current(Setting setting) {
    return setting.shown(value(setting.name()).number);
  }

  /** The time since the store has confirmed these values. */
  public Duration age() {
    return Duration.ofNanos(Math.max(0, nanos.getAsLong() - confirmedAt));
  }

  /** Completes when the store has answered for the first time. */
  public CompletionStage<Done> firstRead() {
    return firstRead.minimalCompletionStage();
  }

  // ---- changes; called by one actor

  void confirmed() {
    confirmedAt = nanos.getAsLong();
  }

  /** Takes out what has ended. */
  void removeEnded(long now) {
    State before = state;
    if (before.overrides().stream().anyMatch(one -> one.isOver(now))) {
      use(before.version(), before.overrides(), before.unknown(), now);
    }
  }

  /** Puts these values in force, and no others. */
  void apply(long version, List<SettingOverride> overrides, long now) {
    List<SettingOverride> known = new ArrayList<>();
    for (SettingOverride one : overrides) {
      try {
        catalog.check(one.name(), one.value());
        known.add(one);
      } catch (InvalidSettingException e) {
        LOG.warn(
            "The setting {} is not used: this version does not know it, or not this value",
            SettingCatalog.shown(one.name()));
      }
    }
    use(version, known, overrides.size() - known.size(), now);
    confirmed();
    firstRead.complete(Done.done());
  }

  private void use(long version, List<SettingOverride> overrides, int unknown, long now) {
    Map<String, Integer> numbers = new HashMap<>();
    Map<String, Integer> ownUsers = new HashMap<>();
    Map<String, Integer> ownConversations = new HashMap<>();
    Map<String, String> ofLoggers = new TreeMap<>();
    List<SettingOverride> inForce = overrides.stream().filter(one -> !one.isOver(now)).toList();
    for (SettingOverride one : inForce) {
      @Nullable String logger = SettingCatalog.loggerOf(one.name());
      if (logger != null) {
        ofLoggers.put(logger, one.value());
        continue;
      }
      Setting setting = Objects.requireNonNull(catalog.find(one.name()));
      Integer number = Objects.requireNonNull(setting.read(one.value()));
      @Nullable String user = SettingCatalog.userOf(one.name());
      @Nullable String conversation = SettingCatalog.conversationOf(one.name());
      if (user != null) {
        ownUsers.put(user, number);
      } else if (conversation != null) {
        ownConversations.put(conversation, number);
      } else {
        numbers.put(one.name(), number);
      }
    }
    users.own = Map.copyOf(ownUsers);
    conversations.own = Map.copyOf(ownConversations);
    for (Setting setting : catalog.all()) {
      Value value = value(setting.name());
      int number = numbers.getOrDefault(setting.name(), setting.byDefault());
      if (value.number != number) {
        LOG.info(
            "The setting {} is {}, was {}",
            setting.name(),
            setting.shown(number),
            setting.shown(value.number));
        value.number = number;
      }
    }
    levels.accept(ofLoggers);
    state = new State(version, inForce, unknown);
  }
}
