package parley.user;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.apache.pekko.actor.typed.ActorRef;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import parley.model.ConversationId;
import parley.model.UserId;

/**
 * What each device of a user still lacks, and what a device acknowledges before the user has heard
 * of the conversation from the conversation itself.
 */
final class DeviceBacklog {
  private static final Logger LOG = LoggerFactory.getLogger(DeviceBacklog.class);

  /**
   * The most conversations for which an acknowledgement may arrive before the conversation's own
   * message.
   */
  private static final int MAX_EARLY_ACKS = 100;

  private final UserId id;
  private final UnsavedChanges unsavedChanges;
  private final Map<ConversationId, DeviceCursors> earlyAcks = new LinkedHashMap<>();

  DeviceBacklog(UserId id, UnsavedChanges unsavedChanges) {
    this.id = id;
    this.unsavedChanges = unsavedChanges;
  }

  /** What devices have acknowledged of a conversation that the user does not hold yet. */
  DeviceCursors early(ConversationId conversation) {
    return earlyAcks.getOrDefault(conversation, DeviceCursors.NONE);
  }

  /** The user holds the conversation now. Null if no device has acknowledged anything of it. */
  @Nullable DeviceCursors takeEarly(ConversationId conversation) {
    return earlyAcks.remove(conversation);
  }

  /**
   * A device acknowledges entries of a conversation that the user does not hold yet. Beyond the
   * bound the acknowledgement is dropped: the device receives the entries again after a reconnect.
   */
  void ackedEarly(User.Ack ack, long device) {
    long seq = Math.min(ack.seq(), ack.proven());
    if (seq <= 0) {
      return;
    }
    if (earlyAcks.size() >= MAX_EARLY_ACKS && !earlyAcks.containsKey(ack.conversationId())) {
      // The device receives the entry again after a reconnect.
      LOG.info(
          "{}: dropped an acknowledgement of a conversation that is not known yet, too many wait",
          id);
      return;
    }
    DeviceCursors known = earlyAcks.getOrDefault(ack.conversationId(), DeviceCursors.NONE);
    if (seq > known.acked(device, 0)) {
      earlyAcks.put(ack.conversationId(), known.with(device, seq, 0));
    }
  }

  /** Tells a session that it is attached, and where its device is behind. */
  void attached(User.Attach attach, ActorRef<User.Command> self, long device, long now) {
    ActorRef<Delivery> session = attach.session();
    List<Delivery.Lag> lagging = lagging(device, now);
    int first = Math.min(Delivery.LAGS, lagging.size());
    int more = (lagging.size() - first + Delivery.LAGS - 1) / Delivery.LAGS;
    session.tell(
        new Delivery.Attached(self, List.copyOf(lagging.subList(0, first)), more, attach.sid()));
    for (int from = first; from < lagging.size(); from += Delivery.LAGS) {
      int to = Math.min(from + Delivery.LAGS, lagging.size());
      session.tell(new Delivery.MoreLagging(List.copyOf(lagging.subList(from, to))));
    }
  }

  /** The conversations in which the device is behind, the oldest activity first. */
  List<Delivery.Lag> lagging(long device, long now) {
    List<ConversationRow> behind = new ArrayList<>();
    for (VisibleRow visibleRow : unsavedChanges.rows()) {
      if (visibleRow.cursors().acked(device, visibleRow.lastSeq()) < visibleRow.lastSeq()) {
        behind.add(visibleRow);
      }
    }
    for (HiddenRow hiddenRow : unsavedChanges.hidden()) {
      if (hiddenRow.cursors().acked(device, hiddenRow.lastSeq()) < hiddenRow.lastSeq()) {
        behind.add(hiddenRow);
      }
    }
    behind.sort(
        Comparator.comparingLong(ConversationRow::orderAt).thenComparing(ConversationRow::id));
    return behind.stream().map(conversationRow -> lag(conversationRow, device, now)).toList();
  }

  private static Delivery.Lag lag(ConversationRow conversationRow, long device, long now) {
    long head = conversationRow.lastSeq();
    long acked = conversationRow.cursors().acked(device, head);
    BacklogAges backlogAges = conversationRow.ages();
    long expired = backlogAges == null ? 0 : backlogAges.expired(now, head);
    long forgotten = conversationRow.forgottenTo() > acked ? conversationRow.forgottenTo() : 0;
    expired = Math.max(forgotten, expired > acked ? expired : 0);
    return new Delivery.Lag(conversationRow.id(), acked, head, expired, forgotten);
  }
}
