package parley.docs;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.StreamSupport;

/** Renders the reference of all frames from the AsyncAPI document, for both directions. */
final class SocketReference {
  private final JsonNode document;
  private final Schemas schemas;

  SocketReference(JsonNode document) {
    this.document = document;
    this.schemas = new Schemas(document);
  }

  Article article() {
    Html out = new Html();
    out.raw("<h1>Frames of the socket</h1>");
    out.raw(Markdown.paragraphs(document.at("/info/description").asText()));
    out.heading(2, "overview", "All frames");
    out.table("All frames", List.of("Frame", "From", "What it says"), overview());
    out.heading(2, "from-the-client", "From the client");
    frames("Client").forEach(frame -> frame(out, frame));
    out.heading(2, "from-the-server", "From the server");
    frames("Server").forEach(frame -> frame(out, frame));
    return out.article("Frames of the socket");
  }

  /** A frame: its name in the document and its message object. */
  private record Frame(String name, JsonNode message) {
    String op() {
      return message.path("name").asText();
    }

    boolean isFromClient() {
      return name.startsWith("Client");
    }

    String id() {
      return (isFromClient() ? "client-" : "server-") + op();
    }

    String link() {
      return "<a href=\"#" + id() + "\">" + Html.code(op()) + "</a>";
    }
  }

  private List<Frame> frames(String side) {
    return document.at("/components/messages").properties().stream()
        .filter(message -> message.getKey().startsWith(side))
        .map(message -> new Frame(message.getKey(), message.getValue()))
        .toList();
  }

  private List<List<String>> overview() {
    List<List<String>> rows = new ArrayList<>();
    frames("Client").forEach(frame -> rows.add(row(frame)));
    frames("Server").forEach(frame -> rows.add(row(frame)));
    return rows;
  }

  private static List<String> row(Frame frame) {
    return List.of(
        frame.link(),
        frame.isFromClient() ? "client" : "server",
        Markdown.line(frame.message().path("summary").asText()));
  }

  private void frame(Html out, Frame frame) {
    JsonNode schema = schemas.resolved(frame.message().path("payload"));
    out.raw("<section class=\"doc-entry\">");
    out.heading(3, frame.id(), frame.op(), Html.code(frame.op()));
    out.raw(Markdown.paragraphs(schema.path("description").asText()));
    String answers = answers(frame);
    if (frame.isFromClient()) {
      out.raw("<p>Answers: " + (answers.isEmpty() ? "none" : answers) + ".</p>");
    }
    schemas.fields(out, 4, frame.op(), schema);
    JsonNode examples = frame.message().path("examples");
    if (!examples.isEmpty()) {
      out.raw(examples.size() > 1 ? "<h4>Examples</h4>" : "<h4>Example</h4>");
      for (JsonNode example : examples) {
        if (example.has("summary")) {
          out.raw("<p>" + Markdown.line(example.path("summary").asText()) + "</p>");
        }
        out.raw(Code.block("json", Schemas.pretty(example.path("payload"))));
      }
    }
    out.raw("</section>");
  }

  /** Links to the frames that answer this one. */
  private String answers(Frame frame) {
    for (Map.Entry<String, JsonNode> operation : document.path("operations").properties()) {
      JsonNode value = operation.getValue();
      if (Schemas.nameOf(value.path("messages").path(0)).equals(frame.name())) {
        return StreamSupport.stream(value.at("/reply/messages").spliterator(), false)
            .map(Schemas::nameOf)
            .map(name -> new Frame(name, document.at("/components/messages/" + name)))
            .map(Frame::link)
            .collect(Collectors.joining(" or "));
      }
    }
    return "";
  }
}
