package parley;

import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.lang.ArchRule;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.TempDir;

/** The code keeps the rules of {@link LayoutRules}, and each rule notices a planted breach. */
class ArchitectureTest {
  private static final JavaClasses CODE =
      new ClassFileImporter()
          .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
          .importPackages("parley");

  /** Classes that break each rule once; see the package {@code planted}. */
  private static final JavaClasses PLANTED = new ClassFileImporter().importPackages("planted");

  @TestFactory
  Stream<DynamicTest> theCodeKeepsToIt() {
    return LayoutRules.all("parley").stream()
        .map(rule -> DynamicTest.dynamicTest(rule.getDescription(), () -> rule.check(CODE)));
  }

  @Test
  void theCodeWasFound() {
    assertThat(CODE.contain("parley.app.Main")).isTrue();
  }

  @Test
  void importsAreNoticed() {
    ArchRule model =
        LayoutRules.imports("planted").stream()
            .filter(rule -> rule.getDescription().startsWith("planted.model "))
            .findFirst()
            .orElseThrow();
    assertThat(breaches(model))
        .isNotEmpty()
        .allMatch(line -> line.contains("planted.model.Lower") && line.contains("Upper"));
  }

  @Test
  void cyclesAreNoticed() {
    assertThat(breaches(LayoutRules.noCycles("planted"))).isNotEmpty();
  }

  @Test
  void importsOfAppAreNoticed() {
    assertThat(breaches(LayoutRules.appIsImportedByNone("planted")))
        .anyMatch(line -> line.contains("planted.session"));
  }

  @Test
  void pekkoIsNoticed() {
    assertThat(breaches(LayoutRules.noPekko("planted")))
        .anyMatch(line -> line.contains("planted.protocol"));
  }

  @Test
  void unknownPackagesAreNoticed() {
    assertThat(breaches(LayoutRules.known("planted")))
        .anyMatch(line -> line.contains("planted.util.Helper"))
        .noneMatch(line -> line.contains("planted.model.Lower"));
  }

  @Test
  void everyKindOfWaitingIsNoticed() {
    assertThat(breaches(LayoutRules.nothingBlocks("planted")))
        .hasSize(9)
        .allMatch(line -> line.contains("planted.session.Blocks"));
  }

  @Test
  void noTestSleeps() {
    JavaClasses tests =
        new ClassFileImporter()
            .withImportOption(ImportOption.Predefined.ONLY_INCLUDE_TESTS)
            .importPackages("parley");
    assertThat(tests.contain(ArchitectureTest.class)).isTrue();
    LayoutRules.nothingSleeps("parley").check(tests);
    assertThat(breaches(LayoutRules.nothingSleeps("planted")))
        .hasSize(2)
        .allMatch(line -> line.contains("planted.session.Blocks"));
  }

  @Test
  void everyPackageOfTheTableExists() {
    for (String name : LayoutRules.MAY_IMPORT.keySet()) {
      assertThat(CODE.stream().anyMatch(type -> type.getPackageName().equals("parley." + name)))
          .as(name)
          .isTrue();
    }
  }

  /** A file that is not there would count as an empty one. */
  @Test
  void everyIncludedConfigurationExists() throws IOException {
    Path resources = Path.of("src/main/resources");
    List<String> includes =
        Files.readAllLines(resources.resolve("application.conf")).stream()
            .filter(line -> line.startsWith("include "))
            .map(line -> line.substring(line.indexOf('"') + 1, line.lastIndexOf('"')))
            .toList();
    assertThat(includes)
        .isNotEmpty()
        .allSatisfy(name -> assertThat(resources.resolve(name + ".conf")).isRegularFile());
  }

  @Test
  void aSimpleNameBelongsToOneClass() {
    JavaClasses all = new ClassFileImporter().importPackages("parley");
    assertThat(LayoutRules.doubledNames(all)).isEmpty();
    assertThat(LayoutRules.doubledNames(PLANTED))
        .containsExactly("planted.model.Helper, planted.util.Helper");
  }

  @Test
  void noFileIsLongerThan500Lines(@TempDir Path folder) throws IOException {
    assertThat(LayoutRules.longFiles(Path.of("src"))).isEmpty();
    Files.writeString(folder.resolve("Long.java"), "\n".repeat(LayoutRules.MAX_LINES + 1));
    Files.writeString(folder.resolve("Short.java"), "\n".repeat(LayoutRules.MAX_LINES));
    assertThat(LayoutRules.longFiles(folder))
        .containsExactly("Long.java: " + (LayoutRules.MAX_LINES + 1) + " lines");
  }

  @Test
  void noKnotHasMoreThanFiveFiles() {
    assertThat(PackageKnots.largerThan(5, CODE)).isEmpty();
    assertThat(PackageKnots.largerThan(2, PLANTED))
        .containsExactly("planted.util.First, planted.util.Second, planted.util.Third");
    assertThat(PackageKnots.largerThan(3, PLANTED)).isEmpty();
  }

  /**
   * The compiler cannot check it, because each part declares its messages. The class file does not
   * show the types of a switch, so this looks at the source.
   */
  @Test
  void aConversationHandlesEachOfItsOwnMessages() throws IOException {
    String entity =
        Files.readString(Path.of("src/main/java/parley/conversation/ConversationEntity.java"));
    String handler = entity.substring(entity.indexOf("Handlers to, Conversation.Internal message"));
    JavaClass marker = CODE.get("parley.conversation.Conversation$Internal");
    List<JavaClass> messages =
        marker.getAllSubclasses().stream().filter(type -> !type.isInterface()).toList();
    assertThat(messages).hasSizeGreaterThan(10);
    assertThat(messages)
        .allMatch(
            message ->
                Stream.concat(Stream.of(message), message.getAllRawInterfaces().stream())
                    .filter(type -> !type.equals(marker))
                    .anyMatch(type -> handler.contains("case " + nameInSource(type) + " ")));
  }

  private static String nameInSource(JavaClass type) {
    return type.getName().replace(type.getPackageName() + ".", "").replace('$', '.');
  }

  @Test
  void printingIsNoticed() {
    assertThat(breaches(LayoutRules.noStandardOutput("planted"))).isNotEmpty();
  }

  private static List<String> breaches(ArchRule rule) {
    return rule.evaluate(PLANTED).getFailureReport().getDetails();
  }
}
