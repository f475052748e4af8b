package parley.protocol;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.networknt.schema.JsonMetaSchema;
import com.networknt.schema.JsonSchema;
import com.networknt.schema.JsonSchemaFactory;
import com.networknt.schema.NonValidationKeyword;
import com.networknt.schema.SchemaValidatorsConfig;
import com.networknt.schema.SpecVersion;
import com.networknt.schema.ValidationMessage;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/** Checks frames and answers against the published documents, for any test. */
public final class ContractSchemas {
  private static final ObjectMapper MAPPER = new ObjectMapper();
  private static final JsonSchemaFactory FACTORY =
      JsonSchemaFactory.getInstance(
          SpecVersion.VersionFlag.V202012,
          factory ->
              factory.metaSchema(
                  JsonMetaSchema.builder(JsonMetaSchema.getV202012())
                      .keyword(new NonValidationKeyword("components"))
                      .build()));
  private static final SchemaValidatorsConfig CONFIG =
      SchemaValidatorsConfig.builder().formatAssertionsEnabled(true).build();
  private static final Map<String, JsonSchema> COMPILED = new ConcurrentHashMap<>();

  private static final JsonNode OPENAPI = load("openapi.json");
  private static final JsonNode ASYNCAPI = load("asyncapi.json");

  private ContractSchemas() {}

  /** The OpenAPI document. */
  public static JsonNode openapi() {
    return OPENAPI;
  }

  /** The AsyncAPI document. */
  public static JsonNode asyncapi() {
    return ASYNCAPI;
  }

  /** Fails unless this is a frame that the AsyncAPI document lets the server send. */
  public static void assertFrame(JsonNode frame) {
    assertThat(frameErrors("Server", frame)).as("server frame " + frame).isEmpty();
  }

  /** Fails unless this is a frame that the AsyncAPI document lets a client send. */
  public static void assertClientFrame(JsonNode frame) {
    assertThat(frameErrors("Client", frame)).as("client frame " + frame).isEmpty();
  }

  /**
   * Fails unless the OpenAPI document lets this call have this answer.
   *
   * @param pathTemplate as in the document, such as {@code /v1/conversations/{conversation_id}}
   * @param body null where the answer has none
   */
  public static void assertResponse(
      String method, String pathTemplate, int status, @Nullable JsonNode body) {
    String what = method + " " + pathTemplate + " " + status;
    JsonNode response =
        resolve(operation(method, pathTemplate).path("responses").path("" + status));
    assertThat(response.isObject()).as(what + " is in openapi.json; the body was " + body).isTrue();
    JsonNode content = response.path("content");
    if (body == null) {
      assertThat(content.isEmpty()).as(what + " has no body").isTrue();
      return;
    }
    assertThat(content.size()).as(what + " has a body: " + body).isEqualTo(1);
    JsonNode schema = content.iterator().next().path("schema");
    assertThat(errors(OPENAPI, what, schema, body)).as(what + " " + body).isEmpty();
  }

  /**
   * Fails unless the OpenAPI document lets a call of this path have this answer. What the document
   * has no call for may only be answered by a problem.
   *
   * @param path as sent, without query
   * @param body null where the answer has none
   */
  public static void assertAnswer(String method, String path, int status, @Nullable JsonNode body) {
    String template = template(method, path);
    if (template != null) {
      assertResponse(method, template, status, body);
    } else {
      assertThat(status).as(method + " " + path).isGreaterThanOrEqualTo(400);
      assertThat(body).as(method + " " + path + " " + status + " has a body").isNotNull();
      assertProblem(status, Objects.requireNonNull(body));
    }
  }

  /**
   * The documented path template that this path matches, the most literal one first; null if there
   * is none.
   */
  private static @Nullable String template(String method, String path) {
    String verb = method.toLowerCase(Locale.ROOT);
    String found = null;
    for (Map.Entry<String, JsonNode> entry : OPENAPI.path("paths").properties()) {
      String candidate = entry.getKey();
      if (!entry.getValue().has(verb)) {
        continue;
      }
      if (candidate.equals(path)) {
        return candidate;
      }
      if (path.matches(candidate.replaceAll("\\{[a-z_]+}", "[^/]+"))) {
        found = candidate;
      }
    }
    return found;
  }

  /** Fails unless this is an error as the OpenAPI document describes them, whatever the call. */
  public static void assertProblem(int status, JsonNode body) {
    JsonNode schema = OPENAPI.at("/components/schemas/Problem");
    assertThat(errors(OPENAPI, "Problem", schema, body)).as("problem " + body).isEmpty();
    assertThat(body.path("status").asInt()).as("problem " + body).isEqualTo(status);
  }

  /** The errors of a body of this call by the OpenAPI document. */
  static Set<ValidationMessage> requestErrors(String method, String pathTemplate, JsonNode body) {
    JsonNode schema =
        operation(method, pathTemplate).at("/requestBody/content/application~1json/schema");
    assertThat(schema.isObject()).as(method + " " + pathTemplate + " takes a body").isTrue();
    return errors(OPENAPI, "body of " + method + " " + pathTemplate, schema, body);
  }

  /** The errors of a frame of this side by the AsyncAPI document. */
  static Set<ValidationMessage> frameErrors(String side, JsonNode frame) {
    String op = frame.path("op").asText();
    for (Map.Entry<String, JsonNode> message : ASYNCAPI.at("/components/messages").properties()) {
      if (message.getKey().startsWith(side)
          && message.getValue().path("name").asText().equals(op)) {
        return errors(ASYNCAPI, message.getKey(), message.getValue().path("payload"), frame);
      }
    }
    throw new AssertionError("no " + side + " message with this op in asyncapi.json: " + frame);
  }

  private static JsonNode operation(String method, String pathTemplate) {
    JsonNode operation =
        OPENAPI.path("paths").path(pathTemplate).path(method.toLowerCase(Locale.ROOT));
    assertThat(operation.isObject())
        .as(method + " " + pathTemplate + " is in openapi.json")
        .isTrue();
    return operation;
  }

  private static JsonNode resolve(JsonNode response) {
    String ref = response.path("$ref").asText("");
    return ref.isEmpty() ? response : OPENAPI.at(ref.substring(1));
  }

  /** The schema is read inside its document, so that its references find the components. */
  private static Set<ValidationMessage> errors(
      JsonNode document, String name, JsonNode schema, JsonNode instance) {
    return COMPILED
        .computeIfAbsent(
            name,
            n -> {
              ObjectNode root = ((ObjectNode) schema).deepCopy();
              root.set("components", document.path("components"));
              return FACTORY.getSchema(root, CONFIG);
            })
        .validate(instance);
  }

  private static JsonNode load(String name) {
    try (InputStream in = ContractSchemas.class.getResourceAsStream("/docs/" + name)) {
      return MAPPER.readTree(Objects.requireNonNull(in, name));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
