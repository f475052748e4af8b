package parley.control;

import com.fasterxml.jackson.annotation.JsonInclude;
import java.util.List;
import java.util.NavigableMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import parley.serial.Stored;

/** All values that operators have set, by name: at most {@link SettingStore#OVERRIDES}. */
final class SettingStoreState {
  /**
   * The form in the snapshot store. Fields may be added, never renamed or removed.
   *
   * @param version counts changes
   */
  @JsonInclude(JsonInclude.Include.NON_DEFAULT)
  record Snapshot(long version, @Nullable List<SettingOverride> overrides) implements Stored {}

  private final NavigableMap<String, SettingOverride> overrides = new TreeMap<>();
  private long version;

  long version() {
    return version;
  }

  boolean contains(String name) {
    return overrides.containsKey(name);
  }

  SettingStoreState apply(SettingEvent event) {
    version++;
    overrides.values().removeIf(one -> one.isOver(event.at()));
    switch (event) {
      case SettingEvent.SettingChanged e ->
          overrides.put(
              e.name(), new SettingOverride(e.name(), e.value(), e.who(), e.at(), e.until()));
      case SettingEvent.SettingRemoved e -> overrides.remove(e.name());
    }
    return this;
  }

  /**
   * Whether there is room for one more of this name. Those that have ended make room.
   *
   * @param family what begins the names that share a bound; empty if the name stands alone
   */
  boolean hasRoom(String name, SettingCatalog.@Nullable Family family, long now) {
    if (overrides.containsKey(name)) {
      return true;
    }
    int all = 0;
    int alike = 0;
    for (SettingOverride one : overrides.values()) {
      if (!one.isOver(now)) {
        all++;
        alike += family != null && family.idOf(one.name()) != null ? 1 : 0;
      }
    }
    return all < SettingStore.OVERRIDES && (family == null || alike < family.most());
  }

  /** The values with a name after this one, ascending. */
  SettingStore.Page page(@Nullable String after, long now) {
    NavigableMap<String, SettingOverride> later =
        after == null ? overrides : overrides.tailMap(after, false);
    List<SettingOverride> page =
        later.values().stream()
            .filter(one -> !one.isOver(now))
            .limit(SettingStore.PAGE + 1L)
            .toList();
    boolean more = page.size() > SettingStore.PAGE;
    return new SettingStore.Page(
        version, false, after, List.copyOf(more ? page.subList(0, SettingStore.PAGE) : page), more);
  }

  Snapshot toSnapshot() {
    return new Snapshot(version, List.copyOf(overrides.values()));
  }

  static SettingStoreState of(Snapshot snapshot) {
    SettingStoreState state = new SettingStoreState();
    state.version = snapshot.version();
    if (snapshot.overrides() != null) {
      snapshot.overrides().forEach(one -> state.overrides.put(one.name(), one));
    }
    return state;
  }
}
