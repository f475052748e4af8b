package parley.user;

import parley.model.ErrorCode;
import parley.model.Refusal;

/** Sends the refusal that fits each command: of a busy user, and of one that does not exist. */
final class UserRefusals {
  private UserRefusals() {}

  /** Refuses a command because too many commands wait for a write. */
  static void overloaded(User.Command command) {
    refuse(command, Refusal.unavailable("too many requests wait for this user; ask again"));
  }

  /**
   * Sends the refusal to the command's sender, if it has one. A command without a sender is safe to
   * drop: a conversation repeats its delivery, an entry whose acknowledgement is lost comes again
   * after a reconnect, and a watch is renewed.
   */
  static void refuse(User.Command command, Refusal refusal) {
    User.Refused refused = new User.Refused(refusal);
    switch (command) {
      case User.Ensure c -> c.replyTo().tell(refused);
      case User.GetProfile c -> c.replyTo().tell(refused);
      case User.ChangeProfile c -> c.replyTo().tell(refused);
      case User.SetStatus c -> c.replyTo().tell(refused);
      case User.GetDevices c -> c.replyTo().tell(refused);
      case User.RemoveDevice c -> c.replyTo().tell(refused);
      case User.EndLogin c -> c.replyTo().tell(refused);
      case User.LosePushToken c -> c.replyTo().tell(refused);
      case User.SetPushToken c -> c.replyTo().tell(refused);
      case User.GetInbox c -> c.replyTo().tell(refused);
      case User.SetRowFlags c -> c.replyTo().tell(refused);
      case User.BeginGroup c -> c.replyTo().tell(refused);
      case User.Attach c -> LiveSessions.refuse(c, refusal);
      case User.Acked c -> {}
      case User.Check c -> {}
      case User.Spent c -> {}
      case User.SessionAlive c -> {}
      case User.Watch c -> {}
      case User.Deliver c -> {}
      case User.Typing c -> {}
      case UserPush.Again c ->
          c.replyTo()
              .tell(
                  new UserPush.Answer(
                      refusal.code() == ErrorCode.NOT_FOUND
                          ? UserPush.Need.NO_TOKEN
                          : UserPush.Need.FULL));
      case UserInspection.FindEntry c -> c.replyTo().tell(new UserInspection.Unanswered(refusal));
      case UserInspection.GetOverview c -> c.replyTo().tell(new UserInspection.Unanswered(refusal));
      case UserAdministration.SetBan c -> c.replyTo().tell(refused);
      case UserAdministration.LiftBan c -> c.replyTo().tell(refused);
      case UserAdministration.EndSessions c -> c.replyTo().tell(refused);
      case UserPush.Woken c -> {}
      case UserPush.Reminded c -> {}
      case UserInternal c -> {}
    }
  }
}
