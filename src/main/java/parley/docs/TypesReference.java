package parley.docs;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.Map;
import java.util.TreeMap;

/** Renders all named types of both documents, except frames. */
final class TypesReference {
  private final JsonNode openapi;
  private final JsonNode asyncapi;

  TypesReference(JsonNode openapi, JsonNode asyncapi) {
    this.openapi = openapi;
    this.asyncapi = asyncapi;
  }

  /** A type with the schemas of its document, which resolve its references. */
  private record Type(JsonNode schema, Schemas schemas) {}

  Article article() {
    Map<String, Type> types = new TreeMap<>();
    add(types, asyncapi);
    add(types, openapi);
    Html out = new Html();
    out.raw("<h1>Types</h1>");
    out.raw(
        "<p>What calls and frames are made of. Where a type stands in both documents, it is the"
            + " same in both.</p>");
    types.forEach((name, type) -> type(out, name, type));
    return out.article("Types");
  }

  private static void add(Map<String, Type> types, JsonNode document) {
    Schemas schemas = new Schemas(document);
    document
        .at("/components/schemas")
        .properties()
        .forEach(
            schema -> {
              boolean frame = schema.getValue().at("/properties/op/const").isTextual();
              if (!frame || schema.getKey().equals("Sent")) {
                types.put(schema.getKey(), new Type(schema.getValue(), schemas));
              }
            });
  }

  private static void type(Html out, String name, Type type) {
    JsonNode schema = type.schema();
    out.raw("<section class=\"doc-entry\">");
    out.heading(2, Schemas.id(name), name);
    if (schema.has("description")) {
      out.raw(Markdown.paragraphs(schema.path("description").asText()));
    }
    if (schema.has("properties") || schema.has("allOf")) {
      type.schemas().fields(out, 3, name, schema);
    } else {
      out.raw("<p>" + type.schemas().type(schema) + "</p>");
    }
    out.raw("</section>");
  }
}
