package parley.archive;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.io.OutputStream;
import java.time.DateTimeException;
import java.time.Instant;
import java.time.format.DateTimeFormatter;
import java.time.format.DateTimeFormatterBuilder;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import parley.model.Entry;
import parley.model.EntryBody;
import parley.model.Role;
import parley.model.UserId;

/**
 * One entry as one line of JSON, without loss: the entry that is read equals the entry that was
 * written. The field names are those of the protocol's entries. Fields that the protocol hides
 * ({@code client_msg_id} of others, {@code target_sender_id}) are included. Every later version
 * reads this format: fields may be added, never renamed.
 *
 * <p>The annotations of the journal's records are not used. Their names are the journal's own, and
 * a change there must not change this format.
 */
final class EntryLine {
  /**
   * The beginning of each line. The seq follows, so a reader can skip a line without parsing it.
   */
  static final String START = "{\"seq\":";

  /** Always three digits of milliseconds, also if they are zero. */
  private static final DateTimeFormatter TIME =
      new DateTimeFormatterBuilder().appendInstant(3).toFormatter();

  private static final JsonMapper MAPPER =
      JsonMapper.builder(
              JsonFactory.builder()
                  .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
                  .disable(StreamReadFeature.INCLUDE_SOURCE_IN_LOCATION)
                  .build())
          .build();

  private EntryLine() {}

  /** A generator that writes to {@code out} and does not close it. */
  static JsonGenerator generator(OutputStream out) throws IOException {
    JsonGenerator json = MAPPER.getFactory().createGenerator(out);
    json.setRootValueSeparator(null);
    return json.disable(JsonGenerator.Feature.AUTO_CLOSE_TARGET);
  }

  /** Epoch milliseconds as text, as in the protocol. */
  static String time(long epochMillis) {
    return TIME.format(Instant.ofEpochMilli(epochMillis));
  }

  /** Text to epoch milliseconds; throws {@link IllegalArgumentException}. */
  static long time(String text) {
    try {
      return Instant.parse(text).toEpochMilli();
    } catch (DateTimeException | ArithmeticException e) {
      throw new IllegalArgumentException("not a time", e);
    }
  }

  /** Writes an entry as a line, with its line feed. */
  static void write(JsonGenerator json, Entry entry) throws IOException {
    json.writeStartObject();
    json.writeNumberField("seq", entry.seq());
    json.writeStringField("message_id", entry.messageId());
    json.writeStringField("sender_id", entry.senderId().value());
    json.writeStringField("type", entry.body().type());
    body(json, entry.body());
    json.writeStringField("server_timestamp", time(entry.at()));
    optional(json, "client_msg_id", entry.clientMsgId());
    json.writeEndObject();
    json.writeRaw('\n');
  }

  private static void body(JsonGenerator json, EntryBody entryBody) throws IOException {
    switch (entryBody) {
      case EntryBody.Text text -> {
        contentOrDeleted(json, text.content());
        if (text.replyTo() != null) {
          json.writeNumberField("reply_to", text.replyTo());
        }
        if (text.mentions() != null) {
          users(json, "mentions", text.mentions());
        }
        if (text.edited()) {
          json.writeBooleanField("edited", true);
        }
      }
      case EntryBody.Edit edit -> {
        json.writeNumberField("target_seq", edit.targetSeq());
        contentOrDeleted(json, edit.content());
      }
      case EntryBody.Delete delete -> {
        json.writeNumberField("target_seq", delete.targetSeq());
        json.writeStringField("target_sender_id", delete.targetSender().value());
      }
      case EntryBody.Reaction reaction -> {
        json.writeNumberField("target_seq", reaction.targetSeq());
        optional(json, "reaction", reaction.reaction());
      }
      case EntryBody.GroupCreated created -> {
        json.writeStringField("name", created.name());
        optional(json, "avatar_url", created.avatarUrl());
        users(json, "member_ids", created.memberIds());
      }
      case EntryBody.MembersAdded added -> users(json, "member_ids", added.memberIds());
      case EntryBody.MemberRemoved removed ->
          json.writeStringField("user_id", removed.userId().value());
      case EntryBody.RoleChanged changed -> {
        json.writeStringField("user_id", changed.userId().value());
        json.writeStringField("role", changed.role().wireName());
      }
      case EntryBody.GroupChanged changed -> {
        optional(json, "name", changed.name());
        optional(json, "avatar_url", changed.avatarUrl());
      }
    }
  }

  private static void contentOrDeleted(JsonGenerator json, @Nullable String content)
      throws IOException {
    if (content == null) {
      json.writeBooleanField("deleted", true);
    } else {
      json.writeStringField("content", content);
    }
  }

  private static void optional(JsonGenerator json, String name, @Nullable String value)
      throws IOException {
    if (value != null) {
      json.writeStringField(name, value);
    }
  }

  private static void users(JsonGenerator json, String name, List<UserId> ids) throws IOException {
    json.writeArrayFieldStart(name);
    for (UserId id : ids) {
      json.writeString(id.value());
    }
    json.writeEndArray();
  }

  /**
   * Reads a line.
   *
   * @throws IllegalArgumentException if it is not an entry; the message contains no content
   */
  static Entry read(byte[] line, int length) {
    JsonNode json = object(line, length);
    return new Entry(
        number(json, "seq"),
        text(json, "message_id"),
        new UserId(text(json, "sender_id")),
        time(text(json, "server_timestamp")),
        textOrNull(json, "client_msg_id"),
        body(json, text(json, "type")));
  }

  /** Parses exactly one JSON object; throws {@link IllegalArgumentException}. */
  static JsonNode object(byte[] bytes, int length) {
    try (JsonParser parser = MAPPER.createParser(bytes, 0, length)) {
      @Nullable JsonNode json = MAPPER.readTree(parser);
      if (json == null || !json.isObject() || parser.nextToken() != null) {
        throw new IllegalArgumentException("not one JSON object");
      }
      return json;
    } catch (JsonProcessingException e) {
      // The message of the parser can quote content.
      throw new IllegalArgumentException("not JSON (" + e.getClass().getSimpleName() + ")");
    } catch (IOException e) {
      throw new IllegalArgumentException("not UTF-8 (" + e.getClass().getSimpleName() + ")");
    }
  }

  private static EntryBody body(JsonNode json, String type) {
    return switch (type) {
      case "text" ->
          new EntryBody.Text(
              content(json),
              json.has("reply_to") ? (Long) number(json, "reply_to") : null,
              json.has("mentions") ? users(json, "mentions") : null,
              json.path("edited").asBoolean(false));
      case "edit" -> new EntryBody.Edit(number(json, "target_seq"), content(json));
      case "delete" ->
          new EntryBody.Delete(
              number(json, "target_seq"), new UserId(text(json, "target_sender_id")));
      case "reaction" ->
          new EntryBody.Reaction(number(json, "target_seq"), textOrNull(json, "reaction"));
      case "group_created" ->
          new EntryBody.GroupCreated(
              text(json, "name"), textOrNull(json, "avatar_url"), users(json, "member_ids"));
      case "members_added" -> new EntryBody.MembersAdded(users(json, "member_ids"));
      case "member_removed" -> new EntryBody.MemberRemoved(new UserId(text(json, "user_id")));
      case "role_changed" ->
          new EntryBody.RoleChanged(new UserId(text(json, "user_id")), role(text(json, "role")));
      case "group_changed" ->
          new EntryBody.GroupChanged(textOrNull(json, "name"), textOrNull(json, "avatar_url"));
      default -> throw new IllegalArgumentException("an entry of a type that is unknown here");
    };
  }

  private static @Nullable String content(JsonNode json) {
    return json.path("deleted").asBoolean(false) ? null : text(json, "content");
  }

  private static Role role(String name) {
    for (Role role : Role.values()) {
      if (role.wireName().equals(name)) {
        return role;
      }
    }
    throw new IllegalArgumentException("role is unknown");
  }

  /** A whole number, or {@link IllegalArgumentException}. */
  static long number(JsonNode json, String name) {
    JsonNode value = json.path(name);
    if (!value.isIntegralNumber() || !value.canConvertToLong()) {
      throw new IllegalArgumentException(name + " is not a number");
    }
    return value.longValue();
  }

  /** A text, or {@link IllegalArgumentException}. */
  static String text(JsonNode json, String name) {
    JsonNode value = json.path(name);
    if (!value.isTextual()) {
      throw new IllegalArgumentException(name + " is not a text");
    }
    return value.textValue();
  }

  private static @Nullable String textOrNull(JsonNode json, String name) {
    return json.has(name) ? text(json, name) : null;
  }

  private static List<UserId> users(JsonNode json, String name) {
    JsonNode all = json.path(name);
    if (!all.isArray()) {
      throw new IllegalArgumentException(name + " is not a list");
    }
    List<UserId> ids = new ArrayList<>(all.size());
    for (JsonNode one : all) {
      if (!one.isTextual()) {
        throw new IllegalArgumentException(name + " is not a list of ids");
      }
      ids.add(new UserId(one.textValue()));
    }
    return List.copyOf(ids);
  }
}
