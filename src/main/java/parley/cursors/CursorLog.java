package parley.cursors;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonProperty;
import java.util.List;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.cluster.sharding.typed.javadsl.EntityTypeKey;
import parley.model.ConversationId;
import parley.serial.Local;
import parley.serial.Wire;

/** The protocol of the cursor log: one entity for all conversations of a cluster. */
public final class CursorLog {
  /** The sharding key of the cursor log. */
  public static final EntityTypeKey<Command> KEY =
      EntityTypeKey.create(Command.class, "cursor-log");

  /** The entity id of the only cursor log. */
  public static final String ID = "0";

  private CursorLog() {}

  /** A command to the cursor log. */
  public sealed interface Command extends Wire permits Keep, Find, Internal {}

  /** A message of the log to itself. */
  non-sealed interface Internal extends Command, Local {}

  /**
   * Keeps cursors of members of one conversation. Answers {@link Kept} with the same number when
   * they are durable, or {@link NotKept}. There may be no answer.
   *
   * @param nr grows with each request of an incarnation of the conversation
   * @param urgent whether somebody waits for the answer: then nothing more is gathered
   */
  public record Keep(
      @JsonProperty("c") ConversationId id,
      @JsonProperty("n") long nr,
      @JsonProperty("m") List<MemberCursors> members,
      @JsonProperty("r") ActorRef<Reply> replyTo,
      @JsonProperty("u") @JsonInclude(JsonInclude.Include.NON_DEFAULT) boolean urgent)
      implements Command {}

  /** Finds the kept cursors of a conversation. Answers {@link Found}. */
  public record Find(
      @JsonProperty("c") ConversationId id, @JsonProperty("r") ActorRef<Reply> replyTo)
      implements Command {}

  /** An answer of the log. */
  public sealed interface Reply extends Wire permits Kept, NotKept, Found {}

  /** The cursors are durable. */
  public record Kept(@JsonProperty("n") long nr) implements Reply {}

  /** The log is full, overloaded or stopping: the conversation has to keep the cursors itself. */
  public record NotKept(@JsonProperty("n") long nr) implements Reply {}

  /**
   * The kept cursors of a conversation.
   *
   * @param members empty if there are none
   */
  public record Found(@JsonProperty("m") List<MemberCursors> members) implements Reply {
    /** An empty list is null on the wire. */
    public Found {
      members = members == null ? List.of() : members;
    }
  }

  /** Sends commands to the cursor log. */
  public interface Sender {
    /** There is no cursor log: conversations keep all cursors themselves. */
    Sender NONE =
        new Sender() {
          @Override
          public void tell(Command message) {}

          @Override
          public boolean mayHold() {
            return false;
          }

          @Override
          public boolean isOpen() {
            return false;
          }
        };

    /** Sends a command to the log. Delivery is at most once. */
    void tell(Command message);

    /** Whether the log may hold cursors, so that a conversation has to ask after a crash. */
    boolean mayHold();

    /** Whether every node of the cluster asks the log, so that cursors may be given to it. */
    boolean isOpen();
  }
}
