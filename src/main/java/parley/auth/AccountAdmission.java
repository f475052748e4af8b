package parley.auth;

import org.apache.pekko.actor.typed.Behavior;
import org.apache.pekko.actor.typed.BehaviorInterceptor;
import org.apache.pekko.actor.typed.TypedActorContext;
import org.apache.pekko.actor.typed.javadsl.Behaviors;

/**
 * Stands before an {@link Account}'s behaviour and counts the requests that have come but not
 * reached the handler, as they wait behind a write or the recovery. What is too much it refuses,
 * before the behaviour's stash would drop it in silence.
 */
final class AccountAdmission extends BehaviorInterceptor<Account.Command, Account.Command> {
  private final int most;
  private int waiting;

  AccountAdmission(int most) {
    super(Account.Command.class);
    this.most = most;
  }

  @Override
  public Behavior<Account.Command> aroundReceive(
      TypedActorContext<Account.Command> context,
      Account.Command command,
      ReceiveTarget<Account.Command> target) {
    if (command instanceof Account.Request request) {
      if (waiting >= most) {
        request.refuse();
        return Behaviors.same();
      }
      waiting++;
    }
    return target.apply(context, command);
  }

  /** To be called by the handler for each command it is given. */
  void handled(Account.Command command) {
    if (command instanceof Account.Request) {
      waiting--;
    }
  }
}
