package parley.auth;

import com.fasterxml.jackson.annotation.JsonInclude;
import java.util.concurrent.CompletionStage;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.cluster.sharding.typed.javadsl.EntityTypeKey;
import org.jspecify.annotations.Nullable;
import parley.model.UserId;
import parley.serial.Local;
import parley.serial.Wire;

/**
 * Messages to an account, the entity of one username ({@link AccountEntity}); its replies are
 * {@link AccountReply}.
 */
public final class Account {
  /** The sharding key. The id of an entity is the username. */
  public static final EntityTypeKey<Command> KEY = EntityTypeKey.create(Command.class, "Account");

  /**
   * Messages to an account. Refresh tokens arrive parsed, so that a malformed token starts no
   * entity.
   */
  public sealed interface Command extends Wire {}

  /** A command that expects a reply. */
  sealed interface Request extends Command {
    ActorRef<? super AccountReply.Overloaded> replyTo();

    default void refuse() {
      replyTo().tell(new AccountReply.Overloaded());
    }
  }

  /** Registers the name. All fields already satisfy the rules of {@link Credentials}. */
  record Register(Secret password, String displayName, ActorRef<AccountReply.ToRegister> replyTo)
      implements Request {
    @Override
    public String toString() {
      return "Register[]";
    }
  }

  /**
   * Starts a family of refresh tokens if the password is right.
   *
   * @param address the client's address, in the form of {@link ClientAddresses#key}; null from a
   *     version that does not send it
   * @param knownDevice the known-device token of an earlier login, or null
   * @param addressWaitMillis 0, or the wait in milliseconds for an address that has made too many
   *     attempts lately, at any accounts. A known device may log in all the same; every other login
   *     is refused with this wait
   */
  record Login(
      Secret password,
      ActorRef<AccountReply.ToLogin> replyTo,
      @Nullable String address,
      @Nullable Secret knownDevice,
      long addressWaitMillis)
      implements Request {}

  /**
   * Exchanges a refresh token for the next one.
   *
   * @param banned whether the user is banned: then a token that would be exchanged is not, and the
   *     reply is {@link AccountReply.Banned}
   */
  record Refresh(
      RefreshToken token,
      ActorRef<AccountReply.ToRefresh> replyTo,
      @JsonInclude(JsonInclude.Include.NON_DEFAULT) boolean banned)
      implements Request {
    Refresh(RefreshToken token, ActorRef<AccountReply.ToRefresh> replyTo) {
      this(token, replyTo, false);
    }
  }

  /** Revokes the family of a refresh token. */
  record Logout(RefreshToken token, ActorRef<AccountReply.ToLogout> replyTo) implements Request {}

  /**
   * Ends the login that access tokens name by {@code sid}, because the user removed a device that
   * used it. The reply is {@link AccountReply.FamilyGone} when none of the family's tokens is valid
   * any more.
   */
  record EndFamily(String sid, ActorRef<AccountReply.ToEndFamily> replyTo) implements Request {}

  /**
   * Ends all logins of the user, also those that no device has used yet. The reply is {@link
   * AccountReply.FamilyGone} when no token of theirs is valid any more and the user entity knows,
   * or at once if the name belongs to nobody or to another user. A node of an older version does
   * not know this; see {@code parley.cluster.Capability.BANS}.
   */
  record EndFamilies(UserId user, ActorRef<AccountReply.ToEndFamily> replyTo) implements Request {}

  /** Asks for the owner of the name. */
  record Lookup(ActorRef<AccountReply.ToLookup> replyTo) implements Request {}

  /** The stop message of the shard: the entity leaves memory. */
  record Stop() implements Command, Local {}

  record Hashed(Register register, Secret hash) implements Command, Local {}

  record Matched(Login login, GuessLimits.AttemptSource who, boolean match)
      implements Command, Local {}

  record HashFailed(Request request, GuessLimits.@Nullable AttemptSource who, Throwable failure)
      implements Command, Local {}

  record Idle() implements Command, Local {}

  /**
   * Result of a notification: the user entity knows that the family has ended, or did not confirm
   * it.
   */
  record UserNotified(String familyId, boolean known) implements Command, Local {}

  /** Timer: repeats the notifications that the user entity has not confirmed. */
  record RetryNotifications() implements Command, Local {}

  /** Notifies user entities that a login has ended. */
  @FunctionalInterface
  public interface Users {
    /**
     * Closes the sockets and stops the pushes of the login. The stage completes when the user
     * entity has stored the end. It fails within a few seconds if that is not certain.
     */
    CompletionStage<?> loginEnded(UserId user, String sid);
  }

  private Account() {}
}
