package parley.app;

import static org.assertj.core.api.Assertions.assertThat;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import com.typesafe.config.ConfigValueType;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.lang.reflect.Field;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/**
 * {@code docs/limits.md} names limits that exist, with their actual values, and no limit is
 * missing.
 */
final class LimitsPageTest {
  private static final Path SOURCES = Path.of("src/main/java");
  private static final Pattern SETTING = Pattern.compile("PARLEY_[A-Z_]+");
  private static final Pattern METER =
      Pattern.compile("`(parley_[a-z_]+)(?:\\{([a-z_]+(?:=\"\\w+\")?(?:,\\w+=\"\\w+\")*)})?`");
  private static final Pattern CODE = Pattern.compile("`([^`]+)`");

  /** Characters after a number that would make it another number or give it another unit. */
  private static final String AFTER = "(?!\\w|,\\d|\\.\\d| (?:KiB|MiB|ms|s|min|hours?|days?)\\b)";

  /** Constants that are no limits. */
  private static final Set<String> NO_LIMITS =
      Set.of("PARLEY_SHARDS", "PARLEY_KUBERNETES_REQUIRED_CONTACT_POINTS");

  private static final String PAGE = page();
  private static final List<Row> ROWS = rows();

  private record Row(String what, String setting, String byDefault, String full, String meter) {}

  private static String page() {
    try (InputStream in = LimitsPageTest.class.getResourceAsStream("/docs/limits.md")) {
      return new String(Objects.requireNonNull(in).readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static List<Row> rows() {
    List<Row> rows = new ArrayList<>();
    for (String line : PAGE.lines().filter(l -> l.startsWith("|")).toList()) {
      List<String> cells = Stream.of(line.split("\\|", -1)).map(String::strip).toList();
      assertThat(cells).as(line).hasSize(7);
      if (!cells.get(1).equals("what") && !cells.get(1).startsWith("---")) {
        assertThat(cells.subList(1, 6)).as(line).doesNotContain("");
        rows.add(new Row(cells.get(1), cells.get(2), cells.get(3), cells.get(4), cells.get(5)));
      }
    }
    return rows;
  }

  private static Set<String> found(Pattern pattern, String text) {
    return pattern
        .matcher(text)
        .results()
        .map(r -> r.groupCount() == 0 ? r.group() : r.group(1))
        .collect(Collectors.toCollection(TreeSet::new));
  }

  private static String source(Path file) {
    try {
      return Files.readString(file);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static String sources() throws IOException {
    try (Stream<Path> files = Files.walk(SOURCES)) {
      return files
          .filter(file -> file.toString().endsWith(".java"))
          .map(LimitsPageTest::source)
          .collect(Collectors.joining("\n"));
    }
  }

  @Test
  void eachRowHasASettingOrSaysThatItIsFixed() {
    assertThat(ROWS).hasSizeGreaterThan(100);
    assertThat(ROWS)
        .allSatisfy(row -> assertThat(row.setting()).matches("`PARLEY_[A-Z_]+`|fixed: .+"));
  }

  @Test
  void settingsAndThePageKnowTheSame() {
    String reader = source(SOURCES.resolve("parley/settings/SettingsReader.java"));
    assertThat(found(SETTING, reader)).containsAll(found(SETTING, PAGE));

    Set<String> numbers = found(Pattern.compile("number\\(\\s*\"(PARLEY_\\w+)\""), reader);
    numbers.removeAll(NO_LIMITS);
    assertThat(numbers).hasSizeGreaterThan(8);
    Set<String> listed =
        ROWS.stream()
            .flatMap(row -> found(SETTING, row.setting()).stream())
            .collect(Collectors.toCollection(TreeSet::new));
    assertThat(listed).isEqualTo(numbers);
  }

  @Test
  void defaultsOfSettingsAreThose() {
    String reader = source(SOURCES.resolve("parley/settings/SettingsReader.java"));
    List<MatchResult> numbers =
        Pattern.compile("number\\(\\s*\"(PARLEY_\\w+)\",\\s*([^,]+),")
            .matcher(reader)
            .results()
            .toList();
    for (MatchResult number : numbers) {
      String name = number.group(1);
      // The first number is a default of its own: see the row.
      if (NO_LIMITS.contains(name) || name.equals("PARLEY_CONNECTIONS")) {
        continue;
      }
      Row row =
          ROWS.stream().filter(r -> r.setting().equals('`' + name + '`')).findAny().orElseThrow();
      for (String value : found(Pattern.compile("\\b[0-9_]+\\b"), number.group(2))) {
        String unit = name.endsWith("_SECONDS") ? " s" : name.endsWith("_DAYS") ? " days" : "";
        says(row, List.of(grouped(Long.parseLong(value.replace("_", ""))) + unit), name);
      }
    }
  }

  @Test
  void constantsAndKeysThatItNamesHaveTheValuesThatItNames() throws ReflectiveOperationException {
    int constants = 0;
    int keys = 0;
    for (Row row : ROWS.stream().filter(r -> r.setting().startsWith("fixed")).toList()) {
      Set<String> names = found(CODE, row.setting());
      assertThat(names).as(row.what()).isNotEmpty();
      for (String name : names) {
        if (name.matches("[a-z]+\\.[A-Z]\\w+")) {
          // The values of such a class have no constants.
          assertThat(Files.exists(SOURCES.resolve("parley/" + name.replace('.', '/') + ".java")))
              .as(name)
              .isTrue();
        } else if (name.matches("[a-z]+\\.[A-Z]\\w+\\.[A-Z_]+")) {
          says(row, constant(name), name);
          constants++;
        } else {
          says(row, key(name), name);
          keys++;
        }
      }
    }
    assertThat(constants).isGreaterThan(80);
    assertThat(keys).isGreaterThan(20);
  }

  private static List<String> constant(String name) throws ReflectiveOperationException {
    int dot = name.lastIndexOf('.');
    Field field =
        Class.forName("parley." + name.substring(0, dot)).getDeclaredField(name.substring(dot + 1));
    field.setAccessible(true);
    Object value = Objects.requireNonNull(field.get(null), name);
    if (value instanceof Duration duration) {
      return time(duration);
    }
    long number = ((Number) value).longValue();
    // A time in days may have no MILLIS in its name.
    boolean millis = name.endsWith("_MILLIS") || name.equals("user.BacklogAges.LIFE_MILLIS");
    return millis ? time(Duration.ofMillis(number)) : number(number);
  }

  private static List<String> key(String name) {
    Config config =
        ConfigFactory.parseResources("application.conf")
            .withFallback(ConfigFactory.parseResources("parley-dynamodb.conf"))
            .resolve();
    assertThat(config.hasPath(name)).as(name).isTrue();
    if (config.getValue(name).valueType() == ConfigValueType.NUMBER) {
      return number(config.getLong(name));
    }
    return config.getString(name).matches("\\d+ ?(ms|s|m|h|d|minutes)")
        ? time(config.getDuration(name))
        : number(config.getMemorySize(name).toBytes());
  }

  private static List<String> number(long value) {
    List<String> ways = new ArrayList<>(List.of(grouped(value)));
    if (value >= 1 << 20 && value % (1 << 20) == 0) {
      ways.add(grouped(value >> 20) + " MiB");
    } else if (value >= 1 << 10 && value % (1 << 10) == 0) {
      ways.add(grouped(value >> 10) + " KiB");
    }
    return ways;
  }

  private static List<String> time(Duration time) {
    long millis = time.toMillis();
    List<String> ways = new ArrayList<>(List.of(millis + " ms"));
    if (millis % 1_000 == 0) {
      ways.add(time.toSeconds() + " s");
    }
    if (millis % 60_000 == 0) {
      ways.add(time.toMinutes() + " min");
    }
    if (millis % 3_600_000 == 0) {
      ways.add(time.toHours() + (time.toHours() == 1 ? " hour" : " hours"));
    }
    if (millis % 86_400_000 == 0) {
      ways.add(time.toDays() + (time.toDays() == 1 ? " day" : " days"));
    }
    return ways;
  }

  private static String grouped(long value) {
    return String.format(Locale.ROOT, "%,d", value);
  }

  /** Fails unless the row contains one of these spellings, not as a part of another number. */
  private static void says(Row row, List<String> ways, String name) {
    assertThat(ways)
        .as("%s = %s, on the page: %s", name, ways, row.byDefault())
        .anyMatch(
            way ->
                Pattern.compile("(?<![\\d,.])" + Pattern.quote(way) + AFTER)
                    .matcher(row.byDefault())
                    .find());
  }

  @Test
  void metersThatItNamesAreInTheCode() throws IOException {
    String code = sources();
    Set<String> known = new TreeSet<>();
    for (String name : found(Pattern.compile("\"(parley\\.[a-z_.]+)\""), code)) {
      String exposed = name.replace('.', '_');
      known.addAll(List.of(exposed, exposed + "_total", exposed + "_seconds"));
    }
    Set<String> words = found(Pattern.compile("\"([a-z_]+)\""), code);
    List<MatchResult> meters = METER.matcher(PAGE).results().toList();
    assertThat(meters).hasSizeGreaterThan(40);
    for (MatchResult meter : meters) {
      assertThat(known).as("meters").contains(meter.group(1));
      String labels = Objects.requireNonNullElse(meter.group(2), "");
      for (String word : found(Pattern.compile("(\\w+)"), labels)) {
        assertThat(words).as("labels and their values: %s", meter.group()).contains(word);
      }
    }
    assertThat(ROWS).allSatisfy(row -> assertThat(row.meter()).matches("none|.*`parley_[^`]+`.*"));
    // A name that is written differently would not be checked.
    assertThat(found(Pattern.compile("(parley_[^`]*)"), PAGE).size())
        .isEqualTo(found(Pattern.compile("`(parley_[^`]*)`"), PAGE).size());
  }
}
