package parley.serial;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.RecordComponent;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;
import org.apache.pekko.actor.testkit.typed.javadsl.ActorTestKit;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.serialization.Serialization;
import org.apache.pekko.serialization.SerializationExtension;
import org.apache.pekko.serialization.Serializers;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/** Every message between nodes arrives as it was sent. The test finds the classes by itself. */
class WireTest {
  private static final ActorTestKit KIT = WireSystem.start("wire");
  private static final Serialization SERIALIZATION = SerializationExtension.get(KIT.system());
  private static final RecordSamples SAMPLES = new RecordSamples(KIT.createTestProbe().getRef());

  @AfterAll
  static void stop() {
    KIT.shutdownTestKit();
  }

  static List<Class<?>> messages(boolean local) {
    return new ClassFileImporter()
            .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
            .importPackages("parley")
            .stream()
            .filter(c -> c.isAssignableTo(Wire.class) && !c.isInterface())
            .filter(c -> c.isAssignableTo(Local.class) == local)
            .sorted(Comparator.comparing(JavaClass::getName))
            .<Class<?>>map(JavaClass::reflect)
            .toList();
  }

  @Test
  void theyAreFound() {
    assertThat(messages(false)).hasSizeGreaterThan(60);
    assertThat(messages(true)).hasSizeGreaterThan(15);
  }

  @TestFactory
  Stream<DynamicTest> whatTravelsArrivesAsItWas() {
    return messages(false).stream()
        .map(type -> DynamicTest.dynamicTest(type.getName(), () -> travels(type)));
  }

  private static void travels(Class<?> type) throws Exception {
    for (Object sample : SAMPLES.of(type)) {
      var serializer = SERIALIZATION.findSerializerFor(sample);
      byte[] bytes = SERIALIZATION.serialize(sample).get();
      Object back =
          SERIALIZATION
              .deserialize(
                  bytes, serializer.identifier(), Serializers.manifestFor(serializer, sample))
              .get();
      assertThat(back).isEqualTo(sample).hasSameClassAs(sample);
    }
  }

  @TestFactory
  Stream<DynamicTest> whatStaysIsRefused() {
    return messages(true).stream()
        .map(type -> DynamicTest.dynamicTest(type.getName(), () -> refused(type)));
  }

  private static void refused(Class<?> type) throws Exception {
    var serializer = SERIALIZATION.serializerFor(type);
    assertThat(serializer).isInstanceOf(LocalSerializer.class);
    // Refused before its content is read, so any bytes will do.
    assertThatThrownBy(() -> serializer.toBinary(new Local() {}))
        .hasMessageContaining("never leaves its node");
  }

  @TestFactory
  Stream<DynamicTest> answersTravelToo() {
    return messages(false).stream()
        .map(type -> DynamicTest.dynamicTest(type.getName(), () -> answers(type)));
  }

  /** Checks that references in a message accept only messages that may travel between nodes. */
  private static void answers(Class<?> type) {
    if (!type.isRecord()) {
      return;
    }
    for (RecordComponent field : type.getRecordComponents()) {
      if (field.getType() == ActorRef.class
          && field.getGenericType() instanceof ParameterizedType ref) {
        assertThat(Wire.class).isAssignableFrom(RecordSamples.raw(ref.getActualTypeArguments()[0]));
      }
    }
  }
}
