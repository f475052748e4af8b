package parley;

import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideOutsideOfPackages;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.JavaAccess;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.lang.ArchRule;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Future;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.stream.Stream;

/**
 * The rules of the layout, for any root package, so that a test can apply them to planted breaches.
 */
final class LayoutRules {
  /** Package → what it may import of the project, besides {@link #ALWAYS}. */
  static final Map<String, List<String>> MAY_IMPORT = table();

  /** The most lines of a Java file. */
  static final int MAX_LINES = 500;

  private static final List<String> ALWAYS = List.of("telemetry", "serial", "bounds");

  /** Calls that keep a thread waiting. {@code wait} and {@code sleep} in any overload. */
  private static final Map<Class<?>, Set<String>> BLOCKING =
      Map.ofEntries(
          Map.entry(Thread.class, Set.of("sleep", "join")),
          Map.entry(TimeUnit.class, Set.of("sleep")),
          Map.entry(Object.class, Set.of("wait")),
          Map.entry(Future.class, Set.of("get")),
          Map.entry(CompletableFuture.class, Set.of("get", "join")),
          Map.entry(CountDownLatch.class, Set.of("await")),
          Map.entry(Semaphore.class, Set.of("acquire")),
          Map.entry(Condition.class, Set.of("await", "awaitUninterruptibly")),
          Map.entry(BlockingQueue.class, Set.of("take", "put")),
          Map.entry(ExecutorService.class, Set.of("awaitTermination", "invokeAll", "invokeAny")),
          Map.entry(Process.class, Set.of("waitFor")));

  private LayoutRules() {}

  private static Map<String, List<String>> table() {
    Map<String, List<String>> table = new LinkedHashMap<>();
    table.put("model", List.of());
    table.put("serial", List.of());
    table.put("telemetry", List.of());
    table.put("bounds", List.of());
    table.put("journal", List.of());
    table.put("store", List.of("journal"));
    table.put("snapshot", List.of());
    table.put("launch", List.of());
    table.put("tls", List.of());
    table.put("traces", List.of());
    table.put("protocol", List.of("model"));
    table.put("auth", List.of("model", "snapshot"));
    table.put("push", List.of("model"));
    table.put("archive", List.of("model"));
    table.put("user", List.of("model", "push", "snapshot"));
    table.put("calendar", List.of("model", "snapshot"));
    table.put("cursors", List.of("model", "snapshot"));
    table.put("audit", List.of("snapshot"));
    table.put("control", List.of("snapshot"));
    table.put(
        "conversation", List.of("model", "user", "archive", "calendar", "cursors", "snapshot"));
    table.put("websocket", List.of());
    table.put("session", List.of("model", "protocol", "user", "conversation", "auth", "websocket"));
    table.put("port", List.of());
    table.put("docs", List.of());
    table.put(
        "http",
        List.of("model", "protocol", "auth", "user", "conversation", "session", "port", "docs"));
    table.put("settings", List.of("auth", "control", "http", "journal", "tls", "user"));
    table.put("cluster", List.of("settings", "store", "tls"));
    table.put(
        "admin",
        List.of(
            "model",
            "protocol",
            "auth",
            "audit",
            "control",
            "push",
            "user",
            "conversation",
            "calendar",
            "port",
            "store",
            "tls",
            "settings",
            "cluster"));
    return table;
  }

  /** Each package imports what the table says; {@code app} may import all and is not in it. */
  static List<ArchRule> imports(String root) {
    List<ArchRule> rules = new ArrayList<>();
    MAY_IMPORT.forEach(
        (name, imports) -> {
          List<String> allowed = new ArrayList<>();
          allowed.add(inside(root, name));
          imports.forEach(other -> allowed.add(inside(root, other)));
          ALWAYS.forEach(other -> allowed.add(inside(root, other)));
          rules.add(
              noClasses()
                  .that()
                  .resideInAPackage(inside(root, name))
                  .should()
                  .dependOnClassesThat(
                      resideInAnyPackage(root + "..")
                          .and(resideOutsideOfPackages(allowed.toArray(String[]::new))))
                  .as(root + "." + name + " imports only " + imports)
                  .allowEmptyShould(true));
        });
    return rules;
  }

  /** Only packages of the table, so that a new one gets its line there. */
  static ArchRule known(String root) {
    List<String> all = new ArrayList<>();
    MAY_IMPORT.keySet().forEach(name -> all.add(inside(root, name)));
    all.add(inside(root, "app"));
    return classes()
        .that()
        .resideInAPackage(root + "..")
        .should()
        .resideInAnyPackage(all.toArray(String[]::new))
        .as("every package stands in the table of the layout");
  }

  static ArchRule noCycles(String root) {
    return slices()
        .matching(root + ".(*)..")
        .should()
        .beFreeOfCycles()
        .as("no cycles between the packages of " + root)
        .allowEmptyShould(true);
  }

  static ArchRule appIsImportedByNone(String root) {
    return noClasses()
        .that()
        .resideOutsideOfPackage(inside(root, "app"))
        .should()
        .dependOnClassesThat()
        .resideInAPackage(inside(root, "app"))
        .allowEmptyShould(true);
  }

  /** A client, a tool or another server must be able to use the types and frames. */
  static ArchRule noPekko(String root) {
    return noClasses()
        .that()
        .resideInAnyPackage(inside(root, "model"), inside(root, "protocol"))
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage("org.apache.pekko..", "scala..")
        .as("no Pekko in model and protocol")
        .allowEmptyShould(true);
  }

  /**
   * An actor that waits holds a thread that others need; the start and the stop of the program may
   * wait.
   */
  static ArchRule nothingBlocks(String root) {
    return noClasses()
        .that()
        .resideInAPackage(root + "..")
        .and()
        .resideOutsideOfPackages(
            inside(root, "app"),
            inside(root, "cluster"),
            inside(root, "store"),
            inside(root, "journal"),
            inside(root, "launch"))
        .should()
        .accessTargetWhere(blocking())
        .as("no blocking call")
        .allowEmptyShould(true);
  }

  /** For tests: they wait for a condition, never for a time. */
  static ArchRule nothingSleeps(String root) {
    return noClasses()
        .that()
        .resideInAPackage(root + "..")
        .should()
        .accessTargetWhere(
            DescribedPredicate.describe(
                "sleeps",
                access ->
                    access.getTarget().getName().equals("sleep")
                        && (access.getTargetOwner().isAssignableTo(Thread.class)
                            || access.getTargetOwner().isAssignableTo(TimeUnit.class))))
        .as("nothing sleeps");
  }

  /** Output goes to the log only. */
  static ArchRule noStandardOutput(String root) {
    return noClasses()
        .that()
        .resideInAPackage(root + "..")
        .and()
        .resideOutsideOfPackages(inside(root, "app"), inside(root, "launch"))
        .should()
        .accessField(System.class, "out")
        .orShould()
        .accessField(System.class, "err")
        .orShould()
        .callMethod(Throwable.class, "printStackTrace")
        .as("nothing prints to the console")
        .allowEmptyShould(true);
  }

  /** Simple names that two top-level classes have: a name must lead to one place. */
  static List<String> doubledNames(JavaClasses classes) {
    Map<String, Set<String>> byName = new TreeMap<>();
    for (JavaClass type : classes) {
      if (type.isTopLevelClass() && !type.getSimpleName().equals("package-info")) {
        byName.computeIfAbsent(type.getSimpleName(), name -> new TreeSet<>()).add(type.getName());
      }
    }
    return byName.values().stream()
        .filter(names -> names.size() > 1)
        .map(names -> String.join(", ", names))
        .toList();
  }

  /** Java files with more than {@link #MAX_LINES} lines: such a file has more than one job. */
  static List<String> longFiles(Path folder) throws IOException {
    List<String> found = new ArrayList<>();
    try (Stream<Path> files = Files.walk(folder)) {
      for (Path file : files.filter(one -> one.toString().endsWith(".java")).sorted().toList()) {
        int lines = Files.readAllLines(file).size();
        if (lines > MAX_LINES) {
          found.add(folder.relativize(file) + ": " + lines + " lines");
        }
      }
    }
    return found;
  }

  static List<ArchRule> all(String root) {
    List<ArchRule> rules = new ArrayList<>(imports(root));
    rules.add(known(root));
    rules.add(noCycles(root));
    rules.add(appIsImportedByNone(root));
    rules.add(noPekko(root));
    rules.add(nothingBlocks(root));
    rules.add(noStandardOutput(root));
    return rules;
  }

  private static String inside(String root, String name) {
    return root + "." + name + "..";
  }

  private static DescribedPredicate<JavaAccess<?>> blocking() {
    return DescribedPredicate.describe(
        "blocks",
        access -> {
          JavaClass owner = access.getTargetOwner();
          String name = access.getTarget().getName();
          boolean scalaAwait = owner.getName().startsWith("scala.concurrent.Await");
          return scalaAwait
              || BLOCKING.entrySet().stream()
                  .anyMatch(
                      entry ->
                          entry.getValue().contains(name) && owner.isAssignableTo(entry.getKey()));
        });
  }
}
