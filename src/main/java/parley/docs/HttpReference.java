package parley.docs;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.StreamSupport;

/** Renders the reference of all HTTP calls from an OpenAPI document. */
final class HttpReference {
  private static final String JSON = "application/json";

  /** Address of the explanation of an error code, without the code. */
  private static final String ERROR_EXPLANATIONS = Links.page("guide/errors") + "#";

  private final JsonNode document;
  private final Schemas schemas;
  private final String title;
  private final String needs;

  /**
   * Creates the reference.
   *
   * @param title of the page
   * @param needs what a call needs that is not open to everybody
   */
  HttpReference(JsonNode document, String title, String needs) {
    this.document = document;
    this.title = title;
    this.needs = needs;
    this.schemas = new Schemas(document);
  }

  /** An HTTP call with its path and its operation in the document. */
  private record Call(String method, String path, JsonNode operation) {
    String id() {
      return operation.path("operationId").asText();
    }

    String summary() {
      return operation.path("summary").asText();
    }
  }

  Article article() {
    Html out = new Html();
    out.raw("<h1>" + Html.text(title) + "</h1>");
    out.raw(Markdown.paragraphs(document.at("/info/description").asText()));
    out.heading(2, "overview", "All calls");
    out.table("All calls", List.of("Call", "What it does"), overview());
    for (JsonNode tag : document.path("tags")) {
      String name = tag.path("name").asText();
      out.heading(2, "tag-" + name, capitalized(name));
      calls().stream().filter(call -> hasTag(call, name)).forEach(call -> call(out, call));
    }
    errors(out);
    return out.article(title);
  }

  private List<Call> calls() {
    List<Call> calls = new ArrayList<>();
    document
        .path("paths")
        .properties()
        .forEach(
            path ->
                path.getValue()
                    .properties()
                    .forEach(
                        method ->
                            calls.add(
                                new Call(
                                    method.getKey().toUpperCase(Locale.ROOT),
                                    path.getKey(),
                                    method.getValue()))));
    return calls;
  }

  private static boolean hasTag(Call call, String name) {
    return StreamSupport.stream(call.operation().path("tags").spliterator(), false)
        .anyMatch(tag -> tag.asText().equals(name));
  }

  private List<List<String>> overview() {
    return calls().stream()
        .map(
            call ->
                List.of(
                    line(call),
                    "<a href=\"#"
                        + Html.text(call.id())
                        + "\">"
                        + Html.text(call.summary())
                        + "</a>"))
        .toList();
  }

  private static String line(Call call) {
    return "<code class=\"doc-call\"><b class=\"m-"
        + call.method().toLowerCase(Locale.ROOT)
        + "\">"
        + call.method()
        + "</b> "
        + Html.text(call.path()).replace("/", "/<wbr>")
        + "</code>";
  }

  private void call(Html out, Call call) {
    JsonNode operation = call.operation();
    out.raw("<section class=\"doc-entry\">");
    out.heading(3, call.id(), call.summary());
    out.raw("<p>" + line(call) + "</p>");
    if (operation.has("description")) {
      out.raw(Markdown.paragraphs(operation.path("description").asText()));
    }
    boolean open = operation.has("security") && operation.path("security").isEmpty();
    out.raw(open ? "<p>Needs no token.</p>" : "<p>Needs " + Html.text(needs) + ".</p>");
    parameters(out, call);
    JsonNode body = operation.at("/requestBody/content").path(JSON);
    if (!body.isMissingNode()) {
      out.raw(
          operation.at("/requestBody/required").asBoolean()
              ? "<h4>Body</h4>"
              : "<h4>Body <small>optional</small></h4>");
      String meaning = schemas.resolved(body.path("schema")).path("description").asText("");
      if (!meaning.isEmpty()) {
        out.raw("<p>" + Markdown.line(meaning) + "</p>");
      }
      schemas.fields(out, 5, "body of " + call.id(), body.path("schema"));
    }
    answers(out, call);
    example(out, call, open, body.path("example"));
    out.raw("</section>");
  }

  private void parameters(Html out, Call call) {
    List<List<String>> rows = new ArrayList<>();
    for (JsonNode parameter : call.operation().path("parameters")) {
      String tag = parameter.path("required").asBoolean() ? "" : " <small>optional</small>";
      JsonNode schema = parameter.path("schema");
      rows.add(
          List.of(
              Html.code(parameter.path("name").asText()) + tag,
              parameter.path("in").asText() + ": " + schemas.type(schema),
              Markdown.line(parameter.path("description").asText())));
    }
    if (!rows.isEmpty()) {
      out.raw("<h4>Path and query</h4>");
      out.table("Path and query of " + call.id(), List.of("Name", "Type", "Meaning"), rows);
    }
  }

  private void answers(Html out, Call call) {
    out.raw("<h4>Answers</h4>");
    List<List<String>> rows = new ArrayList<>();
    call.operation()
        .path("responses")
        .properties()
        .forEach(
            answer -> {
              JsonNode response = schemas.resolved(answer.getValue());
              rows.add(List.of(Html.code(answer.getKey()), content(response), described(response)));
            });
    rows.sort(Comparator.comparing(List::getFirst));
    out.table("Answers of " + call.id(), List.of("Status", "Content", "Meaning"), rows);
  }

  private static String described(JsonNode response) {
    String text = response.path("description").asText();
    String problem = codes(response);
    String plain = problem.isEmpty() ? text : text.substring(text.indexOf(": ") + 2);
    StringBuilder html =
        new StringBuilder(
            Markdown.line(plain.substring(0, 1).toUpperCase(Locale.ROOT) + plain.substring(1)));
    for (Map.Entry<String, JsonNode> header : response.path("headers").properties()) {
      html.append("<br>Header ").append(Html.code(header.getKey())).append(": ");
      html.append(Markdown.line(header.getValue().path("description").asText()));
    }
    return html.toString();
  }

  /** The type of a response, or the error codes of a problem. */
  private String content(JsonNode response) {
    JsonNode schema = response.path("content").path(JSON).path("schema");
    if (!schema.isMissingNode()) {
      return schemas.type(schema);
    }
    return codes(response);
  }

  private static String codes(JsonNode response) {
    return StreamSupport.stream(codesOf(response).spliterator(), false)
        .map(JsonNode::asText)
        .map(code -> "<a href=\"" + ERROR_EXPLANATIONS + code + "\">" + Html.code(code) + "</a>")
        .collect(Collectors.joining(", "));
  }

  private static JsonNode codesOf(JsonNode response) {
    return response
        .path("content")
        .path("application/problem+json")
        .at("/schema/allOf/1/properties/code/enum");
  }

  private void example(Html out, Call call, boolean open, JsonNode body) {
    StringBuilder request = new StringBuilder(call.method()).append(' ').append(address(call));
    if (!open) {
      request.append("\nAuthorization: Bearer eyJ…");
    }
    if (!body.isMissingNode()) {
      request.append("\nContent-Type: application/json\n\n").append(Schemas.pretty(body));
    }
    out.raw("<h4>Example</h4>").raw(Code.block("http", request.toString()));
    call.operation()
        .path("responses")
        .properties()
        .forEach(
            answer -> {
              if (answer.getKey().startsWith("2") || answer.getKey().equals("101")) {
                JsonNode shown = answer.getValue().path("content").path(JSON).path("example");
                String json = shown.isMissingNode() ? "" : "\n\n" + Schemas.pretty(shown);
                out.raw(Code.block("http", "HTTP/1.1 " + answer.getKey() + json));
              }
            });
  }

  /** The path with the example values of its parameters. */
  private static String address(Call call) {
    String path = call.path();
    List<String> query = new ArrayList<>();
    for (JsonNode parameter : call.operation().path("parameters")) {
      String name = parameter.path("name").asText();
      JsonNode value = parameter.path("example");
      if (value.isMissingNode()) {
        continue;
      }
      if (parameter.path("in").asText().equals("path")) {
        path = path.replace("{" + name + "}", value.asText());
      } else {
        query.add(name + "=" + value.asText());
      }
    }
    return query.isEmpty() ? path : path + "?" + String.join("&", query);
  }

  private void errors(Html out) {
    out.heading(2, "errors", "Errors");
    out.raw("<p>Bodies of errors look like this.</p>");
    document
        .at("/components/responses")
        .properties()
        .forEach(
            response -> {
              JsonNode shown =
                  response
                      .getValue()
                      .path("content")
                      .path("application/problem+json")
                      .path("example");
              if (!shown.isMissingNode()) {
                out.heading(
                    3, "error-" + Schemas.id(response.getKey()), shown.path("title").asText());
                out.raw("<p>" + described(response.getValue()) + "</p>");
                out.raw(Code.block("json", Schemas.pretty(shown)));
              }
            });
  }

  private static String capitalized(String word) {
    return word.substring(0, 1).toUpperCase(Locale.ROOT) + word.substring(1);
  }
}
