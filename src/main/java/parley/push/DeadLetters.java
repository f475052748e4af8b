package parley.push;

import com.fasterxml.jackson.annotation.JsonProperty;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletionStage;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.cluster.sharding.typed.javadsl.ClusterSharding;
import org.apache.pekko.cluster.sharding.typed.javadsl.Entity;
import org.apache.pekko.cluster.sharding.typed.javadsl.EntityRef;
import org.apache.pekko.cluster.sharding.typed.javadsl.EntityTypeKey;
import org.jspecify.annotations.Nullable;
import parley.model.UserId;
import parley.serial.Local;
import parley.serial.Wire;
import parley.telemetry.Telemetry;

/**
 * The push notifications that failed for good. They are stored in {@value #SLOTS} event-sourced
 * entities, the slots. Each slot holds the letters of a part of the users, at most the newest
 * {@link DeadLetterState#LETTERS}. A device and conversation have at most one letter: a newer one
 * replaces the older one.
 *
 * <p>The id of a letter consists of its slot and its number there, such as {@code 7-42}.
 * Thread-safe.
 */
public final class DeadLetters {
  /** Entity type of the slots. It never changes, because letters stay in the slot of their user. */
  public static final EntityTypeKey<Command> KEY =
      EntityTypeKey.create(Command.class, "dead-letters");

  /** Number of slots. It never changes. */
  public static final int SLOTS = 32;

  /** Most letters of a page and of one removal. */
  public static final int PAGE = 200;

  private static final Duration TIMEOUT = Duration.ofSeconds(10);

  private final ClusterSharding sharding;

  private DeadLetters(ClusterSharding sharding) {
    this.sharding = sharding;
  }

  /** Registers the slots with cluster sharding. */
  public static DeadLetters init(ClusterSharding sharding, Telemetry telemetry) {
    var dropped = telemetry.registry().counter("parley.push.dead_letters.dropped");
    sharding.init(
        Entity.of(
                KEY,
                entity ->
                    DeadLetterSlot.create(
                        entity.getEntityId(),
                        entity.getShard(),
                        dropped::increment,
                        telemetry.entities().deadLetters()))
            .withStopMessage(new Stop()));
    return new DeadLetters(sharding);
  }

  // ---- messages

  /** Messages of a slot. */
  public sealed interface Command extends Wire permits Keep, GetPage, Remove, Idle, Stop {}

  /**
   * Request to store a letter. The slot answers {@link Kept} when the letter is durable, or when it
   * already has a newer one about the same device and conversation.
   */
  public record Keep(
      @JsonProperty("l") DeadLetter letter,
      @JsonProperty("n") long reference,
      @JsonProperty("r") ActorRef<Kept> replyTo)
      implements Command {}

  /**
   * The letter is durable.
   *
   * @param reference of the {@link Keep}
   */
  public record Kept(@JsonProperty("n") long reference) implements Wire {}

  /**
   * Request for the letters with a number above {@code after}, ascending. The slot answers {@link
   * Page}.
   *
   * @param user whose letters are wanted, or null for all
   * @param limit most letters of the page, at most {@link #PAGE}
   */
  public record GetPage(@Nullable UserId user, long after, int limit, ActorRef<Page> replyTo)
      implements Command {}

  /**
   * A page of letters.
   *
   * @param more whether the slot has further letters after this page
   * @param last the highest number this slot has assigned so far
   * @param dropped how many letters this slot has ever dropped because it was full
   */
  public record Page(List<Letter> letters, boolean more, long last, long dropped) implements Wire {}

  /** A letter with its slot and its number there. */
  public record Letter(int slot, long nr, DeadLetter letter) {
    /** The id that operators use, such as {@code 7-42}. */
    public String id() {
      return slot + "-" + nr;
    }
  }

  /** Request to remove letters. The slot answers {@link Removed} and ignores unknown numbers. */
  public record Remove(List<Long> nrs, ActorRef<Removed> replyTo) implements Command {}

  /** How many of the letters were there and are removed. */
  public record Removed(int count) implements Wire {}

  /** The receive timeout: no message has arrived for a while. */
  record Idle() implements Command, Local {}

  /** The stop message of cluster sharding. */
  record Stop() implements Command, Local {}

  // ---- calls

  /**
   * Keeps all slots in memory, if called more often than they leave it, so that their nodes know
   * how many letters there are.
   */
  public void keepInMemory(ActorRef<Page> ignored) {
    for (int slot = 0; slot < SLOTS; slot++) {
      entity(slot).tell(new GetPage(null, Long.MAX_VALUE, 1, ignored));
    }
  }

  /** The slot of a user. */
  public static int slot(UserId user) {
    return Math.floorMod(user.value().hashCode(), SLOTS);
  }

  /**
   * Sends a letter to its slot. A sender without an answer has to assume that the letter is not
   * stored.
   */
  public void keep(DeadLetter letter, long reference, ActorRef<Kept> replyTo) {
    entity(slot(letter.userId())).tell(new Keep(letter, reference, replyTo));
  }

  /** Reads a page of one slot. Fails if the slot does not answer within ten seconds. */
  public CompletionStage<Page> page(int slot, @Nullable UserId user, long after, int limit) {
    int most = Math.clamp(limit, 1, PAGE);
    return entity(slot).ask(replyTo -> new GetPage(user, after, most, replyTo), TIMEOUT);
  }

  /**
   * Removes letters, at most {@link #PAGE}, and ignores further numbers. The result is how many of
   * them were there.
   */
  public CompletionStage<Integer> remove(int slot, List<Long> nrs) {
    List<Long> some = List.copyOf(nrs.subList(0, Math.min(PAGE, nrs.size())));
    return entity(slot)
        .<Removed>ask(replyTo -> new Remove(some, replyTo), TIMEOUT)
        .thenApply(Removed::count);
  }

  private EntityRef<Command> entity(int slot) {
    return sharding.entityRefFor(KEY, String.valueOf(slot));
  }
}
