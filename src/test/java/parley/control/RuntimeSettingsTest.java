package parley.control;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.IntSupplier;
import org.apache.pekko.actor.testkit.typed.javadsl.BehaviorTestKit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import parley.control.Setting.InvalidSettingException;

/** What is in force on a node, and how it follows the store. */
class RuntimeSettingsTest {
  private static final String LIMIT = SettingCatalog.CONVERSATION_MESSAGES;

  private final AtomicLong nanos = new AtomicLong();
  private final AtomicLong now = new AtomicLong(1_000_000);
  private final RuntimeSettings settings = new RuntimeSettings(catalog(), nanos::get);

  /** The defaults of a server. */
  static SettingCatalog catalog() {
    return SettingCatalog.of(
        new SettingCatalog.Defaults(
            50, 100, 0, 0, 10, 1_000, 5_000, 500, 250, Set.of(SettingCatalog.FLAG_ARCHIVE)));
  }

  private static SettingOverride set(String name, String value, long until) {
    return new SettingOverride(name, value, "ann", 1, until);
  }

  @Test
  void aSupplierGivesTheValueOfNow() {
    IntSupplier limit = settings.number(LIMIT);
    assertThat(limit.getAsInt()).isEqualTo(100);
    assertThat(settings.flag(SettingCatalog.FLAG_PUSH).getAsBoolean()).isTrue();
    assertThat(settings.flag(SettingCatalog.FLAG_ARCHIVE).getAsBoolean()).isFalse();
    settings.apply(
        1, List.of(set(LIMIT, "250", 0), set(SettingCatalog.FLAG_PUSH, "off", 0)), now.get());
    assertThat(limit.getAsInt()).isEqualTo(250);
    assertThat(settings.flag(SettingCatalog.FLAG_PUSH).getAsBoolean()).isFalse();
    settings.apply(2, List.of(), now.get());
    assertThat(limit.getAsInt()).isEqualTo(100);
  }

  @Test
  void oneUserOrConversationMayHaveItsOwnLimit() {
    settings.apply(
        1,
        List.of(
            set("limit.user.a.b.messages-per-minute", "7", 0),
            set("limit.conversation.g_1.messages-per-second", "0", 0),
            set(LIMIT, "9", 0)),
        now.get());
    assertThat(settings.userMessages().applyAsInt("a.b")).isEqualTo(7);
    assertThat(settings.userMessages().applyAsInt("other")).isEqualTo(50);
    assertThat(settings.conversationMessages().applyAsInt("g_1")).isZero();
    assertThat(settings.conversationMessages().applyAsInt("g_2")).isEqualTo(9);
  }

  @Test
  void aValueEndsAtItsTime() {
    Map<String, String> levels = new TreeMap<>();
    settings.levelsTo(
        all -> {
          levels.clear();
          levels.putAll(all);
        });
    settings.apply(
        1, List.of(set(LIMIT, "9", 1_000_100), set("log.parley.x", "DEBUG", 1_000_050)), now.get());
    assertThat(levels).containsExactly(Map.entry("parley.x", "DEBUG"));
    settings.removeEnded(1_000_050);
    assertThat(levels).isEmpty();
    assertThat(settings.number(LIMIT).getAsInt()).isEqualTo(9);
    settings.removeEnded(1_000_100);
    assertThat(settings.number(LIMIT).getAsInt()).isEqualTo(100);
    assertThat(settings.overrides()).isEmpty();
  }

  @Test
  void whatThisVersionDoesNotKnowIsNotUsed() {
    settings.apply(
        1,
        List.of(
            set("limit.new", "1", 0),
            set(LIMIT, "many", 0),
            set("log.x", "DEBUG", 0),
            set("log.parley.audit", "ERROR", 0)),
        now.get());
    assertThat(settings.unknown()).isEqualTo(4);
    assertThat(settings.number(LIMIT).getAsInt()).isEqualTo(100);
    assertThat(settings.overrides()).isEmpty();
  }

  @Test
  void namesAndValuesAreChecked() throws InvalidSettingException {
    SettingCatalog catalog = catalog();
    assertThat(catalog.check(LIMIT, " 250 ")).isEqualTo("250");
    assertThat(catalog.check("flag.push", "FALSE")).isEqualTo("off");
    assertThat(catalog.check("log.parley.session", "trace")).isEqualTo("TRACE");
    assertThat(catalog.check("log.com.amazonaws", "INFO")).isEqualTo("INFO");
    assertThat(catalog.minutesByDefault("log.parley")).isEqualTo(60);
    assertThat(catalog.minutesByDefault(LIMIT)).isZero();
    assertWrong(LIMIT, "-1", "value: a whole number from 0 to 1000000");
    assertWrong(LIMIT, "1000001", "value: a whole number from 0 to 1000000");
    assertWrong(SettingCatalog.ADMISSION_SEND, "9", "value: a whole number from 10 to 60000");
    assertWrong("flag.push", "maybe", "value: on or off");
    assertWrong("log.com.amazonaws", "DEBUG", "value: ERROR, WARN or INFO");
    assertWrong("log.parley", "LOUD", "value: ERROR, WARN, INFO, DEBUG or TRACE");
    assertWrong("log.a b", "INFO", "name: log. and a logger");
    assertWrong("log.parley.audit", "INFO", "name: the level of parley.audit is fixed");
    assertWrong("log.parley.audit.AuditLogEntity", "ERROR", "name: the level of parley.audit is");
    assertThat(catalog.check("log.parley.auditor", "ERROR")).isEqualTo("ERROR");
    assertWrong("limit.nothing", "1", "name: there is no such setting: limit.nothing");
    assertWrong("limit.user.a b.messages-per-minute", "1", "name: the id in it");
    assertWrong("limit.user." + "x".repeat(65) + ".messages-per-minute", "1", "name: the id in it");
  }

  private static void assertWrong(String name, String value, String why) {
    assertThatThrownBy(() -> catalog().check(name, value))
        .isInstanceOf(InvalidSettingException.class)
        .hasMessageStartingWith(why);
  }

  // ---- the watch

  private record Asked(long known, @Nullable String after) {}

  private final List<Asked> asked = new ArrayList<>();

  private BehaviorTestKit<SettingStore.ToNode> watch() {
    return BehaviorTestKit.create(
        SettingsWatch.create(
            (known, after, node) -> asked.add(new Asked(known, after)),
            settings,
            () -> Instant.ofEpochMilli(now.get()),
            nanos::get));
  }

  private static SettingStore.Page page(
      long version, @Nullable String after, boolean more, SettingOverride... all) {
    return new SettingStore.Page(version, false, after, List.of(all), more);
  }

  @Test
  void aNodeAsksAtOnceThenEachTenSecondsAndWhenItIsTold() {
    BehaviorTestKit<SettingStore.ToNode> watch = watch();
    assertThat(asked).containsExactly(new Asked(-1, null));
    nanos.addAndGet(Duration.ofSeconds(1).toNanos());
    watch.run(new SettingStore.Tick());
    assertThat(asked).as("each second until there is an answer").hasSize(2);
    assertThat(settings.firstRead().toCompletableFuture()).isNotDone();
    watch.run(page(4, null, false, set(LIMIT, "9", 0)));
    assertThat(settings.firstRead().toCompletableFuture()).isDone();
    assertThat(settings.number(LIMIT).getAsInt()).isEqualTo(9);
    nanos.addAndGet(Duration.ofSeconds(9).toNanos());
    watch.run(new SettingStore.Tick());
    assertThat(asked).hasSize(2);
    nanos.addAndGet(Duration.ofSeconds(1).toNanos());
    watch.run(new SettingStore.Tick());
    assertThat(asked).hasSize(3).last().isEqualTo(new Asked(4, null));
    assertThat(settings.age()).isEqualTo(Duration.ofSeconds(10));
    watch.run(new SettingStore.Page(4, true, null, List.of(), false));
    assertThat(settings.age()).isZero();
    watch.run(new SettingStore.News(4));
    assertThat(asked).hasSize(3);
    watch.run(new SettingStore.News(5));
    assertThat(asked).hasSize(4);
  }

  @Test
  void pagesOfOneVersionAreUsedTogether() {
    BehaviorTestKit<SettingStore.ToNode> watch = watch();
    watch.run(page(4, null, true, set(LIMIT, "9", 0)));
    assertThat(settings.number(LIMIT).getAsInt()).as("not half of it").isEqualTo(100);
    assertThat(asked).last().isEqualTo(new Asked(-1, LIMIT));
    // The store has changed between the pages.
    watch.run(page(5, LIMIT, false, set(SettingCatalog.NODE_MESSAGES, "7", 0)));
    assertThat(asked).last().isEqualTo(new Asked(-1, null));
    assertThat(settings.number(SettingCatalog.NODE_MESSAGES).getAsInt()).isZero();
    // A late page of the first request does not begin the second one.
    watch.run(page(4, LIMIT, false, set(SettingCatalog.NODE_MESSAGES, "8", 0)));
    assertThat(settings.version()).isEqualTo(RuntimeSettings.NONE);
    watch.run(page(5, null, true, set(LIMIT, "9", 0)));
    watch.run(page(5, LIMIT, false, set(SettingCatalog.NODE_MESSAGES, "7", 0)));
    assertThat(settings.number(LIMIT).getAsInt()).isEqualTo(9);
    assertThat(settings.number(SettingCatalog.NODE_MESSAGES).getAsInt()).isEqualTo(7);
    assertThat(settings.version()).isEqualTo(5);
  }
}
