package parley;

import static org.assertj.core.api.Assertions.assertThat;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import com.typesafe.config.ConfigResolveOptions;
import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.function.BiConsumer;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/**
 * The Markdown files of the repository are correct: their relative links lead somewhere, the
 * classes, packages and source files that they name exist, and the README stays short. The test
 * reads text only, so it is fast and needs no class path.
 */
class MarkdownTest {
  /** The README is read in one sitting; longer texts belong beside what they describe. */
  private static final int README_LINES = 250;

  private static final Pattern LINK = Pattern.compile("!?\\[[^\\]]*\\]\\(([^)\\s]+)\\)");
  private static final Pattern CODE = Pattern.compile("`([^`\n]+)`");
  private static final Pattern TYPE =
      Pattern.compile("(?<![\\w$])(?:class|interface|enum|record|@interface) ([A-Z]\\w*)");

  /** A simple class name, nested or not; constants such as {@code INFO} are none. */
  private static final Pattern SIMPLE =
      Pattern.compile("[A-Z][A-Za-z0-9]*[a-z][A-Za-z0-9]*(?:\\.[A-Z]\\w*)*");

  private static final Pattern QUALIFIED =
      Pattern.compile("parley((?:\\.[a-z]+)*)((?:\\.[A-Z]\\w*)*)");

  /** A name in a tree or a list of files: {@code session/SessionBehavior.java}. */
  private static final Pattern SOURCE = Pattern.compile("(?:[\\w./-]*/)?([A-Z]\\w*)\\.java");

  /** Words in backticks that look like classes of ours and are names of others. */
  private static final Set<String> FOREIGN =
      Set.of(
          "Allow",
          "BadDeviceToken",
          "ConfigMap",
          "CreateTable",
          "DeviceTokenNotForTopic",
          "Host",
          "Lease",
          "StatefulSet",
          "WebSocket");

  /**
   * Pages that the server makes of its three documents; {@code SiteTest} checks what is on them.
   */
  private static final Set<Path> RENDERED =
      Set.of(
          Path.of("src/main/resources/docs/reference/http"),
          Path.of("src/main/resources/docs/reference/admin"),
          Path.of("src/main/resources/docs/reference/socket"),
          Path.of("src/main/resources/docs/reference/types"));

  /** The files of settings of the program: {@code parley.push.queue} is one of their keys. */
  private static final Config CONFIGURATION =
      ConfigFactory.parseFile(new File("src/main/resources/application.conf"))
          .resolve(ConfigResolveOptions.defaults().setAllowUnresolved(true));

  private static final Sources SOURCES = Sources.read();

  @Test
  void theReadmeIsAnEntrance() throws IOException {
    assertThat(Files.readAllLines(Path.of("README.md"))).hasSizeLessThanOrEqualTo(README_LINES);
  }

  @Test
  void relativeLinksLeadSomewhere() {
    assertThat(problems((file, text) -> deadLinks(file.path(), text, file.problems()))).isEmpty();
  }

  @Test
  void namedClassesAndPackagesExist() {
    assertThat(problems((file, text) -> unknownNames(text, file.problems()))).isEmpty();
  }

  @Test
  void namesOfMissingClassesAreNoticed() {
    List<String> found = new ArrayList<>();
    deadLinks(
        Path.of("README.md"),
        "[a](nowhere.md) [b](#nothing) [c](k8s/README.md#nothing) [d](k8s/README.md) ![e](no.png)",
        found);
    assertThat(found).hasSize(4);
    found.clear();
    unknownNames(
        "`MarkdownTest` `MarkdownTist` `parley.model.Entry` `parley.model.Entri` `parley.nowhere`"
            + " `parley.model` `model/Entry.java` `model/Entri.java`",
        found);
    assertThat(found)
        .containsExactly("MarkdownTist", "parley.model.Entri", "parley.nowhere", "Entri.java");
  }

  /** A file, and where to say what is wrong with it. */
  private record Checked(Path path, List<String> problems) {}

  private static List<String> problems(BiConsumer<Checked, String> check) {
    List<String> all = new ArrayList<>();
    for (Path path : markdown()) {
      List<String> problems = new ArrayList<>();
      check.accept(new Checked(path, problems), read(path));
      problems.forEach(problem -> all.add(path + ": " + problem));
    }
    return all;
  }

  private static void deadLinks(Path file, String text, List<String> problems) {
    Matcher links = LINK.matcher(withoutCode(text));
    while (links.find()) {
      String link = links.group(1);
      if (link.matches("[a-z]+:.*")) {
        continue;
      }
      int hash = link.indexOf('#');
      String name = hash < 0 ? link : link.substring(0, hash);
      String anchor = hash < 0 ? "" : link.substring(hash + 1);
      Path target = name.isEmpty() ? file : file.resolveSibling(name).normalize();
      if (RENDERED.contains(target)) {
        continue;
      }
      if (!Files.exists(target)) {
        problems.add("no file " + link);
      } else if (!anchor.isEmpty() && !anchors(read(target)).contains(anchor)) {
        problems.add("no heading " + link);
      }
    }
  }

  private static void unknownNames(String text, List<String> problems) {
    Matcher codes = CODE.matcher(withoutBlocks(text));
    while (codes.find()) {
      String code = codes.group(1);
      Matcher qualified = QUALIFIED.matcher(code);
      Matcher source = SOURCE.matcher(code);
      if (source.matches()) {
        check(source.group(1), source.group(1) + ".java", problems);
      } else if (qualified.matches()) {
        String type = qualified.group(2).isEmpty() ? "" : qualified.group(2).substring(1);
        // `parley.seed` and `parley.crash.kills` are properties of the tests.
        if (!SOURCES.holds("parley" + qualified.group(1), type)
            && !SOURCES.reads(code)
            && !CONFIGURATION.hasPath(code)) {
          problems.add(code);
        }
      } else if (SIMPLE.matcher(code).matches() && !FOREIGN.contains(code)) {
        check(code.substring(code.lastIndexOf('.') + 1), code, problems);
      }
    }
    // A tree or a list of files stands in a block.
    Matcher sources = SOURCE.matcher(blocks(text));
    while (sources.find()) {
      check(sources.group(1), sources.group(), problems);
    }
  }

  private static void check(String simpleName, String as, List<String> problems) {
    if (!SOURCES.types().containsKey(simpleName)) {
      problems.add(as);
    }
  }

  /** As GitHub makes them: lower case, without punctuation, with hyphens for blanks. */
  private static Set<String> anchors(String text) {
    Set<String> anchors = new HashSet<>();
    Map<String, Integer> times = new HashMap<>();
    for (String line : withoutBlocks(text).lines().toList()) {
      if (line.matches("#{1,6} .*")) {
        String anchor =
            line.replaceFirst("#+ ", "")
                .strip()
                .toLowerCase(Locale.ROOT)
                .replaceAll("[^\\p{L}\\p{N} _-]", "")
                .replace(' ', '-');
        int before = times.merge(anchor, 1, Integer::sum) - 1;
        anchors.add(before == 0 ? anchor : anchor + "-" + before);
      }
    }
    return anchors;
  }

  private static String withoutCode(String text) {
    return CODE.matcher(withoutBlocks(text)).replaceAll("");
  }

  private static String withoutBlocks(String text) {
    return split(text, false);
  }

  private static String blocks(String text) {
    return split(text, true);
  }

  /** The lines inside of code blocks, or those outside. */
  private static String split(String text, boolean inside) {
    StringBuilder lines = new StringBuilder();
    boolean fenced = false;
    for (String line : text.lines().toList()) {
      boolean fence = line.startsWith("```");
      if (fence) {
        fenced = !fenced;
      } else if ((fenced || line.startsWith("    ")) == inside) {
        lines.append(line);
      }
      lines.append('\n');
    }
    return lines.toString();
  }

  private static List<Path> markdown() {
    List<Path> all = new ArrayList<>();
    for (String root : List.of("README.md", "k8s", "src")) {
      all.addAll(files(Path.of(root), ".md"));
    }
    assertThat(all).contains(Path.of("README.md"), Path.of("k8s", "README.md"));
    return all;
  }

  private static List<Path> files(Path root, String ending) {
    try (Stream<Path> files = Files.walk(root)) {
      return files.filter(file -> file.toString().endsWith(ending)).sorted().toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static String read(Path file) {
    try {
      return Files.readString(file);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /**
   * What the sources declare.
   *
   * @param types simple name → names of packages
   * @param packages all of them
   * @param text of all sources of tests
   */
  private record Sources(Map<String, Set<String>> types, Set<String> packages, String text) {
    static Sources read() {
      Map<String, Set<String>> types = new HashMap<>();
      Set<String> packages = new HashSet<>();
      StringBuilder text = new StringBuilder();
      for (String root : List.of("src/main/java", "src/test/java")) {
        for (Path file : files(Path.of(root), ".java")) {
          Path folder = Path.of(root).relativize(file).getParent();
          String name = folder == null ? "" : folder.toString().replace('/', '.');
          packages.add(name);
          String source = MarkdownTest.read(file);
          Matcher declared = TYPE.matcher(source);
          while (declared.find()) {
            types.computeIfAbsent(declared.group(1), any -> new HashSet<>()).add(name);
          }
          if (root.contains("test")) {
            // So that every way to ask for a property looks the same.
            text.append(source.replaceAll("\\bget[A-Z][a-z]+\\(", "get("));
          }
        }
      }
      return new Sources(types, packages, text.toString());
    }

    /** Whether there is that package, and that type in it; of nested types the last counts. */
    boolean holds(String name, String type) {
      String simple = type.substring(type.lastIndexOf('.') + 1);
      return type.isEmpty()
          ? packages.contains(name)
          : types.getOrDefault(simple, Set.of()).contains(name);
    }

    /** Whether a test or the build reads a property of that name. */
    boolean reads(String property) {
      int dot = property.lastIndexOf('.');
      return text.contains("get(\"" + property + "\"")
          || (text.contains("get(\"" + property.substring(0, dot + 1) + "\" + ")
              && text.contains("(\"" + property.substring(dot + 1) + "\""))
          || MarkdownTest.read(Path.of("pom.xml")).contains("<" + property + ">");
    }
  }
}
