package parley.user;

import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import parley.model.ConversationId;
import parley.model.DeviceId;

/**
 * The current inbox of a user, with a record of what is not in the journal yet. Each flush writes a
 * bounded part of that as one event. A conversation's row and its device cursors are always written
 * together. A crash between two writes would make a device look as if it had entries that it lacks.
 */
final class UnsavedChanges {
  /** The most conversations in one event. */
  static final int EVENT_ROWS = 200;

  /** The approximate limit of the size of one event, in bytes. An item of DynamoDB holds 400 KB. */
  static final int EVENT_BYTES = 100 * 1024;

  private enum Change {
    /** Only device cursors have moved: a few bytes. */
    CURSORS,
    /** The whole row is written. */
    WHOLE,
    /** The conversation was dropped. */
    GONE
  }

  private final ConversationRows conversationRows;
  private final LinkedHashMap<ConversationId, Change> dirty = new LinkedHashMap<>();
  private final Set<ConversationId> awaitingAck = new HashSet<>();

  /** The last rows of conversations that are {@link Change#GONE}, until the journal says so too. */
  private final Map<ConversationId, HiddenRow> droppedRows = new HashMap<>();

  private final Map<DeviceId, UserEvent.DeviceSeen> seen = new HashMap<>();

  UnsavedChanges(ConversationRows durable) {
    this.conversationRows = durable.copy();
  }

  /** The number of conversations with changes that are not in an event yet. */
  int dirtyCount() {
    return dirty.size();
  }

  @Nullable ConversationRow get(ConversationId id) {
    return conversationRows.get(id);
  }

  Collection<VisibleRow> rows() {
    return conversationRows.rows().values();
  }

  Collection<HiddenRow> hidden() {
    return conversationRows.hidden().values();
  }

  /** Replaces a row of which only the version has changed. That alone is not written. */
  void putSame(VisibleRow row) {
    conversationRows.put(row);
  }

  /** Replaces a row of which only the device cursors have changed. */
  void putCursors(ConversationRow conversationRow) {
    conversationRows.put(conversationRow);
    dirty.putIfAbsent(conversationRow.id(), Change.CURSORS);
  }

  /**
   * Replaces a row and makes room for it: one row may leave the inbox, and one conversation outside
   * the inbox may be dropped.
   */
  void put(ConversationRow conversationRow) {
    conversationRows.put(conversationRow);
    droppedRows.remove(conversationRow.id());
    dirty.put(conversationRow.id(), Change.WHOLE);
    VisibleRow surplus = conversationRows.surplusRow();
    if (surplus != null) {
      conversationRows.put(surplus.asHidden());
      dirty.put(surplus.id(), Change.WHOLE);
    }
    HiddenRow forgotten = conversationRows.surplusHidden();
    if (forgotten != null) {
      conversationRows.remove(forgotten.id());
      droppedRows.put(forgotten.id(), forgotten);
      dirty.put(forgotten.id(), Change.GONE);
    }
  }

  /** Whether a conversation was dropped for lack of room and the journal does not say so yet. */
  boolean hasDropped() {
    return !droppedRows.isEmpty();
  }

  void seen(UserEvent.DeviceSeen device) {
    seen.put(device.deviceId(), device);
  }

  void forgetDevice(DeviceId device) {
    seen.remove(device);
  }

  /** The last-seen data of devices that is not in the journal yet. */
  List<UserEvent.DeviceSeen> seen() {
    return List.copyOf(seen.values());
  }

  /** The login has ended, and the journal knows which devices used it. */
  void forgetLogin(String sid) {
    seen.values().removeIf(device -> sid.equals(device.sid()));
  }

  /**
   * The login with which the device was last seen, if the journal does not have it yet; otherwise
   * null.
   */
  @Nullable String loginOf(DeviceId device) {
    UserEvent.DeviceSeen last = seen.get(device);
    return last == null ? null : last.sid();
  }

  /**
   * When the device was last seen, epoch milliseconds, if the journal does not have it yet;
   * otherwise 0.
   */
  long seenAt(DeviceId device) {
    UserEvent.DeviceSeen last = seen.get(device);
    return last == null ? 0 : last.at();
  }

  boolean isClean() {
    return dirty.isEmpty() && seen.isEmpty();
  }

  boolean isDirty(ConversationId id) {
    return dirty.containsKey(id);
  }

  /** The conversation waits for an acknowledgement, which is sent after the next flush. */
  void acknowledgeLater(ConversationId id) {
    awaitingAck.add(id);
  }

  /**
   * Whether the conversation waited for an acknowledgement and may receive it now. It then waits no
   * longer.
   */
  boolean takeReadyForAck(ConversationId id) {
    return !dirty.containsKey(id) && awaitingAck.remove(id);
  }

  /**
   * The journal now says that the conversation was dropped. Returns its last row if the
   * conversation waits for an acknowledgement, otherwise null.
   */
  @Nullable HiddenRow dropSaved(ConversationId id) {
    if (dirty.containsKey(id)) {
      return null;
    }
    HiddenRow last = droppedRows.remove(id);
    return awaitingAck.remove(id) ? last : null;
  }

  /** The conversations that wait for an acknowledgement and may receive it now. */
  List<ConversationId> readyForAck() {
    return awaitingAck.stream().filter(id -> !dirty.containsKey(id)).toList();
  }

  /** Builds the next event, with the oldest changes first. The caller must persist it. */
  UserEvent.Flushed nextEvent() {
    List<ConversationId> ids = new ArrayList<>(Math.min(dirty.size(), EVENT_ROWS));
    int bytes = 0;
    Iterator<ConversationId> it = dirty.keySet().iterator();
    while (it.hasNext() && ids.size() < EVENT_ROWS && bytes < EVENT_BYTES) {
      ConversationId id = it.next();
      bytes +=
          conversationRows.get(id) instanceof VisibleRow visibleRow
              ? visibleRow.estimatedBytes()
              : 400;
      if (bytes < EVENT_BYTES || ids.isEmpty()) {
        ids.add(id);
      }
    }
    UserEvent.Flushed event = event(ids, List.copyOf(seen.values()));
    seen.clear();
    return event;
  }

  /**
   * Builds an event with one conversation, for a change whose caller waits for it. The caller must
   * persist it.
   */
  UserEvent.Flushed eventOf(ConversationId id) {
    return event(List.of(id), List.of());
  }

  private UserEvent.Flushed event(List<ConversationId> ids, List<UserEvent.DeviceSeen> devices) {
    List<VisibleRow> rows = new ArrayList<>();
    List<HiddenRow> hidden = new ArrayList<>();
    List<UserEvent.CursorsMoved> cursors = new ArrayList<>();
    List<ConversationId> gone = new ArrayList<>();
    for (ConversationId id : ids) {
      Change change = dirty.remove(id);
      ConversationRow conversationRow = conversationRows.get(id);
      if (conversationRow == null) {
        gone.add(id);
      } else if (change == Change.CURSORS) {
        DeviceCursors lag = conversationRow.cursors();
        cursors.add(
            new UserEvent.CursorsMoved(
                id, conversationRow.delivered(), lag.isEmpty() ? null : lag));
      } else if (conversationRow instanceof VisibleRow visibleRow) {
        rows.add(visibleRow);
      } else if (conversationRow instanceof HiddenRow hiddenRow) {
        hidden.add(hiddenRow);
      }
    }
    return new UserEvent.Flushed(rows, hidden, cursors, gone, devices, List.of(), List.of());
  }
}
