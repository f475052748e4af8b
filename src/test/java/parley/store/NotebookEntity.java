package parley.store;

import java.util.List;
import java.util.stream.Collectors;
import org.apache.pekko.Done;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.Behavior;
import org.apache.pekko.persistence.typed.PersistenceId;
import org.apache.pekko.persistence.typed.javadsl.CommandHandler;
import org.apache.pekko.persistence.typed.javadsl.EventHandler;
import org.apache.pekko.persistence.typed.javadsl.EventSourcedBehavior;
import org.apache.pekko.persistence.typed.javadsl.RetentionCriteria;

/**
 * The smallest entity that has events, batches of them, snapshots and deletions: it keeps lines of
 * text.
 */
final class NotebookEntity extends EventSourcedBehavior<NotebookEntity.Command, String, String> {
  sealed interface Command {}

  /** Adds lines; several are written as one batch. */
  record Add(List<String> lines, ActorRef<Done> done) implements Command {}

  record Read(ActorRef<List<String>> to) implements Command {}

  private NotebookEntity(String id) {
    super(PersistenceId.ofUniqueId(id));
  }

  static Behavior<Command> of(String id) {
    return new NotebookEntity(id);
  }

  @Override
  public String emptyState() {
    return "";
  }

  @Override
  public CommandHandler<Command, String, String> commandHandler() {
    return newCommandHandlerBuilder()
        .forAnyState()
        .onCommand(
            Add.class,
            add -> Effect().persist(add.lines()).thenRun(() -> add.done().tell(Done.done())))
        .onCommand(
            Read.class,
            (state, read) ->
                Effect()
                    .none()
                    .thenRun(() -> read.to().tell(state.lines().collect(Collectors.toList()))))
        .build();
  }

  @Override
  public EventHandler<String, String> eventHandler() {
    return (state, line) -> state + line + "\n";
  }

  @Override
  public RetentionCriteria retentionCriteria() {
    return RetentionCriteria.snapshotEvery(30, 1);
  }
}
