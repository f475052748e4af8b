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
 * Decides which user owns a push token: one user at a time. A phone keeps its token when another
 * person logs in on it, and must not show notifications for its former user.
 *
 * <pre>
 *   User B --Claim--&gt; PushTokenOwner, by the token's hash --LosePushToken--&gt; User A
 *                            journal: B, and A is to be told         journal: no token
 *   User B &lt;--Claimed-- (when A has lost it)
 *   journal: the token, 204
 * </pre>
 *
 * <p>If a process dies during a claim, the caller gets no answer and asks again: the journal says
 * which users are still to be told. Claims have numbers. So a user that is told to lose a token
 * keeps it if it has claimed the token again meanwhile. A token that was registered before claims
 * existed is claimed at its next registration.
 *
 * <p>A token that no device of the user has any longer (the token was removed or replaced, or the
 * device was removed or logged out) is released. The user's journal keeps the release until the
 * owner record confirms it; then the token has no owner. A device that is logged out keeps the
 * token itself, and claims it again at its next hello if no other user owns it by then. So a device
 * that only comes back takes nothing from a user who has registered the token since. If the answer
 * to a claim is lost, the owner does not have the token until that user or another one claims it.
 */
public final class PushTokens {
  /** The sharding key; the entity id is {@link #hash}. */
  public static final EntityTypeKey<Command> KEY =
      EntityTypeKey.create(Command.class, "push-token");

  /** The result of a claim: another user owns the token and keeps it. */
  public static final long TAKEN = -1;

  private PushTokens() {}

  /** Sends claims and releases to the owner records. */
  public interface Claims {
    /** No ownership is tracked: every claim succeeds, without a number. */
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
     * Makes the user the owner of a token. Completes with the number of the claim when no other
     * user has the token. Fails within a few seconds if another user may have it.
     *
     * @param held the number of the claim that a device of the user has, or 0
     * @param onlyIfFree if another user owns the token, that user keeps it, and the result is
     *     {@link #TAKEN}
     */
    CompletionStage<Long> claim(UserId user, String hash, long held, boolean onlyIfFree);

    /**
     * Releases a token if the user still owns it under this claim or an earlier one. Completes when
     * the release is durable. Fails within a few seconds if it may not be.
     */
    CompletionStage<?> release(UserId user, String hash, long claim);
  }

  /** Takes tokens from former owners. */
  @FunctionalInterface
  public interface Former {
    /**
     * Takes the token from the user. Completes when that is durable, or fails within a few seconds.
     */
    CompletionStage<?> lose(UserId user, String hash, long before);
  }

  /** Registers the owner records with cluster sharding. */
  public static void init(ClusterSharding sharding, Former former) {
    sharding.init(
        Entity.of(
                KEY,
                entity -> PushTokenOwner.create(entity.getEntityId(), entity.getShard(), former))
            .withStopMessage(new Stop()));
  }

  /** SHA-256 of platform and token, base64url. The token itself is not sent to the owner record. */
  static String hash(String platform, String token) {
    try {
      byte[] digest =
          MessageDigest.getInstance("SHA-256").digest((platform + "|" + token).getBytes(UTF_8));
      return Base64.getUrlEncoder().withoutPadding().encodeToString(digest);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java has SHA-256", e);
    }
  }

  /** All messages that an owner record receives. */
  public sealed interface Command extends Wire {}

  /**
   * Makes the user the owner. The answer is {@link Claimed}, {@link AskAgain} or {@link
   * OwnedByOther}.
   *
   * @param held the number of the claim that a device of the user has, or 0. If the owner claims
   *     with its current number, the number stays; every other claim gets a new one. So the release
   *     of an earlier claim carries an old number, and does not end the new claim
   * @param onlyIfFree if another user owns the token, that user keeps it
   */
  @JsonInclude(JsonInclude.Include.NON_DEFAULT)
  public record Claim(UserId user, ActorRef<Reply> replyTo, long held, boolean onlyIfFree)
      implements Command {}

  /**
   * Ends a claim: the user no longer uses the token. The answer is {@link Released} when that is
   * durable, also if the user is no longer the owner.
   *
   * @param claim the number of the claim that ends; later claims stay
   */
  public record Release(UserId user, long claim, ActorRef<Reply> replyTo) implements Command {}

  /** The answers of an owner record. */
  public sealed interface Reply extends Wire {}

  /** The user is the only owner. */
  public record Claimed(long nr) implements Reply {}

  /** Another user may still have the token; ask again. */
  public record AskAgain() implements Reply {}

  /** Another user owns the token and keeps it. */
  public record OwnedByOther() implements Reply {}

  /** The user does not own the token any longer. */
  public record Released() implements Reply {}

  record OwnerNotified(UserId user, long before, boolean lost) implements Command, Local {}

  record Idle() implements Command, Local {}

  record Stop() implements Command, Local {}
}
