package parley.auth;

import org.apache.pekko.actor.typed.Behavior;
import org.apache.pekko.actor.typed.BehaviorInterceptor;
import org.apache.pekko.actor.typed.TypedActorContext;
import org.apache.pekko.actor.typed.javadsl.Behaviors;

/**
 * Bounds the requests that wait for an {@link AccountEntity}. It intercepts the behaviour and
 * counts the requests that have arrived but have not reached the handler, because they wait for a
 * write or for the recovery. It refuses requests beyond the bound. The behaviour's stash would drop
 * them without a reply.
 */
final class AccountAdmission extends BehaviorInterceptor<Account.Command, Account.Command> {
  private final int maxWaiting;
  private int waiting;

  AccountAdmission(int most) {
    super(Account.Command.class);
    this.maxWaiting = most;
  }

  @Override
  public Behavior<Account.Command> aroundReceive(
      TypedActorContext<Account.Command> context,
      Account.Command command,
      ReceiveTarget<Account.Command> target) {
    if (command instanceof Account.Request request) {
      if (waiting >= maxWaiting) {
        request.refuse();
        return Behaviors.same();
      }
      waiting++;
    }
    return target.apply(context, command);
  }

  /** The handler calls this for each command it gets. */
  void commandHandled(Account.Command command) {
    if (command instanceof Account.Request) {
      waiting--;
    }
  }
}
