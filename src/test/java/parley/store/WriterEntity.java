package parley.store;

import com.fasterxml.jackson.annotation.JsonSubTypes;
import com.fasterxml.jackson.annotation.JsonTypeInfo;
import com.fasterxml.jackson.annotation.JsonTypeName;
import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import java.util.function.BiConsumer;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.ActorSystem;
import org.apache.pekko.actor.typed.Behavior;
import org.apache.pekko.actor.typed.javadsl.ActorContext;
import org.apache.pekko.actor.typed.javadsl.Behaviors;
import org.apache.pekko.persistence.typed.PersistenceId;
import org.apache.pekko.persistence.typed.javadsl.CommandHandler;
import org.apache.pekko.persistence.typed.javadsl.EventHandler;
import org.apache.pekko.persistence.typed.javadsl.EventSourcedBehavior;
import parley.serial.Stored;

/** An entity that writes one event after another, as fast as the journal accepts them. */
final class WriterEntity
    extends EventSourcedBehavior<WriterEntity.Write, WriterEntity.Written, Long> {

  /** Write one more. */
  record Write() {}

  /** An event with its number, and some bytes of content. */
  @JsonTypeInfo(use = JsonTypeInfo.Id.NAME)
  @JsonSubTypes(@JsonSubTypes.Type(Filled.class)) // Jackson 2 does not read "permits"
  sealed interface Written extends Stored permits Filled {}

  @JsonTypeName("filled")
  record Filled(long number, String weight) implements Written {}

  private final ActorRef<Write> self;
  private final String id;
  private final BiConsumer<String, Long> acknowledge;
  private final boolean onlyOne;

  private WriterEntity(
      ActorContext<Write> context,
      String id,
      BiConsumer<String, Long> acknowledge,
      boolean onlyOne) {
    super(PersistenceId.ofUniqueId(id));
    this.self = context.getSelf();
    this.id = id;
    this.acknowledge = acknowledge;
    this.onlyOne = onlyOne;
  }

  /** Writes without end, and reports each confirmed event. */
  static Behavior<Write> forEver(String id, BiConsumer<String, Long> acknowledge) {
    return Behaviors.setup(context -> new WriterEntity(context, id, acknowledge, false));
  }

  /** Writes one event for each command. */
  static Behavior<Write> oneByOne(String id, BiConsumer<String, Long> acknowledge) {
    return Behaviors.setup(context -> new WriterEntity(context, id, acknowledge, true));
  }

  /** An actor system with that store as its journal. */
  static ActorSystem<Void> system(Behavior<Void> guardian, Store store) {
    Config config =
        ConfigFactory.parseString(
                """
                pekko.actor.serializers.test-written =
                  "org.apache.pekko.serialization.jackson.JacksonCborSerializer"
                pekko.actor.serialization-identifiers.test-written = 9999
                pekko.actor.serialization-bindings."parley.store.WriterEntity$Written" = test-written
                pekko.serialization.jackson.test-written = ${parley.serialization.event}
                pekko.actor.provider = local
                """)
            .withFallback(store.config())
            .withFallback(ConfigFactory.parseResourcesAnySyntax("application"))
            .resolveWith(ConfigFactory.load())
            .withFallback(ConfigFactory.load());
    return ActorSystem.create(guardian, "store-test", config);
  }

  @Override
  public Long emptyState() {
    return 0L;
  }

  @Override
  public CommandHandler<Write, Written, Long> commandHandler() {
    return newCommandHandlerBuilder()
        .forAnyState()
        .onCommand(
            Write.class,
            (state, write) ->
                Effect()
                    .persist(new Filled(state + 1, "x".repeat(200)))
                    .thenRun(
                        number -> {
                          acknowledge.accept(id, number);
                          if (!onlyOne) {
                            self.tell(new Write());
                          }
                        }))
        .build();
  }

  @Override
  public EventHandler<Long, Written> eventHandler() {
    return newEventHandlerBuilder()
        .forAnyState()
        .onEvent(Filled.class, (state, event) -> event.number())
        .build();
  }
}
