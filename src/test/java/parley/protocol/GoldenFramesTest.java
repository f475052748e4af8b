package parley.protocol;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collection;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import parley.model.EntryBody;
import parley.model.EntryIntent;

/**
 * The golden files define the wire: old clients send these frames and read them for ever. Files are
 * added, never changed. {@code -Dgolden.add=true} writes the server frames that have none yet.
 */
class GoldenFramesTest {
  private static final Path GOLDEN = Path.of("src/test/resources/golden/frames");

  @TestFactory
  Stream<DynamicTest> clientFramesAreReadAsTheyAlwaysWere() {
    return FrameSamples.client().entrySet().stream()
        .map(
            sample ->
                DynamicTest.dynamicTest(
                    sample.getKey(),
                    () ->
                        assertThat(FrameReader.read(golden("client", sample.getKey())))
                            .isEqualTo(new FrameReader.Good(sample.getValue()))));
  }

  @TestFactory
  Stream<DynamicTest> serverFramesAreWrittenByteForByte() {
    return FrameSamples.server().entrySet().stream()
        .map(
            sample ->
                DynamicTest.dynamicTest(
                    sample.getKey(),
                    () -> {
                      String text = FrameWriter.write(sample.getValue());
                      addIfAsked(sample.getKey(), text);
                      assertThat(text + "\n").isEqualTo(golden("server", sample.getKey()));
                    }));
  }

  @Test
  void everyKindHasAGoldenFileAndEveryFileASample() throws IOException {
    assertThat(classes(FrameSamples.client().values())).isEqualTo(kinds(ClientFrame.class));
    assertThat(classes(FrameSamples.server().values())).isEqualTo(kinds(ServerFrame.class));
    assertThat(
            classes(
                FrameSamples.client().values().stream()
                    .filter(ClientFrame.Post.class::isInstance)
                    .map(frame -> ((ClientFrame.Post) frame).intent())
                    .toList()))
        .isEqualTo(kinds(EntryIntent.class));
    assertThat(classes(FrameSamples.entries().values().stream().map(e -> e.body()).toList()))
        .isEqualTo(kinds(EntryBody.class));
    assertThat(files("client")).isEqualTo(FrameSamples.client().keySet());
    assertThat(files("server")).isEqualTo(FrameSamples.server().keySet());
  }

  private static Set<Class<?>> kinds(Class<?> sealed) {
    return Set.of(sealed.getPermittedSubclasses()).stream()
        .filter(c -> c.isRecord())
        .collect(Collectors.toSet());
  }

  private static Set<Class<?>> classes(Collection<?> objects) {
    return objects.stream().map(Object::getClass).collect(Collectors.toSet());
  }

  private static Set<String> files(String side) throws IOException {
    try (Stream<Path> files = Files.list(GOLDEN.resolve(side))) {
      return files
          .map(file -> file.getFileName().toString().replace(".json", ""))
          .collect(Collectors.toSet());
    }
  }

  private static String golden(String side, String name) throws IOException {
    return Files.readString(GOLDEN.resolve(side).resolve(name + ".json"));
  }

  private static void addIfAsked(String name, String text) throws IOException {
    Path file = GOLDEN.resolve("server").resolve(name + ".json");
    if (Boolean.getBoolean("golden.add") && Files.notExists(file)) {
      Files.writeString(file, text + "\n");
    }
  }
}
