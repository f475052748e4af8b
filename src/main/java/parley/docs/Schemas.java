package parley.docs;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.util.DefaultIndenter;
import com.fasterxml.jackson.core.util.DefaultPrettyPrinter;
import com.fasterxml.jackson.core.util.Separators;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.ObjectWriter;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.StreamSupport;

/** Renders the schemas of one document as sentences and tables. */
final class Schemas {
  private static final List<String> COLUMN_HEADS = List.of("Field", "Type", "Meaning");
  private static final DefaultIndenter INDENT = new DefaultIndenter("  ", "\n");
  private static final ObjectWriter PRETTY =
      new ObjectMapper()
          .writer(
              new DefaultPrettyPrinter(
                      Separators.createDefaultInstance()
                          .withObjectFieldValueSpacing(Separators.Spacing.AFTER))
                  .withObjectIndenter(INDENT)
                  .withArrayIndenter(INDENT));

  private final JsonNode document;

  Schemas(JsonNode document) {
    this.document = document;
  }

  /** Formats JSON the way a person writes it. */
  static String pretty(JsonNode json) {
    try {
      return PRETTY.writeValueAsString(json);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("a tree can always be written", e);
    }
  }

  /** Resolves a reference; any other node is returned as it is. */
  JsonNode resolved(JsonNode node) {
    return node.has("$ref") ? document.at(node.path("$ref").asText().substring(1)) : node;
  }

  /** The id of a type on the page of types. */
  static String id(String type) {
    return type.toLowerCase(Locale.ROOT);
  }

  /** The last part of a reference, which is the name of the type. */
  static String nameOf(JsonNode ref) {
    String path = ref.path("$ref").asText();
    return path.substring(path.lastIndexOf('/') + 1);
  }

  /**
   * Appends tables and sentences for all fields of an object.
   *
   * @param level of the headings, if the object has variants
   */
  void fields(Html out, int level, String label, JsonNode schema) {
    JsonNode whole = resolved(schema);
    List<List<String>> rows = new ArrayList<>();
    List<String> others = new ArrayList<>();
    collect(rows, others, "", whole);
    out.table("Fields: " + label, COLUMN_HEADS, rows);
    others.forEach(link -> out.raw("<p>And all fields of " + link + ".</p>"));
    rules(out, whole);
    for (JsonNode branch : whole.path("oneOf")) {
      if (branch.has("properties")) {
        JsonNode kind = branch.at("/properties/type/const");
        String heading = "With <code>type</code> " + Html.code(kind.toString());
        out.raw("<h" + level + ">" + heading + "</h" + level + ">");
        if (branch.has("description")) {
          out.raw("<p>" + Markdown.line(branch.path("description").asText()) + "</p>");
        }
        fields(out, level + 1, label + " " + kind.asText(), branch);
      }
    }
  }

  private void collect(
      List<List<String>> rows, List<String> others, String prefix, JsonNode schema) {
    Set<String> required = new HashSet<>();
    schema.path("required").forEach(name -> required.add(name.asText()));
    for (Map.Entry<String, JsonNode> field : schema.path("properties").properties()) {
      JsonNode type = field.getValue();
      String name = prefix + field.getKey();
      String tag = required.contains(field.getKey()) ? "" : " <small>optional</small>";
      rows.add(List.of(Html.code(name) + tag, type(type), meaning(type)));
      if (type.has("properties")) {
        collect(rows, others, name + ".", type);
      }
      if (type.path("items").has("properties")) {
        collect(rows, others, name + "[].", type.path("items"));
      }
    }
    for (JsonNode part : parts(schema)) {
      if (resolved(part).has("oneOf")) {
        others.add(link(nameOf(part)));
      } else {
        collect(rows, others, prefix, resolved(part));
      }
    }
  }

  private static List<JsonNode> parts(JsonNode schema) {
    List<JsonNode> parts = new ArrayList<>();
    schema.path("allOf").forEach(parts::add);
    if (schema.has("then")) {
      parts.add(schema.get("then"));
    }
    return parts;
  }

  /** Appends the rules that concern several fields. */
  private static void rules(Html out, JsonNode schema) {
    List<String> one = new ArrayList<>();
    for (JsonNode branch : schema.path("oneOf")) {
      if (!branch.has("properties")) {
        branch.path("required").forEach(name -> one.add(Html.code(name.asText())));
      }
    }
    if (!one.isEmpty()) {
      out.raw("<p>Exactly one of " + String.join(" and ", one) + " is there.</p>");
    }
    List<String> not = new ArrayList<>();
    schema.at("/not/required").forEach(name -> not.add(Html.code(name.asText())));
    if (not.size() > 1) {
      out.raw("<p>Not both " + String.join(" and ", not) + ".</p>");
    }
  }

  /** The meaning of a field: its own description, or that of its type if the type is simple. */
  String meaning(JsonNode schema) {
    String own = schema.path("description").asText("");
    if (own.isEmpty() && !isObject(resolved(schema))) {
      own = resolved(schema).path("description").asText("");
    }
    int paragraph = own.indexOf("\n\n");
    return Markdown.line(paragraph < 0 ? own : own.substring(0, paragraph));
  }

  /** The type of a value with its bounds, in HTML. */
  String type(JsonNode schema) {
    if (schema.has("$ref")) {
      JsonNode target = resolved(schema);
      String link = link(nameOf(schema));
      // The page of types shows the pattern.
      JsonNode plain = target.deepCopy();
      ((ObjectNode) plain).remove("pattern");
      return isObject(target)
          ? link
          : link + "<br><small>" + typeWithoutReference(plain) + "</small>";
    }
    return typeWithoutReference(schema);
  }

  private static boolean isObject(JsonNode schema) {
    return schema.has("properties") || schema.has("allOf");
  }

  private static String link(String type) {
    String address = Links.page("reference/types") + "#" + id(type);
    return "<a href=\"" + Html.text(address) + "\">" + Html.text(type) + "</a>";
  }

  private String typeWithoutReference(JsonNode schema) {
    if (schema.has("const")) {
      return Html.code(schema.path("const").toString());
    }
    if (schema.has("enum")) {
      return "one of "
          + StreamSupport.stream(schema.path("enum").spliterator(), false)
              .map(word -> Html.code(word.toString()))
              .collect(Collectors.joining(", "));
    }
    if (schema.has("oneOf") && !schema.has("type")) {
      return StreamSupport.stream(schema.path("oneOf").spliterator(), false)
          .map(this::type)
          .collect(Collectors.joining(" or "));
    }
    JsonNode type = schema.path("type");
    if (type.isArray()) {
      List<String> names = new ArrayList<>();
      type.forEach(name -> names.add(name.asText()));
      return String.join(" or ", names) + bounds(schema);
    }
    if (type.asText().equals("array")) {
      return "list of " + type(schema.path("items")) + bounds(schema);
    }
    return Html.text(type.asText("any")) + bounds(schema);
  }

  private static String bounds(JsonNode schema) {
    List<String> bounds = new ArrayList<>();
    range(bounds, schema, "minLength", "maxLength", " characters");
    range(bounds, schema, "minItems", "maxItems", " items");
    range(bounds, schema, "minimum", "maximum", "");
    if (schema.has("pattern")) {
      bounds.add("pattern " + Html.code(schema.path("pattern").asText()));
    }
    if (schema.has("default")) {
      bounds.add(Html.code(schema.path("default").toString()) + " where it is not given");
    }
    return bounds.isEmpty() ? "" : ", " + String.join(", ", bounds);
  }

  private static void range(
      List<String> bounds, JsonNode schema, String least, String most, String unit) {
    long from = schema.path(least).asLong(Long.MIN_VALUE);
    long to = schema.path(most).asLong(Long.MAX_VALUE);
    boolean below = from != Long.MIN_VALUE;
    boolean above = to != Long.MAX_VALUE && to != Integer.MAX_VALUE;
    if (below && above) {
      bounds.add(number(from) + " to " + number(to) + unit);
    } else if (above) {
      bounds.add("at most " + number(to) + unit);
    } else if (below) {
      bounds.add(number(from) + " or more" + unit);
    }
  }

  private static String number(long value) {
    return String.format(Locale.ROOT, "%,d", value);
  }
}
