package parley.bench.bill;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.dataformat.cbor.CBORFactory;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.zip.GZIPInputStream;
import org.jspecify.annotations.Nullable;
import software.amazon.awssdk.services.dynamodb.model.AttributeValue;

/**
 * Derives the cause of a journal row: the type of its event and the names of the event's lists, as
 * in {@code flushed(rows+seen)}. Parley's events are CBOR with the type in field {@code t}, gzipped
 * if they are large. The cause of any other event is the manifest of its serializer.
 */
final class EventCause {
  private static final CBORFactory CBOR = new CBORFactory();
  private static final String UNKNOWN = "unknown event";

  private EventCause() {}

  static String of(Map<String, AttributeValue> row) {
    AttributeValue event = row.get("event");
    if (event == null || event.b() == null) {
      return manifest(row);
    }
    try (JsonParser parser = CBOR.createParser(content(event.b().asByteArrayUnsafe()))) {
      String type = type(parser);
      return type == null ? manifest(row) : type;
    } catch (IOException e) {
      return manifest(row);
    }
  }

  private static InputStream content(byte[] bytes) throws IOException {
    InputStream plain = new ByteArrayInputStream(bytes);
    boolean zipped = bytes.length > 2 && bytes[0] == (byte) 0x1f && bytes[1] == (byte) 0x8b;
    return zipped ? new GZIPInputStream(plain) : plain;
  }

  private static @Nullable String type(JsonParser parser) throws IOException {
    if (parser.nextToken() != JsonToken.START_OBJECT) {
      return null;
    }
    String type = null;
    List<String> lists = new ArrayList<>();
    while (parser.nextToken() == JsonToken.FIELD_NAME) {
      String name = parser.currentName();
      JsonToken value = parser.nextToken();
      if (name.equals("t") && value == JsonToken.VALUE_STRING) {
        type = parser.getText();
      } else if (value == JsonToken.START_ARRAY) {
        lists.add(name);
      }
      parser.skipChildren();
    }
    lists.remove(type);
    return type == null || lists.isEmpty() ? type : type + "(" + String.join("+", lists) + ")";
  }

  private static String manifest(Map<String, AttributeValue> row) {
    AttributeValue manifest = row.get("ev_ser_manifest");
    return manifest == null || manifest.s() == null || manifest.s().isEmpty()
        ? UNKNOWN
        : manifest.s();
  }
}
