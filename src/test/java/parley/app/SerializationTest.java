package parley.app;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.annotation.JsonSubTypes;
import com.fasterxml.jackson.annotation.JsonTypeInfo;
import com.fasterxml.jackson.annotation.JsonTypeName;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import com.typesafe.config.ConfigFactory;
import java.util.List;
import org.apache.pekko.actor.ActorSystem;
import org.apache.pekko.serialization.Serialization;
import org.apache.pekko.serialization.SerializationExtension;
import org.apache.pekko.serialization.Serializer;
import org.apache.pekko.serialization.SerializerWithStringManifest;
import org.apache.pekko.testkit.javadsl.TestKit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import parley.serial.Stored;
import parley.serial.Wire;

/** Stored data contains no class names, and data of older and newer versions can be read. */
class SerializationTest {
  @JsonTypeInfo(use = JsonTypeInfo.Id.NAME)
  @JsonSubTypes(@JsonSubTypes.Type(Kept.class))
  sealed interface Root extends Stored permits Kept {}

  @JsonTypeName("kept")
  record Kept(String text, @Nullable String maybe, long count, List<String> list) implements Root {}

  record Sent(String text, @Nullable String maybe) implements Wire {}

  private static final ActorSystem SYSTEM =
      ActorSystem.create(
          "serialization",
          ConfigFactory.parseString(
                  """
                  pekko.actor.provider = local
                  pekko.actor.serialization-bindings {
                    "parley.app.SerializationTest$Root" = test-root
                  }
                  pekko.actor.serializers.test-root =
                    "org.apache.pekko.serialization.jackson.JacksonCborSerializer"
                  pekko.actor.serialization-identifiers.test-root = 9998
                  pekko.serialization.jackson.test-root = ${parley.serialization.snapshot}
                  """)
              .withFallback(ConfigFactory.parseResourcesAnySyntax("application"))
              .resolveWith(ConfigFactory.load())
              .withFallback(ConfigFactory.load()));
  private static final Serialization SERIALIZATION = SerializationExtension.get(SYSTEM);

  @AfterAll
  static void stop() {
    TestKit.shutdownActorSystem(SYSTEM);
  }

  @Test
  void storedObjectsAreReadWithoutAClassName() throws Exception {
    Kept kept = new Kept("x".repeat(20_000), null, 7, List.of("a"));
    var serializer = (SerializerWithStringManifest) SERIALIZATION.findSerializerFor(kept);
    byte[] bytes = serializer.toBinary(kept);

    assertThat(serializer.manifest(kept)).isEmpty();
    assertThat(bytes).as("compressed").hasSizeLessThan(1_000);
    assertThat(serializer.fromBinary(bytes, "")).isEqualTo(kept);
  }

  @Test
  void messagesBetweenNodesAreCbor() {
    Sent sent = new Sent("hello", null);
    Serializer serializer = SERIALIZATION.findSerializerFor(sent);

    assertThat(serializer.identifier()).isEqualTo(33);
    assertThat(SERIALIZATION.deserialize(SERIALIZATION.serialize(sent).get(), Sent.class).get())
        .isEqualTo(sent);
  }

  @Test
  void everyStoredTypeHasASerializerOfOurs() throws Exception {
    for (JavaClass type :
        new ClassFileImporter()
            .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
            .importPackages("parley")) {
      boolean concrete = !type.isInterface() && !type.isAnonymousClass();
      if (type.isAssignableTo(Stored.class) && concrete) {
        Serializer serializer = SERIALIZATION.serializerFor(Class.forName(type.getName()));
        assertThat(serializer.identifier()).as(type.getName()).isBetween(7601, 7699);
      }
    }
  }
}
