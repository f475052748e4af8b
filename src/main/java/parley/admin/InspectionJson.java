package parley.admin;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.time.Instant;
import java.util.Locale;
import org.jspecify.annotations.Nullable;
import parley.conversation.ConversationInspection;
import parley.model.ConversationId;
import parley.model.UserId;
import parley.user.UserInspection;

/**
 * The answers of {@link InspectionRoutes} as JSON. A field that has no value is left out. Fields
 * are added, never renamed: other programs read them.
 */
final class InspectionJson {
  private InspectionJson() {}

  private static ObjectNode object() {
    return AdminAnswers.JSON.createObjectNode();
  }

  private static String name(Enum<?> value) {
    return value.name().toLowerCase(Locale.ROOT);
  }

  private static void time(ObjectNode object, String name, long millis) {
    if (millis > 0) {
      object.put(name, Instant.ofEpochMilli(millis).toString());
    }
  }

  /** An entry without its members. */
  static ObjectNode entry(ConversationId id, long seq, ConversationInspection.EntryFound found) {
    ObjectNode body =
        object()
            .put("conversation_id", id.value())
            .put("seq", seq)
            .put("message_id", found.messageId())
            .put("sender_id", found.senderId().value())
            .put("type", found.type());
    if (found.deleted()) {
      body.put("deleted", true);
    }
    time(body, "accepted", found.at());
    if (found.event() > 0) {
      body.put("event", found.event());
    }
    body.put("tier", name(found.tier()));
    ConversationInspection.Segment segment = found.segment();
    if (segment != null) {
      body.putObject("segment").put("first", segment.from()).put("last", segment.to());
    }
    return body.put("last_seq", found.lastSeq())
        .put("member_count", found.memberCount())
        .put("node", found.node());
  }

  /**
   * A member of an entry.
   *
   * @param entry the answer of its user; null if it gave none
   */
  static ObjectNode member(
      ConversationInspection.MemberStatus status, UserInspection.@Nullable EntryStatus entry) {
    ObjectNode body =
        object().put("user_id", status.userId().value()).put("joined_seq", status.joinedSeq());
    time(body, "joined", status.joinedAt());
    if (status.leftSeq() > 0) {
      body.put("left_seq", status.leftSeq());
    }
    body.put("dispatch", name(status.dispatch()));
    if (status.leftSeq() == 0) {
      body.put("delivered_seq", status.delivered());
    }
    body.put("read_seq", status.read());
    if (entry == null) {
      return body.put("unavailable", true);
    }
    body.put("node", entry.node())
        .put("place", name(entry.place()))
        .put("received_seq", entry.receivedSeq())
        .put("saved", entry.saved())
        .put("muted", entry.muted());
    ArrayNode devices = body.putArray("devices");
    entry.devices().forEach(device -> devices.add(device(device)));
    return body;
  }

  private static ObjectNode device(UserInspection.DeviceStatus device) {
    ObjectNode body =
        object()
            .put("device_id", device.deviceId().value())
            .put("connected", device.connected())
            .put("handed", device.handed())
            .put("acknowledged", device.acknowledged());
    ObjectNode push = body.putObject("push").put("state", name(device.push().state()));
    UserInspection.NoPush absence = device.push().absence();
    if (absence != null) {
      push.put("why", name(absence));
      return body;
    }
    time(push, "due", device.push().due());
    push.put("tries", device.push().tries());
    if (device.push().reason() != null) {
      push.put("reason", device.push().reason());
    }
    time(push, "at", device.push().at());
    return body;
  }

  /** A conversation as a whole. */
  static ObjectNode conversation(ConversationId id, ConversationInspection.Overview overview) {
    ObjectNode body =
        object()
            .put("conversation_id", id.value())
            .put("type", name(overview.type()))
            .put("node", overview.node())
            .put("member_count", overview.members())
            .put("last_seq", overview.lastSeq())
            .put("event", overview.event())
            .put("archived_to", overview.archivedTo())
            .put("settled", overview.settled())
            .put("not_acknowledged", overview.notAcknowledged())
            .put("acknowledged_to", overview.acknowledgedTo())
            .put("entries_last_minute", overview.lastMinute());
    time(body, "created", overview.createdAt());
    time(body, "last_entry", overview.lastAt());
    return body;
  }

  /** A user as a whole. */
  static ObjectNode user(UserId id, UserInspection.Overview overview) {
    ObjectNode body =
        object()
            .put("user_id", id.value())
            .put("node", overview.node())
            .put("inbox_rows", overview.inboxRows())
            .put("outside_rows", overview.outsideRows())
            .put("pending_pushes", overview.pendingPushes())
            .put("saved", overview.saved());
    UserInspection.BanOverview ban = overview.ban();
    if (ban != null) {
      ObjectNode banned = body.putObject("ban").put("reason", ban.reason());
      time(banned, "since", ban.at());
      time(banned, "until", ban.until());
    }
    ArrayNode devices = body.putArray("devices");
    overview.devices().forEach(device -> devices.add(device(device)));
    return body;
  }

  private static ObjectNode device(UserInspection.DeviceOverview device) {
    ObjectNode body =
        object()
            .put("device_id", device.deviceId().value())
            .put("client", device.client())
            .put("connected", device.connected());
    time(body, "last_seen", device.lastSeenAt());
    if (device.pushPlatform() != null) {
      body.put("push_platform", device.pushPlatform());
    }
    if (device.sessionId() != null) {
      body.putObject("session")
          .put("session_id", device.sessionId())
          .put("node", device.sessionNode());
    }
    return body.put("pushable", device.pushable()).put("lagging", device.lagging());
  }
}
