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
 * The push notifications that failed for good: {@value #SLOTS} event-sourced entities, each with
 * the letters of its part of the users, the newest {@link DeadLetterState#LETTERS} of them. One
 * letter at most for each device and conversation: a later one takes the place of an earlier one.
 *
 * <p>A letter's id is its slot and its number there, {@code 7-42}. Thread-safe.
 */
public final class DeadLetters {
  /** Where they live. For ever: letters stay in the slot their user had. */
  public static final EntityTypeKey<Command> KEY =
      EntityTypeKey.create(Command.class, "dead-letters");

  /** How many parts there are. Never changed. */
  public static final int SLOTS = 32;

  /** Most letters of a page, and of one removal. */
  public static final int PAGE = 200;

  private static final Duration TIMEOUT = Duration.ofSeconds(10);

  private final ClusterSharding sharding;

  private DeadLetters(ClusterSharding sharding) {
    this.sharding = sharding;
  }

  /** Registers them with the cluster. */
  public static DeadLetters init(ClusterSharding sharding, Telemetry telemetry) {
    var dropped = telemetry.registry().counter("parley.push.dead_letters.dropped");
    sharding.init(
        Entity.of(
                KEY,
                entity ->
                    DeadLetterSlot.create(
                        entity.getEntityId(), entity.getShard(), dropped::increment))
            .withStopMessage(new Stop()));
    return new DeadLetters(sharding);
  }

  // ---- the messages

  /** What can be told to a slot. */
  public sealed interface Command extends Wire permits Keep, GetPage, Remove, Idle, Stop {}

  /** Keep it. Answers {@link Kept} when it is durable, also where it was before. */
  public record Keep(
      @JsonProperty("l") DeadLetter letter,
      @JsonProperty("n") long reference,
      @JsonProperty("r") ActorRef<Kept> replyTo)
      implements Command {}

  /**
   * It is durable.
   *
   * @param reference what the {@link Keep} said
   */
  public record Kept(@JsonProperty("n") long reference) implements Wire {}

  /**
   * Letters with a higher number than {@code after}, ascending. Answers {@link Page}.
   *
   * @param user only this user's, or null for all
   * @param limit at most {@link #PAGE}
   */
  public record GetPage(@Nullable UserId user, long after, int limit, ActorRef<Page> replyTo)
      implements Command {}

  /**
   * A page.
   *
   * @param more whether there are others behind
   * @param last the highest number this slot has given so far
   * @param dropped how many letters ever had to go for lack of room
   */
  public record Page(List<Letter> letters, boolean more, long last, long dropped) implements Wire {}

  /** A letter under its number. */
  public record Letter(int slot, long nr, DeadLetter letter) {
    /** Its name for operators. */
    public String id() {
      return slot + "-" + nr;
    }
  }

  /** Forget these. Answers {@link Removed}; unknown ones are none. */
  public record Remove(List<Long> nrs, ActorRef<Removed> replyTo) implements Command {}

  /** So many of them were there. */
  public record Removed(int count) implements Wire {}

  /** Nothing came for a while. */
  record Idle() implements Command, Local {}

  /** Leave memory. */
  record Stop() implements Command, Local {}

  // ---- the way there

  /** The slot of a user. */
  public static int slot(UserId user) {
    return Math.floorMod(user.value().hashCode(), SLOTS);
  }

  /** Tells of a letter; not answered is not kept. */
  public void keep(DeadLetter letter, long reference, ActorRef<Kept> replyTo) {
    entity(slot(letter.userId())).tell(new Keep(letter, reference, replyTo));
  }

  /** A page of one slot; fails if the slot does not answer in ten seconds. */
  public CompletionStage<Page> page(int slot, @Nullable UserId user, long after, int limit) {
    int most = Math.clamp(limit, 1, PAGE);
    return entity(slot).ask(replyTo -> new GetPage(user, after, most, replyTo), TIMEOUT);
  }

  /** Forgets letters, at most {@link #PAGE}; gives how many were there. */
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
