package parley.session;

import java.time.Duration;
import java.util.HashSet;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.javadsl.ActorContext;
import org.jspecify.annotations.Nullable;
import parley.bounds.BoundedMap;
import parley.bounds.LoadGate;
import parley.bounds.TokenBucket;
import parley.conversation.Conversation;
import parley.model.ConversationId;
import parley.model.Entry;
import parley.model.ErrorCode;
import parley.model.Refusal;
import parley.model.UserId;
import parley.protocol.ClientFrame;
import parley.protocol.ServerFrame;
import parley.telemetry.MessageLog;
import parley.telemetry.MessageSpan;
import parley.telemetry.Tracing;
import parley.user.Delivery;
import parley.user.User;

/**
 * Carries out the requests of a client: sends them to user and conversation entities, and the
 * answers back to the client.
 */
final class ClientRequests {
  /**
   * Most written entries of a connection that a {@code sent} frame has announced, or will announce,
   * and that delivery has not passed yet. Normal operation stays far below.
   */
  static final int MAX_UNDELIVERED = 1_024;

  /** Most typing frames of a client in a burst, over all conversations. */
  static final int TYPING_TOKENS = 60;

  /**
   * Most users that a client may begin to watch in a burst. Each watch wakes an entity, even of a
   * user that does not exist.
   */
  private static final int WATCH_TOKENS = 500;

  private static final int TYPING_PER_SECOND = 5;
  private static final int WATCH_PER_SECOND = 10;

  private static final int TYPING_KEPT = 64;
  private static final long TYPING_NANOS = Duration.ofSeconds(1).toNanos();

  private record TypingSent(long nanos, boolean active) {}

  private final ActorContext<Session.Command> context;
  private final SessionDependencies dependencies;
  private final OutgoingFrames out;
  private final DeliveryTracker deliveryTracker;
  private final UserId me;
  private final ActorRef<Delivery> session;
  private final ActorRef<Conversation.PostReply> postReplies;
  private final FrameBudget budget;
  private final PendingPosts pendingPosts = new PendingPosts();
  private TokenBucket typingRate =
      TokenBucket.full(TYPING_TOKENS, FrameBudget.NANOS / TYPING_PER_SECOND, 0);
  private TokenBucket watchRate =
      TokenBucket.full(WATCH_TOKENS, FrameBudget.NANOS / WATCH_PER_SECOND, 0);

  private @Nullable BoundedMap<ConversationId, TypingSent> typing;
  private Set<UserId> watched = Set.of();
  private int openRequests;

  ClientRequests(
      ActorContext<Session.Command> context,
      SessionDependencies dependencies,
      OutgoingFrames out,
      DeliveryTracker deliveryTracker,
      FrameBudget budget,
      UserId me,
      ActorRef<Delivery> session) {
    this.context = context;
    this.dependencies = dependencies;
    this.out = out;
    this.deliveryTracker = deliveryTracker;
    this.budget = budget;
    this.me = me;
    this.session = session;
    this.postReplies =
        context.messageAdapter(
            Conversation.PostReply.class, r -> new SessionInternal.PostAnswered(null, r));
  }

  /** Number of requests without an answer; posts and replayed pages do not count. */
  int openRequests() {
    return openRequests;
  }

  // ---- posts

  /**
   * Sends a write to its conversation. A write over the rate may still be the retry of an accepted
   * one. It goes to the conversation as long as the budget of frames lasts, and the conversation
   * answers it only if it knows the id.
   */
  void post(ClientFrame.Post frame) {
    UserId to = frame.to();
    ConversationId id = frame.conversationId();
    if (id == null) {
      id = ConversationId.direct(me, Objects.requireNonNull(to));
    }
    long nanos = dependencies.ticker().nanos();
    OverRate over = dependencies.rate().take(me, dependencies.ticker().millis());
    long wait = OverRate.waitOf(over);
    if (over != null) {
      long frameWait = budget.tryTake(nanos);
      if (frameWait > 0) {
        refusePost(
            frame.id(),
            Refusal.rateLimited("too many messages", Math.max(wait, frameWait)),
            over.limit());
        return;
      }
    }
    if (pendingPosts.full() || deliveryTracker.coveredCount() >= MAX_UNDELIVERED) {
      refusePost(frame.id(), Refusal.unavailable("too many messages without an answer"), null);
      return;
    }
    PendingPosts.Post post = pendingPosts.add(frame.id(), id, frame.clientMsgId(), nanos);
    post.overLimit = over == null ? null : over.limit();
    String trace = beginTrace(post);
    var conversation = dependencies.entities().conversation(id);
    if (post.ownAsk) {
      ConversationId alone = id;
      context.ask(
          Conversation.PostReply.class,
          conversation,
          dependencies.settings().requestTimeout(),
          replyTo ->
              new Conversation.Post(
                  me, frame.clientMsgId(), frame.intent(), to, replyTo, wait, true, trace),
          (reply, failure) ->
              reply == null
                  ? new SessionInternal.NoAction()
                  : new SessionInternal.PostAnswered(alone, reply));
    } else {
      var message =
          new Conversation.Post(
              me, frame.clientMsgId(), frame.intent(), to, postReplies, wait, true, trace);
      conversation.tell(message);
      post.resend = () -> conversation.tell(message);
    }
  }

  /** Begins the trace of a message, if it is chosen. Returns the context for its conversation. */
  private @Nullable String beginTrace(PendingPosts.Post post) {
    MessageSpan span = dependencies.trail().tracing().begin(Tracing.Part.SOCKET);
    if (span == null) {
      return null;
    }
    post.span =
        span.with("user_id", me.value()).with("conversation_id", post.conversationId.value());
    return span.context();
  }

  /**
   * Refuses a frame because a budget is used up.
   *
   * @param which the budget; null if it was counted where it is kept
   */
  private void refuseOverRate(@Nullable Long frameId, Refusal refusal, @Nullable String which) {
    budget.refused(dependencies.ticker().nanos(), refusal.retryAfterMillis());
    if (which != null) {
      dependencies.meters().limited(which);
    }
    out.refuse(frameId, refusal);
  }

  /**
   * A write turned out to be a retry, or its conversation has no room for more: it is charged to
   * the budget of frames instead of the message rate. If that budget is used up, the message stays
   * spent, so that no client can repeat one message without end.
   */
  private void chargeAsFrame(PendingPosts.Post post) {
    if (post.overLimit == null
        && dependencies.rate().limits(me)
        && budget.tryTake(dependencies.ticker().nanos()) == 0) {
      dependencies.rate().giveBack(me, dependencies.ticker().millis());
    }
  }

  void onPostAnswer(@Nullable ConversationId alone, Conversation.PostReply reply) {
    boolean asked = alone != null;
    switch (reply) {
      case Conversation.Posted p -> {
        PendingPosts.Post post = pendingPosts.take(p.conversationId(), p.clientMsgId(), asked);
        if (post != null) {
          // If the entry arrived before this answer, the tracker knows it already and may have
          // forgotten it.
          boolean known = post.arrivedEntry != null && post.arrivedEntry.seq() == p.seq();
          if (!p.duplicate() && !known) {
            deliveryTracker.sentBeforeEntry(p.conversationId(), p.seq());
          }
          if (p.duplicate()) {
            chargeAsFrame(post);
          }
          sendConfirmation(post, p.messageId(), p.seq(), p.at(), p.duplicate());
        }
        if (!asked) {
          answerRetries(p);
        }
      }
      case Conversation.PostRefused r -> {
        PendingPosts.Post post = pendingPosts.take(alone, r.clientMsgId(), asked);
        if (post != null) {
          confirmOrRefuse(post, r.refusal());
        }
      }
    }
  }

  /**
   * Answers the other pending writes of the same entry. A write can be lost on its way to the
   * conversation, and the answer that comes is then its retry's. An answer names an entry, not a
   * frame, so it answers every frame that waits for that entry. Otherwise each retry would get the
   * answer to the one before it, for ever.
   */
  private void answerRetries(Conversation.Posted p) {
    for (PendingPosts.Post retry = pendingPosts.take(p.conversationId(), p.clientMsgId(), false);
        retry != null;
        retry = pendingPosts.take(p.conversationId(), p.clientMsgId(), false)) {
      chargeAsFrame(retry);
      sendConfirmation(retry, p.messageId(), p.seq(), p.at(), true);
    }
  }

  /**
   * Sends each pending write a second time after a while, and gives up on writes that have waited
   * for the request timeout. Returns the time until the next call is due, or null if no write is
   * pending.
   */
  @Nullable Duration expirePosts() {
    long patience = dependencies.settings().requestTimeout().toNanos();
    long now = dependencies.ticker().nanos();
    for (PendingPosts.Post p = pendingPosts.takeExpired(now - patience);
        p != null;
        p = pendingPosts.takeExpired(now - patience)) {
      confirmOrRefuse(
          p, Refusal.unavailable("no answer in time; ask again under the same client_msg_id"));
    }
    long repeatAfter = dependencies.settings().repeatAfter().toNanos();
    Long next = pendingPosts.resendDue(now - repeatAfter);
    PendingPosts.Post oldest = pendingPosts.oldest();
    if (oldest == null) {
      return null;
    }
    long due = oldest.addedAt + patience - now;
    return Duration.ofNanos(next == null ? due : Math.min(due, next + repeatAfter - now));
  }

  /** Whether a write is pending, so that {@link #expirePosts} has to be called. */
  boolean hasPendingPosts() {
    return pendingPosts.oldest() != null;
  }

  /**
   * Whether the entry belongs to a pending write, so that a {@code sent} frame will announce it.
   */
  boolean belongsToPendingPost(ConversationId id, Entry entry) {
    return entry.senderId().equals(me) && pendingPosts.recordEntry(id, entry);
  }

  // The entry itself may have arrived; then the write has succeeded in spite of the refusal. It is
  // unknown whether this write or a retry elsewhere stored it. Only the conversation's own answer
  // may claim to be the first, so this one is marked as a duplicate.
  private void confirmOrRefuse(PendingPosts.Post post, Refusal refusal) {
    Entry proof = post.arrivedEntry;
    if (proof != null) {
      sendConfirmation(post, proof.messageId(), proof.seq(), proof.at(), true);
    } else {
      if (post.span != null) {
        post.span.failed(refusal.code().wireName()).end();
      }
      if (refusal.code() == ErrorCode.RATE_LIMITED) {
        chargeAsFrame(post);
      }
      refusePost(post.frameId, refusal, post.overLimit);
    }
  }

  private void refusePost(@Nullable Long frameId, Refusal refusal, @Nullable String limit) {
    dependencies.meters().messageRefused(refusal.code());
    if (refusal.code() == ErrorCode.RATE_LIMITED) {
      refuseOverRate(frameId, refusal, limit);
    } else {
      out.refuse(frameId, refusal);
    }
  }

  private void sendConfirmation(
      PendingPosts.Post post, String messageId, long seq, long at, boolean duplicate) {
    long nanos = dependencies.ticker().nanos() - post.addedAt;
    MessageSpan span = post.span;
    dependencies.meters().sent(nanos, span == null ? null : span.context());
    out.send(
        new ServerFrame.Sent(
            post.frameId, post.conversationId, post.clientMsgId, messageId, seq, at, duplicate));
    follow(post, messageId, seq, nanos);
    Entry proof = post.arrivedEntry;
    if (proof != null && proof.seq() == seq) {
      deliveryTracker.sentAfterEntry(post.conversationId, seq);
    } else if (proof != null) {
      deliveryTracker.sentCancelled(post.conversationId, proof.seq());
    }
  }

  /** The answer to a followed message is on its way: its trace ends, and the log says so. */
  private void follow(PendingPosts.Post post, String messageId, long seq, long nanos) {
    MessageSpan span = post.span;
    if (span != null) {
      span.with("message_id", messageId).with("seq", seq).end();
    }
    MessageLog log = dependencies.trail().log();
    if (log.picks(messageId, span == null ? null : span.context())) {
      log.line(MessageLog.Step.SENT, post.conversationId.value(), seq, messageId)
          .user(me.value())
          .latencyMillis(TimeUnit.NANOSECONDS.toMillis(nanos))
          .trace(span == null ? null : span.context())
          .write();
    }
  }

  // ---- reads

  void read(ClientFrame.Read frame) {
    openRequests++;
    context.ask(
        Conversation.ReadReply.class,
        dependencies.entities().conversation(frame.conversationId()),
        dependencies.settings().requestTimeout(),
        replyTo -> new Conversation.Read(me, frame.seq(), replyTo),
        (reply, failure) ->
            switch (reply) {
              case null -> noAnswer(frame.id());
              case Conversation.ReadDone d -> new SessionInternal.RequestAnswered(null);
              case Conversation.Refused r -> refused(frame.id(), r.refusal());
            });
  }

  void history(ClientFrame.History frame) {
    if (dependencies.load().sheds(LoadGate.Shed.HISTORY)) {
      out.refuse(
          frame.id(),
          new Refusal(ErrorCode.UNAVAILABLE, "the server is under load", LoadGate.RETRY_MILLIS));
      return;
    }
    openRequests++;
    context.ask(
        Conversation.PageReply.class,
        dependencies.entities().conversation(frame.conversationId()),
        dependencies.settings().requestTimeout(),
        replyTo ->
            new Conversation.GetPage(
                me, frame.before(), frame.after(), frame.limit(), false, replyTo),
        (reply, failure) ->
            switch (reply) {
              case null -> noAnswer(frame.id());
              case Conversation.Page p ->
                  new SessionInternal.RequestAnswered(
                      new ServerFrame.History(frame.id(), p.page(), me));
              case Conversation.Refused r -> refused(frame.id(), r.refusal());
            });
  }

  void inbox(ClientFrame.Inbox frame) {
    openRequests++;
    context.ask(
        User.InboxReply.class,
        dependencies.entities().user(me),
        dependencies.settings().requestTimeout(),
        replyTo -> new User.GetInbox(frame.limit(), frame.cursor(), replyTo),
        (reply, failure) ->
            switch (reply) {
              case null -> noAnswer(frame.id());
              case User.Inbox i ->
                  new SessionInternal.RequestAnswered(new ServerFrame.Inbox(frame.id(), i.page()));
              case User.Refused r -> refused(frame.id(), r.refusal());
            });
  }

  /** A request was answered; null means that there is nothing to send. */
  void onRequestAnswer(@Nullable ServerFrame frame) {
    openRequests--;
    if (frame != null) {
      out.send(frame);
    }
  }

  /** Requests a page for replay. */
  void requestReplay(ConversationId id, long after, int limit) {
    context.ask(
        Conversation.PageReply.class,
        dependencies.entities().conversation(id),
        dependencies.settings().requestTimeout(),
        replyTo -> new Conversation.GetPage(me, null, after, limit, true, replyTo),
        (reply, failure) -> new SessionInternal.ReplayAnswered(id, reply));
  }

  private static Session.Command noAnswer(@Nullable Long id) {
    return refused(id, Refusal.unavailable("no answer in time"));
  }

  private static Session.Command refused(@Nullable Long id, Refusal r) {
    return new SessionInternal.RequestAnswered(
        new ServerFrame.Failed(id, r.code(), r.message(), r.retryAfterMillis()));
  }

  // ---- typing and presence

  /**
   * Passes on at most one typing frame a second for each conversation, and one end for each. Frames
   * over the connection's rate are dropped.
   */
  void typing(ClientFrame.Typing frame) {
    if (dependencies.load().sheds(LoadGate.Shed.TYPING)) {
      return;
    }
    long now = dependencies.ticker().nanos();
    if (typing == null) {
      typing = BoundedMap.byAge(TYPING_KEPT);
    }
    TypingSent told = typing.get(frame.conversationId());
    if (frame.active() && told != null && now - told.nanos() < TYPING_NANOS) {
      return;
    }
    if (!frame.active() && (told == null || !told.active())) {
      return;
    }
    typingRate = typingRate.at(now);
    if (typingRate.waitFor(1) > 0) {
      dependencies.meters().shed(SessionMeters.Shed.TYPING);
      return;
    }
    typingRate = typingRate.take(1);
    long since = frame.active() || told == null ? now : told.nanos();
    typing.putLast(frame.conversationId(), new TypingSent(since, frame.active()));
    dependencies
        .entities()
        .conversation(frame.conversationId())
        .tell(new Conversation.Typing(me, frame.active()));
  }

  /** Replaces the set of watched users. Over the rate the set stays as it is. */
  void watch(ClientFrame.Watch frame) {
    Set<UserId> next = Set.copyOf(frame.userIds());
    watchRate = watchRate.at(dependencies.ticker().nanos());
    long wait = FrameBudget.toMillis(watchRate.waitFor(next.size()));
    if (wait > 0) {
      refuseOverRate(
          frame.id(), Refusal.rateLimited("too many users to watch", wait), FrameBudget.WATCHED);
      return;
    }
    watchRate = watchRate.take(next.size());
    Set<UserId> gone = new HashSet<>(watched);
    gone.removeAll(next);
    watched = next;
    out.send(new ServerFrame.Ok(frame.id()));
    gone.forEach(user -> tellWatch(user, false));
    renewWatch();
  }

  /** Renews the watch of every watched user. */
  void renewWatch() {
    watched.forEach(user -> tellWatch(user, true));
  }

  /** Ends the watch of every watched user. */
  void unwatch() {
    watched.forEach(user -> tellWatch(user, false));
    watched = Set.of();
  }

  boolean watches(UserId user) {
    return watched.contains(user);
  }

  boolean watchesAny() {
    return !watched.isEmpty();
  }

  private void tellWatch(UserId user, boolean on) {
    dependencies.entities().user(user).tell(new User.Watch(session, on));
  }
}
