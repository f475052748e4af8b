package parley.session;

import org.apache.pekko.actor.typed.javadsl.ActorContext;
import org.jspecify.annotations.Nullable;
import parley.bounds.LoadGate;
import parley.conversation.Conversation;
import parley.model.ConversationId;
import parley.model.Entry;
import parley.protocol.ServerFrame;
import parley.user.Delivery;

/**
 * The part of a session that exists once it is attached: passes the user entity's deliveries to the
 * client, and the client's acknowledgements to the user entity.
 */
final class AttachedSession implements DeliveryTracker.Port {
  final ClientRequests clientRequests;
  final DeliveryTracker deliveryTracker;
  final UserLossCheck userLossCheck;

  private final SessionDependencies dependencies;
  private final OutgoingFrames out;
  private final ClientLogin clientLogin;
  private final DeliveryTrails trails;

  AttachedSession(
      ActorContext<Session.Command> context,
      SessionDependencies dependencies,
      OutgoingFrames out,
      ClientLogin clientLogin,
      FrameBudget budget) {
    this.dependencies = dependencies;
    this.out = out;
    this.clientLogin = clientLogin;
    trails = new DeliveryTrails(dependencies.trail(), clientLogin.me());
    deliveryTracker = new DeliveryTracker(this);
    userLossCheck = new UserLossCheck(dependencies, clientLogin, clientLogin.adapter());
    clientRequests =
        new ClientRequests(
            context,
            dependencies,
            out,
            deliveryTracker,
            budget,
            clientLogin.me(),
            clientLogin.adapter());
  }

  /** Handles a delivery. Returns false if an earlier delivery was lost. */
  boolean onDelivery(Delivery delivery) {
    switch (delivery) {
      case Delivery.Numbered d -> {
        return userLossCheck.isNext(d) && onDelivery(d.delivery());
      }
      case Delivery.Checked d -> {
        return userLossCheck.onCheckAnswer(d);
      }
      case Delivery.Entries d -> {
        trails.arrived(d.conversationId(), d.traces());
        deliveryTracker.entries(d.conversationId(), d.entries());
      }
      case Delivery.RowChanged d -> {
        if (d.row().removed()) {
          deliveryTracker.userLeft(d.row().conversationId());
        }
        out.row(d.row());
      }
      case Delivery.Receipts d -> {
        for (Delivery.Receipt r : d.receipts()) {
          out.receipt(
              new ServerFrame.Receipt(d.conversationId(), r.userId(), r.delivered(), r.read()));
        }
      }
      case Delivery.TypingSeen d ->
          out.sendLossy(
              new ServerFrame.Typing(d.conversationId(), d.userId(), d.active()),
              SessionMeters.Shed.TYPING);
      case Delivery.PresenceSeen d -> {
        // The notice may have been sent before the client stopped watching this user.
        // A change that is left out comes with the answer to the next renewal of the watch.
        boolean left = d.changedAt() > 0 && dependencies.load().sheds(LoadGate.Shed.PRESENCE);
        if (!left && clientRequests.watches(d.presence().userId())) {
          boolean sent =
              out.sendLossy(
                  new ServerFrame.PresenceChanged(d.presence()), SessionMeters.Shed.PRESENCE);
          if (sent && d.changedAt() > 0) {
            dependencies.meters().presenceSeen(dependencies.ticker().millis() - d.changedAt());
          }
        }
      }
      case Delivery.GapSeen d ->
          deliveryTracker.gapSeen(d.conversationId(), d.from(), d.to(), d.reason());
      // The session itself handles these.
      case Delivery.Together d -> {}
      case Delivery.Attached d -> {}
      case Delivery.MoreLagging d -> {}
      case Delivery.ProbeSession d -> {}
      case Delivery.Ended d -> {}
    }
    return true;
  }

  void onReplayAnswer(ConversationId id, Conversation.@Nullable PageReply reply) {
    switch (reply) {
      case null -> deliveryTracker.pageFailed(id);
      case Conversation.Page page -> deliveryTracker.page(id, page.page().entries());
      case Conversation.Refused refused -> {
        if (refused.refusal().code().retryable()) {
          deliveryTracker.pageFailed(id);
        } else {
          deliveryTracker.pageRefused(id);
        }
      }
    }
  }

  void flushAcks() {
    if (deliveryTracker.ackCount() > 0) {
      userLossCheck.ack(deliveryTracker.takeAcks());
    }
  }

  @Override
  public void message(ConversationId id, Entry entry, boolean live) {
    boolean own = entry.senderId().equals(clientLogin.me());
    out.send(new ServerFrame.Message(id, entry, own));
    if (live && !own) {
      long millis = dependencies.ticker().millis() - entry.at();
      dependencies.meters().delivered(millis, trails.handed(id, entry, millis));
    }
  }

  @Override
  public void gap(ConversationId id, long from, long to, String reason) {
    out.send(new ServerFrame.Gap(id, from, to, reason));
  }

  @Override
  public void synced(long messages) {
    out.send(new ServerFrame.Synced(messages));
  }

  @Override
  public void requestPage(ConversationId id, long after, int limit) {
    clientRequests.requestReplay(id, after, limit);
  }

  @Override
  public boolean belongsToPendingPost(ConversationId id, Entry entry) {
    return clientRequests.belongsToPendingPost(id, entry);
  }

  @Override
  public boolean canReplay() {
    return !out.slow() && out.bytes() < dependencies.settings().replayBytes();
  }

  @Override
  public boolean isOverfull() {
    return out.overfull();
  }
}
