package parley.client;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.HashMap;
import java.util.Map;
import java.util.OptionalLong;
import java.util.TreeSet;

/**
 * What one device has, per conversation, over all its connections: the highest seq up to which
 * nothing is missing. Only that may be acknowledged, since a {@code sent} may overtake messages.
 * Where a conversation starts for this device is known from its first {@code message} or {@code
 * gap}, or from a {@code sent} with seq 1; before that nothing is acknowledged.
 */
public final class ReceivedCursors {
  private static final class Cursor {
    boolean known;
    long upTo;
    final TreeSet<Long> ahead = new TreeSet<>();
  }

  private final Map<String, Cursor> cursors = new HashMap<>();

  /** Up to which seq the device has all of the conversation; 0 if it has nothing. */
  public synchronized long upTo(String conversationId) {
    Cursor cursor = cursors.get(conversationId);
    return cursor == null ? 0 : cursor.upTo;
  }

  /**
   * Records a frame of the server; returns the seq that the device may acknowledge now, if there is
   * a new one.
   */
  synchronized OptionalLong take(JsonNode frame, String userId) {
    String conversation = frame.path("conversation_id").asText();
    return switch (frame.path("op").asText()) {
      case "message" -> {
        long seq = frame.path("seq").asLong();
        yield cover(conversation, seq, seq, true, addsMe(frame, userId));
      }
      case "sent" -> {
        long seq = frame.path("seq").asLong();
        yield cover(conversation, seq, seq, seq == 1, false);
      }
      case "gap" ->
          cover(
              conversation,
              frame.path("from_seq").asLong(),
              frame.path("to_seq").asLong(),
              true,
              false);
      case "inbox_update" -> {
        if (frame.path("removed").asBoolean()) {
          cursors.remove(conversation);
        }
        yield OptionalLong.empty();
      }
      default -> OptionalLong.empty();
    };
  }

  private static boolean addsMe(JsonNode frame, String userId) {
    if (frame.path("type").asText().equals("members_added")) {
      for (JsonNode id : frame.path("member_ids")) {
        if (id.asText().equals(userId)) {
          return true;
        }
      }
    }
    return false;
  }

  private OptionalLong cover(
      String conversation, long from, long to, boolean startsHere, boolean jumps) {
    Cursor cursor = cursors.computeIfAbsent(conversation, id -> new Cursor());
    if ((!cursor.known && startsHere) || (jumps && cursor.upTo < from - 1)) {
      cursor.known = true;
      cursor.upTo = from - 1;
      cursor.ahead.headSet(from).clear();
    }
    if (!cursor.known || from > cursor.upTo + 1) {
      cursor.ahead.add(to);
      return OptionalLong.empty();
    }
    long before = cursor.upTo;
    cursor.upTo = Math.max(cursor.upTo, to);
    while (cursor.ahead.remove(cursor.upTo + 1)) {
      cursor.upTo++;
    }
    // A replayed entry below the cursor shows that an acknowledgement was lost: it is sent again.
    return cursor.upTo > before || startsHere ? OptionalLong.of(cursor.upTo) : OptionalLong.empty();
  }
}
