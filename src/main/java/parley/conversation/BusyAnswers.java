package parley.conversation;

import parley.bounds.AdmissionGuard;
import parley.model.ConversationId;
import parley.model.Refusal;

/** The refusals that a conversation sends when too many commands wait for a slow write. */
final class BusyAnswers {
  private static final Refusal BUSY = Refusal.unavailable("the conversation is busy; ask again");

  private BusyAnswers() {}

  static AdmissionGuard<Conversation.Command> guard(ConversationId id) {
    return new AdmissionGuard<>(
        Conversation.Command.class,
        AdmissionGuard.MAX_WAITING,
        // The entity's own messages are few: timers, and answers to its own bounded requests.
        command -> command instanceof Conversation.Internal || command instanceof Conversation.Kept,
        BusyAnswers::refuse,
        id.value());
  }

  static void refuse(Conversation.Command command) {
    switch (command) {
      case Conversation.Post post ->
          post.replyTo().tell(new Conversation.PostRefused(post.clientMsgId(), BUSY));
      case Conversation.OpenDirect open -> open.replyTo().tell(new Conversation.Refused(BUSY));
      case Conversation.CreateGroup create -> create.replyTo().tell(new Conversation.Refused(BUSY));
      case Conversation.ChangeGroup change -> change.replyTo().tell(new Conversation.Refused(BUSY));
      case Conversation.AddMembers add -> add.replyTo().tell(new Conversation.Refused(BUSY));
      case Conversation.RemoveMember remove ->
          remove.replyTo().tell(new Conversation.Refused(BUSY));
      case Conversation.SetRole set -> set.replyTo().tell(new Conversation.Refused(BUSY));
      case Conversation.GetView get -> get.replyTo().tell(new Conversation.Refused(BUSY));
      case Conversation.GetPage get -> get.replyTo().tell(new Conversation.Refused(BUSY));
      case Conversation.Read read -> {
        if (read.replyTo() != null) {
          read.replyTo().tell(new Conversation.Refused(BUSY));
        }
      }
      case ConversationInspection.FindEntry find ->
          find.replyTo().tell(new ConversationInspection.Unanswered(BUSY));
      case ConversationInspection.GetOverview get ->
          get.replyTo().tell(new ConversationInspection.Unanswered(BUSY));
      // User entities repeat what matters, and typing does not matter.
      case Conversation.FromUser from -> {}
      case Conversation.Typing typing -> {}
      case Conversation.Wake wake -> {}
      // The calendar asks again.
      case Conversation.Archive archive -> {}
      case Conversation.Kept kept -> {}
      case Conversation.Internal internal -> throw new IllegalStateException("always admitted");
    }
  }
}
