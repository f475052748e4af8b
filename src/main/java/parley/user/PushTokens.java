package parley.user;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.annotation.JsonInclude;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Base64;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.cluster.sharding.typed.javadsl.ClusterSharding;
import org.apache.pekko.cluster.sharding.typed.javadsl.Entity;
import org.apache.pekko.cluster.sharding.typed.javadsl.EntityTypeKey;
import parley.model.UserId;
import parley.serial.Local;
import parley.serial.Wire;

/**
 * Whose a push token is: one user's at a time. A phone keeps its token when another person logs in
 * on it, and must not show what the former one is sent.
 *
 * <pre>
 *   User B --Claim--&gt; PushTokenOwner, by the token's hash --LosePushToken--&gt; User A
 *                            journal: B, and A is to be told         journal: no token
 *   User B &lt;--Claimed-- (when A has lost it)
 *   journal: the token, 204
 * </pre>
 *
 * <p>A process that dies on the way leaves a caller without an answer, who asks again: what is
 * still to be told stands in the journal. Claims have numbers, so that a user who is told to lose a
 * token and has claimed it anew meanwhile keeps it. What was registered before there were claims is
 * claimed at its next registration.
 *
 * <p>A token that a user's devices have no longer (it was removed, replaced, its device is gone or
 * logged out) is released: the user's journal says so until the owner knows, and then nobody is
 * owner. A device that is logged out keeps the token itself, and claims it anew at its next hello
 * if nobody else has it by then: somebody who only comes back takes nothing from who has registered
 * it since. A claim whose answer is lost leaves an owner without the token, until that user or
 * another claims it.
 */
public final class PushTokens {
  /** Sharded under this name; the entity's id is {@link #hash}. */
  public static final EntityTypeKey<Command> KEY =
      EntityTypeKey.create(Command.class, "push-token");

  /** Another user has it, and keeps it. */
  public static final long TAKEN = -1;

  private PushTokens() {}

  /** The way to the owners of tokens. */
  public interface Claims {
    /** Nobody gives out tokens: every claim is good, and has no number. */
    Claims OFF =
        new Claims() {
          @Override
          public CompletionStage<Long> claim(
              UserId user, String hash, long held, boolean onlyIfFree) {
            return CompletableFuture.completedFuture(0L);
          }

          @Override
          public CompletionStage<?> release(UserId user, String hash, long claim) {
            return CompletableFuture.completedFuture(true);
          }
        };

    /**
     * Makes a token this user's. Completes with the number of the claim when nobody else has it;
     * fails, in a few seconds, where somebody may.
     *
     * @param held the number under which a device of the user has it, or 0
     * @param onlyIfFree another user keeps it: then completes with {@link #TAKEN}
     */
    CompletionStage<Long> claim(UserId user, String hash, long held, boolean onlyIfFree);

    /**
     * A token is this user's no longer, if it still is under this claim or an earlier one.
     * Completes when that is durable; fails, in a few seconds, where it may not be.
     */
    CompletionStage<?> release(UserId user, String hash, long claim);
  }

  /** How the former owner is told. */
  @FunctionalInterface
  public interface Former {
    /** Takes the token from the user; completes when that is durable, or fails in a few seconds. */
    CompletionStage<?> lose(UserId user, String hash, long before);
  }

  /** Registers them with the sharding. */
  public static void init(ClusterSharding sharding, Former former) {
    sharding.init(
        Entity.of(
                KEY,
                entity -> PushTokenOwner.create(entity.getEntityId(), entity.getShard(), former))
            .withStopMessage(new Stop()));
  }

  /** SHA-256 of platform and token, base64url: the token itself goes nowhere. */
  static String hash(String platform, String token) {
    try {
      byte[] digest =
          MessageDigest.getInstance("SHA-256").digest((platform + "|" + token).getBytes(UTF_8));
      return Base64.getUrlEncoder().withoutPadding().encodeToString(digest);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java has SHA-256", e);
    }
  }

  /** What can be told to an owner. */
  public sealed interface Command extends Wire {}

  /**
   * The token is this user's now. Answers {@link Claimed}, {@link NotNow} or {@link Taken}.
   *
   * @param held the number under which a device of the user has it, or 0. A claim by its owner
   *     keeps that number, and any other gets a new one: what the user let go before is released
   *     under the old one, and does not end the new
   * @param onlyIfFree another user keeps it
   */
  @JsonInclude(JsonInclude.Include.NON_DEFAULT)
  public record Claim(UserId user, ActorRef<Reply> replyTo, long held, boolean onlyIfFree)
      implements Command {}

  /**
   * The user has let it go. Answers {@link Released} when that is durable, also where it is the
   * user's no longer.
   *
   * @param claim later claims than this one stay
   */
  public record Release(UserId user, long claim, ActorRef<Reply> replyTo) implements Command {}

  /** The answer to a command. */
  public sealed interface Reply extends Wire {}

  /** It is, and nobody else's. */
  public record Claimed(long nr) implements Reply {}

  /** Somebody else may still have it; ask again. */
  public record NotNow() implements Reply {}

  /** It is another user's, and stays so. */
  public record Taken() implements Reply {}

  /** It is the user's no longer. */
  public record Released() implements Reply {}

  record Told(UserId user, long before, boolean lost) implements Command, Local {}

  record Idle() implements Command, Local {}

  record Stop() implements Command, Local {}
}
