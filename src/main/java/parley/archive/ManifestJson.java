package parley.archive;

import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.databind.JsonNode;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.regex.Pattern;
import parley.model.ConversationId;

/** The JSON form of a manifest. Every later version reads it: fields may be added. */
final class ManifestJson {
  /** Maximum bytes of a manifest that is read. */
  static final int MOST_BYTES = 64 * 1024;

  private static final Pattern SHA256 = Pattern.compile("[0-9a-f]{64}");

  private ManifestJson() {}

  static byte[] write(Manifest manifest) {
    ByteArrayOutputStream out = new ByteArrayOutputStream(512);
    try (JsonGenerator json = EntryLine.generator(out)) {
      json.writeStartObject();
      json.writeNumberField("format", manifest.format());
      json.writeStringField("conversation_id", manifest.conversationId().value());
      json.writeNumberField("from", manifest.from());
      json.writeNumberField("to", manifest.to());
      json.writeNumberField("count", manifest.count());
      json.writeStringField("first_at", EntryLine.time(manifest.firstAt()));
      json.writeStringField("last_at", EntryLine.time(manifest.lastAt()));
      json.writeStringField(
          "segment", ObjectKeys.segmentName(manifest.from(), manifest.to(), manifest.sha256()));
      json.writeNumberField("bytes", manifest.bytes());
      json.writeNumberField("raw_bytes", manifest.rawBytes());
      json.writeStringField("sha256", manifest.sha256());
      json.writeEndObject();
      json.writeRaw('\n');
    } catch (IOException e) {
      throw new UncheckedIOException("memory does not fail", e);
    }
    return out.toByteArray();
  }

  /**
   * Reads the manifest that is stored under a key.
   *
   * @throws ColdDamaged if it is not a manifest, not the one of this name, or of a later version
   */
  static Manifest read(ConversationId id, ObjectKeys.Name name, byte[] bytes) {
    try {
      JsonNode json = EntryLine.object(bytes, bytes.length);
      long format = EntryLine.number(json, "format");
      if (format != Segment.FORMAT) {
        throw new ColdDamaged(
            name.key()
                + (" is of format " + format + "; this version of Parley reads format ")
                + (Segment.FORMAT + ": a later one is needed"),
            null);
      }
      Manifest manifest =
          new Manifest(
              Segment.FORMAT,
              new ConversationId(EntryLine.text(json, "conversation_id")),
              EntryLine.number(json, "from"),
              EntryLine.number(json, "to"),
              Math.toIntExact(EntryLine.number(json, "count")),
              EntryLine.number(json, "bytes"),
              EntryLine.number(json, "raw_bytes"),
              EntryLine.text(json, "sha256"),
              EntryLine.time(EntryLine.text(json, "first_at")),
              EntryLine.time(EntryLine.text(json, "last_at")));
      boolean sound =
          manifest.conversationId().equals(id)
              && manifest.from() == name.from()
              && manifest.to() == name.to()
              && manifest.from() >= 1
              && manifest.count() == manifest.to() - manifest.from() + 1
              && manifest.count() >= 1
              && manifest.count() <= ColdTier.SEGMENT_ENTRIES
              && SHA256.matcher(manifest.sha256()).matches();
      if (!sound) {
        throw new IllegalArgumentException("it contradicts itself or its name");
      }
      return manifest;
    } catch (IllegalArgumentException | ArithmeticException e) {
      throw new ColdDamaged(name.key() + " is no manifest: " + e.getMessage(), e);
    }
  }
}
