package parley.protocol;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.io.SegmentedStringWriter;
import com.fasterxml.jackson.core.util.BufferRecycler;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.List;
import org.jspecify.annotations.Nullable;
import parley.model.ConversationId;
import parley.model.Entry;
import parley.model.EntryBody;
import parley.model.HistoryPage;
import parley.model.InboxPage;
import parley.model.InboxRow;
import parley.model.LastMessage;
import parley.model.UserId;

/**
 * Encodes the JSON that frames and HTTP bodies share: entries, rows, pages. Each method writes the
 * fields of one thing into an object that is already open.
 */
final class JsonEncoder {
  private static final JsonFactory FACTORY = new JsonFactory();

  private JsonEncoder() {}

  /** Writes the fields of one object. */
  @FunctionalInterface
  interface FieldWriter {
    void to(JsonGenerator json) throws IOException;
  }

  /** Encodes one object. Buffers are recycled per thread; only the result is allocated. */
  static String object(FieldWriter fields) {
    BufferRecycler buffers = FACTORY._getBufferRecycler();
    try (SegmentedStringWriter out = new SegmentedStringWriter(buffers)) {
      try (JsonGenerator json = FACTORY.createGenerator(out)) {
        json.writeStartObject();
        fields.to(json);
        json.writeEndObject();
      }
      return out.getAndClear();
    } catch (IOException e) {
      throw new UncheckedIOException("writing to memory failed", e);
    } finally {
      buffers.releaseToPool();
    }
  }

  static void time(JsonGenerator json, String name, long epochMillis) throws IOException {
    json.writeStringField(name, Timestamps.format(epochMillis));
  }

  /** Writes a time, or null for 0, which stands for never. */
  static void timeOrNever(JsonGenerator json, String name, long epochMillis) throws IOException {
    if (epochMillis == 0) {
      json.writeNullField(name);
    } else {
      time(json, name, epochMillis);
    }
  }

  /** Writes nothing if the value is null. */
  static void optional(JsonGenerator json, String name, @Nullable Long value) throws IOException {
    if (value != null) {
      json.writeNumberField(name, value);
    }
  }

  /** Writes nothing if the value is null. */
  static void optional(JsonGenerator json, String name, @Nullable String value) throws IOException {
    if (value != null) {
      json.writeStringField(name, value);
    }
  }

  static void userIds(JsonGenerator json, String name, List<UserId> ids) throws IOException {
    json.writeArrayFieldStart(name);
    for (UserId id : ids) {
      json.writeString(id.value());
    }
    json.writeEndArray();
  }

  /** Writes one entry; {@code client_msg_id} only if {@code own}, for devices of its sender. */
  static void entry(JsonGenerator json, ConversationId conversationId, Entry entry, boolean own)
      throws IOException {
    json.writeStringField("conversation_id", conversationId.value());
    json.writeNumberField("seq", entry.seq());
    json.writeStringField("message_id", entry.messageId());
    json.writeStringField("sender_id", entry.senderId().value());
    json.writeStringField("type", entry.body().type());
    body(json, entry.body());
    time(json, "server_timestamp", entry.at());
    if (own) {
      optional(json, "client_msg_id", entry.clientMsgId());
    }
  }

  private static void body(JsonGenerator json, EntryBody entryBody) throws IOException {
    switch (entryBody) {
      case EntryBody.Text text -> text(json, text);
      case EntryBody.Edit edit -> {
        json.writeNumberField("target_seq", edit.targetSeq());
        contentOrTombstone(json, edit.content());
      }
      case EntryBody.Delete delete -> json.writeNumberField("target_seq", delete.targetSeq());
      case EntryBody.Reaction reaction -> {
        json.writeNumberField("target_seq", reaction.targetSeq());
        // A reaction that was taken back, or whose target was deleted, is an empty string.
        String said = reaction.reaction();
        json.writeStringField("reaction", said == null ? "" : said);
      }
      case EntryBody.GroupCreated created -> {
        json.writeStringField("name", created.name());
        optional(json, "avatar_url", created.avatarUrl());
        userIds(json, "member_ids", created.memberIds());
      }
      case EntryBody.MembersAdded added -> userIds(json, "member_ids", added.memberIds());
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

  private static void text(JsonGenerator json, EntryBody.Text text) throws IOException {
    contentOrTombstone(json, text.content());
    // A tombstone has lost its reply and its mentions together with its content.
    if (text.content() == null) {
      return;
    }
    optional(json, "reply_to", text.replyTo());
    List<UserId> mentions = text.mentions();
    if (mentions != null && !mentions.isEmpty()) {
      userIds(json, "mentions", mentions);
    }
    if (text.edited()) {
      json.writeBooleanField("edited", true);
    }
  }

  private static void contentOrTombstone(JsonGenerator json, @Nullable String content)
      throws IOException {
    if (content == null) {
      json.writeBooleanField("deleted", true);
    } else {
      json.writeStringField("content", content);
    }
  }

  /** Writes a row of an inbox. */
  static void row(JsonGenerator json, InboxRow row) throws IOException {
    json.writeStringField("conversation_id", row.conversationId().value());
    json.writeStringField("type", row.type().wireName());
    json.writeStringField("name", row.name());
    json.writeStringField("avatar_url", row.avatarUrl());
    json.writeNumberField("last_seq", row.lastSeq());
    LastMessage last = row.lastMessage();
    if (last == null) {
      json.writeNullField("last_message");
    } else {
      json.writeObjectFieldStart("last_message");
      json.writeNumberField("seq", last.seq());
      json.writeStringField("sender_id", last.senderId().value());
      json.writeStringField("type", last.type());
      json.writeStringField("preview", last.preview());
      time(json, "server_timestamp", last.at());
      json.writeEndObject();
    }
    json.writeNumberField("unread_count", row.unreadCount());
    json.writeNumberField("read_seq", row.readSeq());
    json.writeNumberField("peer_delivered_seq", row.peerDeliveredSeq());
    json.writeNumberField("peer_read_seq", row.peerReadSeq());
    json.writeBooleanField("muted", row.muted());
    json.writeBooleanField("pinned", row.pinned());
    json.writeBooleanField("archived", row.archived());
    if (row.removed()) {
      json.writeBooleanField("removed", true);
    }
  }

  /** Writes a page of an inbox. */
  static void inbox(JsonGenerator json, InboxPage page) throws IOException {
    json.writeArrayFieldStart("conversations");
    for (InboxRow row : page.conversations()) {
      json.writeStartObject();
      row(json, row);
      json.writeEndObject();
    }
    json.writeEndArray();
    optional(json, "next_cursor", page.nextCursor());
  }

  /** Writes a page of a conversation as {@code viewer} sees it. */
  static void history(JsonGenerator json, HistoryPage page, UserId viewer) throws IOException {
    json.writeArrayFieldStart("entries");
    for (Entry entry : page.entries()) {
      json.writeStartObject();
      entry(json, page.conversationId(), entry, entry.senderId().equals(viewer));
      json.writeEndObject();
    }
    json.writeEndArray();
    json.writeBooleanField("has_more", page.hasMore());
    json.writeStringField("tier", page.tier().wireName());
  }

  /** Writes the confirmation that an entry is in the journal. */
  static void sent(JsonGenerator json, ServerFrame.Sent sent) throws IOException {
    json.writeStringField("conversation_id", sent.conversationId().value());
    json.writeStringField("client_msg_id", sent.clientMsgId());
    json.writeStringField("message_id", sent.messageId());
    json.writeNumberField("seq", sent.seq());
    time(json, "server_timestamp", sent.at());
    json.writeStringField("status", "sent");
    json.writeBooleanField("duplicate", sent.duplicate());
  }
}
