package parley.app;

import com.typesafe.config.ConfigFactory;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.atomic.LongAdder;
import java.util.stream.Stream;
import org.apache.pekko.Done;
import org.apache.pekko.NotUsed;
import org.apache.pekko.actor.typed.ActorSystem;
import org.apache.pekko.actor.typed.javadsl.Behaviors;
import org.apache.pekko.http.javadsl.server.AllDirectives;
import org.apache.pekko.http.javadsl.server.PathMatchers;
import org.apache.pekko.http.javadsl.server.Route;
import org.apache.pekko.stream.ActorAttributes;
import org.apache.pekko.stream.javadsl.Source;
import org.jspecify.annotations.Nullable;
import parley.admin.AdminRoutes;
import parley.admin.VerificationJob;
import parley.admin.VerificationRoutes;
import parley.archive.ColdStore;
import parley.archive.ColdTiers;
import parley.conversation.ConversationVerifier;
import parley.model.ConversationId;
import parley.model.IdRules;
import parley.settings.ExitCode;
import parley.settings.Settings;
import parley.store.DynamoStore;
import parley.store.EmbeddedStore;
import parley.store.Store;
import parley.store.StoreRefusedException;
import parley.telemetry.Telemetry;

/**
 * The command {@code verify [conversation]}: checks that the journal and the cold tier together
 * hold everything they must, of one conversation or of all. Uses the settings of the server. With
 * the embedded store the server must be stopped, because it locks its folder; with DynamoDB it may
 * run. With DynamoDB the marks of the journal are checked as well, those of users and all other
 * entities too; {@link MendCommand} repairs them.
 */
final class VerifyCommand {
  /** The first argument of the program. */
  static final String COMMAND = "verify";

  /** Conversations read at the same time. */
  private static final int PARALLELISM = 2;

  private VerifyCommand() {}

  /**
   * Runs the command; blocks. Prints one line for each problem on standard output, then one line
   * with totals.
   *
   * @param arguments the program's arguments: the command, and at most one conversation
   * @return the exit code: 0 if there is no problem, 1 if there is one, 2 for wrong arguments
   */
  static int run(Settings settings, List<String> arguments) throws StoreRefusedException {
    String only = arguments.size() > 1 ? arguments.get(1) : null;
    boolean good =
        arguments.getFirst().equals(COMMAND)
            && arguments.size() <= 2
            && (only == null || IdRules.isId(only));
    if (!good) {
      System.err.println("arguments: none, or: " + COMMAND + " [conversation_id]");
      return ExitCode.WRONG_SETTING;
    }
    try (Store store = open(settings)) {
      ActorSystem<Void> system =
          ActorSystem.create(
              Behaviors.empty(),
              "parley-verify",
              ConfigFactory.parseString("pekko.actor.provider = local")
                  .withFallback(NodeConfig.of(settings, store)));
      try (Telemetry telemetry = new Telemetry()) {
        return run(system, settings, store, telemetry, only);
      } finally {
        system.terminate();
        system.getWhenTerminated().toCompletableFuture().join();
      }
    }
  }

  /** Opens the store of the settings. Its tables must exist. */
  static Store open(Settings settings) throws StoreRefusedException {
    Settings.Store wanted = settings.store();
    return switch (wanted.kind()) {
      case DYNAMODB -> DynamoStore.open(wanted.endpoint(), wanted.tablePrefix(), false);
      case EMBEDDED -> {
        EmbeddedStore embedded = EmbeddedStore.open(settings.dataDir());
        try {
          embedded.openJournalForCommand(wanted.sync());
        } catch (StoreRefusedException e) {
          embedded.close();
          throw e;
        }
        yield embedded;
      }
    };
  }

  private static int run(
      ActorSystem<?> system,
      Settings settings,
      Store store,
      Telemetry telemetry,
      @Nullable String only) {
    ColdStore where = ColdTierFactory.of(settings);
    ConversationVerifier conversationVerifier =
        new ConversationVerifier(
            system,
            store.readJournal(),
            where == null ? null : ColdTiers.open(system, where, telemetry));
    // Other entities are checked for their marks only, and only DynamoDB has marks.
    String names = store instanceof DynamoStore ? "" : ConversationVerifier.PERSISTENCE_ID_PREFIX;
    Source<String, NotUsed> which =
        only == null
            ? Source.fromJavaStream(() -> store.persistenceIds(names))
                .statefulMapConcat(
                    () -> {
                      Set<String> seen = new HashSet<>();
                      return name -> seen.add(name) ? List.of(name) : List.of();
                    })
                .withAttributes(ActorAttributes.dispatcher("parley.dispatchers.blocking"))
            : Source.single(ConversationVerifier.PERSISTENCE_ID_PREFIX + only);
    LongAdder conversations = new LongAdder();
    LongAdder entries = new LongAdder();
    LongAdder archived = new LongAdder();
    LongAdder problems = new LongAdder();
    CompletionStage<Done> all =
        which
            .mapAsync(
                PARALLELISM,
                name ->
                    name.startsWith(ConversationVerifier.PERSISTENCE_ID_PREFIX)
                        ? verify(conversationVerifier, store, ConversationVerifier.named(name))
                            .thenApply(
                                result -> {
                                  conversations.increment();
                                  entries.add(result.entries());
                                  archived.add(result.archived());
                                  return problemLines(result.id().toString(), result.problems());
                                })
                        : verifyMarks(store, name).thenApply(found -> problemLines(name, found)))
            .runForeach(
                lines -> {
                  problems.add(lines.size());
                  lines.forEach(System.out::println);
                },
                system);
    all.toCompletableFuture().join();
    System.out.println(
        conversations
            + " conversations, "
            + entries
            + " entries, "
            + archived
            + " of them in the cold tier, "
            + problems
            + " problems");
    return problems.sum() == 0 ? 0 : ExitCode.FAILED;
  }

  private static List<String> problemLines(String name, List<String> problems) {
    return problems.stream().map(one -> name + ": " + one).toList();
  }

  /** Checks the entries of a conversation and the marks of its journal. */
  private static CompletionStage<ConversationVerifier.Result> verify(
      ConversationVerifier conversationVerifier, Store store, ConversationId id) {
    return conversationVerifier
        .verify(id)
        .thenCombine(
            verifyMarks(store, ConversationVerifier.PERSISTENCE_ID_PREFIX + id.value()),
            (result, marks) ->
                new ConversationVerifier.Result(
                    result.id(),
                    result.entries(),
                    result.archived(),
                    Stream.concat(result.problems().stream(), marks.stream()).toList()));
  }

  /** Checks the marks of one entity. Never fails: a failed read is reported as a problem. */
  private static CompletionStage<List<String>> verifyMarks(Store store, String name) {
    return store
        .checkMarks(name, false)
        .handle(
            (problem, failure) ->
                failure == null
                    ? problem.stream().toList()
                    : List.of("its marks cannot be read: " + failure.getMessage()));
  }

  /** The check of all conversations of a running node, under {@code /admin/verify}. */
  static AdminRoutes job(
      ActorSystem<?> system, ConversationVerifier conversationVerifier, Store store) {
    return new VerificationRoutes(
        system,
        new VerificationJob(
            system,
            () ->
                store
                    .persistenceIds(ConversationVerifier.PERSISTENCE_ID_PREFIX)
                    .map(name -> ConversationVerifier.named(name).value()),
            id ->
                verify(conversationVerifier, store, new ConversationId(id))
                    .thenApply(
                        result ->
                            new VerificationJob.Checked(
                                result.entries(), result.archived(), result.problems()))));
  }

  /** {@code GET /admin/verify/{conversation}} on a running node. */
  static AdminRoutes routes(ConversationVerifier conversationVerifier, Store store) {
    return new Routes(conversationVerifier, store)::routes;
  }

  private static final class Routes extends AllDirectives {
    private final ConversationVerifier conversationVerifier;
    private final Store store;

    Routes(ConversationVerifier conversationVerifier, Store store) {
      this.conversationVerifier = conversationVerifier;
      this.store = store;
    }

    Route routes() {
      return path(
          PathMatchers.segment(COMMAND).slash(PathMatchers.segment()),
          id ->
              get(
                  () ->
                      !IdRules.isId(id)
                          ? reject()
                          : onSuccess(
                              verify(conversationVerifier, store, new ConversationId(id)),
                              result ->
                                  complete(
                                      result.entries()
                                          + " entries, "
                                          + result.archived()
                                          + " of them in the cold tier, "
                                          + result.problems().size()
                                          + " problems\n"
                                          + String.join("\n", result.problems())))));
    }
  }
}
