package parley.session;

import org.apache.pekko.actor.typed.javadsl.ActorContext;
import org.jspecify.annotations.Nullable;
import parley.conversation.Conversation;
import parley.model.ConversationId;
import parley.model.Entry;
import parley.protocol.ServerFrame;
import parley.user.User;

/** An attached session: what the user entity tells goes to the client, what it has goes back. */
final class Live implements Deliveries.Port {
  final Requests requests;
  final Deliveries deliveries;
  final Heard heard;

  private final SessionDeps deps;
  private final Outgoing out;
  private final Identity identity;

  Live(
      ActorContext<Session.Command> context,
      SessionDeps deps,
      Outgoing out,
      Identity identity,
      FrameBudget budget) {
    this.deps = deps;
    this.out = out;
    this.identity = identity;
    deliveries = new Deliveries(this);
    heard = new Heard(deps, identity, identity.adapter());
    requests =
        new Requests(context, deps, out, deliveries, budget, identity.me(), identity.adapter());
  }

  /** The user tells something. Answers whether nothing before it was lost. */
  boolean told(User.Delivery delivery) {
    switch (delivery) {
      case User.Numbered d -> {
        return heard.next(d) && told(d.delivery());
      }
      case User.Checked d -> {
        return heard.answered(d);
      }
      case User.Entries d -> deliveries.entries(d.conversationId(), d.entries());
      case User.RowChanged d -> {
        if (d.row().removed()) {
          deliveries.left(d.row().conversationId());
        }
        out.row(d.row());
      }
      case User.Receipts d -> {
        for (User.Receipt r : d.receipts()) {
          out.receipt(
              new ServerFrame.Receipt(d.conversationId(), r.userId(), r.delivered(), r.read()));
        }
      }
      case User.TypingSeen d ->
          out.sendLossy(new ServerFrame.Typing(d.conversationId(), d.userId(), d.active()));
      case User.PresenceSeen d -> {
        // One that is no longer watched may have been under way.
        if (requests.watches(d.presence().userId())) {
          out.sendLossy(new ServerFrame.PresenceChanged(d.presence()));
        }
      }
      case User.GapSeen d -> deliveries.gapSeen(d.conversationId(), d.from(), d.to(), d.reason());
      // The session itself has seen to these.
      case User.Attached d -> {}
      case User.MoreLagging d -> {}
      case User.Knock d -> {}
      case User.Ended d -> {}
    }
    return true;
  }

  void paged(ConversationId id, Conversation.@Nullable PageReply reply) {
    switch (reply) {
      case null -> deliveries.pageFailed(id);
      case Conversation.Page page -> deliveries.page(id, page.page().entries());
      case Conversation.Refused refused -> {
        if (refused.refusal().code().retryable()) {
          deliveries.pageFailed(id);
        } else {
          deliveries.pageRefused(id);
        }
      }
    }
  }

  void flushAcks() {
    if (deliveries.ackCount() > 0) {
      heard.ack(deliveries.takeAcks());
    }
  }

  @Override
  public void message(ConversationId id, Entry entry, boolean live) {
    boolean own = entry.senderId().equals(identity.me());
    if (live && !own) {
      deps.meters().delivered(deps.ticker().millis() - entry.at());
    }
    out.send(new ServerFrame.Message(id, entry, own));
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
  public void ask(ConversationId id, long after, int limit) {
    requests.replay(id, after, limit);
  }

  @Override
  public boolean claims(ConversationId id, Entry entry) {
    return requests.claims(id, entry);
  }

  @Override
  public boolean replays() {
    return !out.slow() && out.bytes() < deps.settings().replayBytes();
  }

  @Override
  public boolean slow() {
    return out.overfull();
  }
}
