package parley.conversation;

import parley.model.Limits;
import parley.model.Refusal;
import parley.user.User;

/** Answers the commands that only read, and passes on who is typing. Writes nothing. */
final class ConversationQueries {
  private final ConversationLive live;
  private final ConversationState state;

  ConversationQueries(ConversationLive live) {
    this.live = live;
    this.state = live.state;
  }

  void view(Conversation.GetView get) {
    get.replyTo()
        .tell(
            state.member(get.viewer()) == null
                ? new Conversation.Refused(Refusal.notFound())
                : ConversationViews.reply(state, get.viewer()));
  }

  void page(Conversation.GetPage get) {
    ConversationViews.Range range = ConversationViews.range(state, get);
    if (range == null) {
      get.replyTo().tell(new Conversation.Refused(Refusal.notFound()));
      return;
    }
    HistoryPages.Ready ready =
        (entries, entrySource) ->
            get.replyTo()
                .tell(
                    entries == null
                        ? new Conversation.Refused(
                            Refusal.unavailable("the log cannot be read now"))
                        : new Conversation.Page(
                            ConversationViews.page(state, get, range, entries, entrySource)));
    if (get.after() == null) {
      live.historyPages.loadBackward(range.from(), range.to(), range.end(), ready);
    } else {
      live.historyPages.load(range.from(), range.to(), range.end(), ready);
    }
  }

  void typing(Conversation.Typing typing) {
    boolean known = state.member(typing.user()) != null;
    if (known && state.members().size() <= Limits.RECEIPT_MEMBERS) {
      for (Member member : state.members()) {
        if (!member.userId().equals(typing.user())) {
          live.dependencies
              .users()
              .tell(member.userId(), new User.Typing(live.id, typing.user(), typing.active()));
        }
      }
    }
  }
}
