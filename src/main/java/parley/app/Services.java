package parley.app;

import com.github.f4b6a3.ulid.UlidCreator;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.concurrent.CompletionStage;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;
import org.apache.pekko.Done;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.ActorSystem;
import org.apache.pekko.actor.typed.Props;
import org.apache.pekko.actor.typed.javadsl.AskPattern;
import org.apache.pekko.cluster.Cluster;
import org.apache.pekko.cluster.sharding.typed.javadsl.ClusterSharding;
import org.jspecify.annotations.Nullable;
import parley.archive.ColdTier;
import parley.auth.AccessTokens;
import parley.auth.Accounts;
import parley.auth.AuthSettings;
import parley.auth.LoginThrottle;
import parley.auth.Registrations;
import parley.conversation.Archive;
import parley.conversation.Conversation;
import parley.conversation.ConversationEntity;
import parley.conversation.ConversationReminder;
import parley.conversation.ConversationSettings;
import parley.conversation.Verification;
import parley.http.HttpServer;
import parley.http.HttpSettings;
import parley.http.Identity;
import parley.http.WriteBudget;
import parley.model.UserId;
import parley.session.Entities;
import parley.session.MessageRate;
import parley.session.SessionDeps;
import parley.session.SessionSettings;
import parley.session.Sessions;
import parley.session.SocketFlow;
import parley.session.Ticker;
import parley.store.Store;
import parley.telemetry.Telemetry;
import parley.user.User;
import parley.user.UserSettings;

/**
 * The features of a node, put together: here, and only here, entities are registered with sharding
 * and handed to those who talk to them.
 *
 * @param clients opens the client port
 * @param admin what the management port serves besides
 * @param drain spreads the reconnects of this node's clients over that time; done when all are gone
 * @param hasten does what makes it faster and would delay the start; blocks
 */
record Services(Clients clients, List<AdminRoutes> admin, Drain drain, Runnable hasten) {
  /** Most sockets of one node; the next is closed at once. Far over what its memory allows. */
  private static final int SOCKETS = 100_000;

  /**
   * How long an account waits for its user to end a login's sockets before it answers a logout: a
   * slow write or two, and less than a client's patience.
   */
  private static final Duration END_LOGIN = Duration.ofSeconds(3);

  /** Sends clients elsewhere. */
  @FunctionalInterface
  interface Drain {
    CompletionStage<Done> over(Duration time);
  }

  /** Opens the client port. */
  @FunctionalInterface
  interface Clients {
    CompletionStage<HttpServer> bind(HostPort address);
  }

  /**
   * Starts the features.
   *
   * @param node the actor system, a member of its cluster
   * @param store where events are kept
   * @param epoch the name of its history
   * @param cold where old entries go, null where they stay
   * @param lapsed whether this process may acknowledge nothing any more
   * @param trust whose tokens are good
   * @param pushing the providers of push notifications
   */
  static Services start(
      ActorSystem<Void> node,
      Settings settings,
      Store store,
      String epoch,
      @Nullable ColdTier cold,
      Trust trust,
      PushAccess pushing,
      Telemetry telemetry,
      BooleanSupplier lapsed) {
    InstantSource clock = InstantSource.system();
    ClusterClock entryClock = new ClusterClock(clock);
    entryClock.meter(telemetry);
    if (settings.cluster().kind() != Settings.ClusterKind.SINGLE) {
      node.systemActorOf(
          ClockWatch.create(entryClock, System::nanoTime), "clock-watch", Props.empty());
    }
    Supplier<String> ulids = () -> UlidCreator.getMonotonicUlid(entryClock.millis()).toString();
    AccessTokens tokens = new AccessTokens(trust.keys(), trust.issuer(), clock);
    trust.keys().start();
    KeyMeters.bind(telemetry, trust.keys(), clock);
    node.getWhenTerminated().thenAccept(done -> tokens.close());

    ClusterSharding sharding = ClusterSharding.get(node);
    Entities entities = Entities.sharded(sharding);
    Accounts accounts =
        Accounts.init(
            node,
            tokens,
            AuthSettings.from(node.settings().config()),
            (user, sid) -> endLogin(node, entities, user, sid),
            clock);
    telemetry.counter("parley.auth.passwords.refused", accounts::refusedPasswords);
    Archive archive = Archives.start(node, settings, cold, entities, entryClock);
    Conversation.init(
        node,
        new ConversationEntity.Environment(
            ConversationSettings.standard(
                store.readJournal(), settings.store().kind() == Settings.StoreKind.DYNAMODB),
            (to, message) -> entities.user(to).tell(message),
            entryClock,
            ulids,
            id -> entities.conversation(id).tell(new Conversation.Wake()),
            telemetry,
            archive,
            (id, message) ->
                sharding.entityRefFor(ConversationReminder.KEY, id.value()).tell(message)));
    Pushes pushes = Pushes.start(node, sharding, entities, settings, pushing, clock, telemetry);
    User.init(
        sharding,
        UserSettings.standard(),
        (to, message) -> entities.conversation(to).tell(new Conversation.FromUser(message)),
        accounts::endFamily,
        entryClock,
        pushes.pushing());

    MessageRate rate = new MessageRate(settings.rates().messagesPerMinute());
    ActorRef<User.Level> levels =
        node.systemActorOf(rate.levels(clock::millis), "message-rate", Props.empty());
    rate.reportTo(
        (user, taken) ->
            entities.user(user).tell(new User.Spent(taken, rate.intervalMicros(), levels)));
    SessionDeps sessionDeps =
        new SessionDeps(
            entities,
            new TokenAuthenticator(tokens),
            rate,
            new SocketMeters(telemetry),
            Ticker.system(lapsed),
            ulids,
            epoch,
            SessionSettings.standard());
    ActorRef<Sessions.Command> sessions =
        node.systemActorOf(Sessions.create(sessionDeps, SOCKETS), "sessions", Props.empty());
    // A node that was given up in the middle of its own long drain has nobody left to ask.
    Cluster.get(node)
        .registerOnMemberRemoved(
            () ->
                sessions.tell(
                    new Sessions.Drain(Duration.ZERO, "the server is stopping", node.ignoreRef())));
    var socket = SocketFlow.create(sessions);

    parley.http.Services http =
        new parley.http.Services(
            Identity.of(accounts, tokens, trust.keys()),
            new LoginThrottle(clock),
            new Registrations(settings.rates().registrationsPerDay(), clock),
            budget(rate, settings.rates().groupsPerDay(), clock, telemetry),
            entities::user,
            entities::conversation,
            ulids,
            () -> socket,
            System::nanoTime,
            code -> telemetry.refused(code.wireName()));
    return new Services(
        address ->
            HttpServer.start(
                node,
                address.host(),
                address.port(),
                HttpSettings.standard(
                    settings.rates().requestsPerSecond(),
                    settings.trustedProxies(),
                    connections(settings.connections().node()),
                    settings.connections().perAddress()),
                http,
                lapsed),
        List.of(
            Verify.routes(new Verification(node, store.readJournal(), cold), store),
            new MarkRoutes(node, store, settings.managementWrite()),
            Archives.admin(node, settings, store, archive, clock),
            new KeyRoutes(
                node,
                trust.keys(),
                clock,
                RotationCheck.of(node, settings, store, clock),
                settings.managementWrite()),
            pushes.admin()),
        time -> drain(node, sessions, time),
        tokens::hasten);
  }

  private static CompletionStage<User.Done> endLogin(
      ActorSystem<?> node, Entities entities, UserId user, String sid) {
    return AskPattern.<User.Command, User.DoneReply>ask(
            entities.user(user),
            replyTo -> new User.EndLogin(sid, replyTo),
            END_LOGIN,
            node.scheduler())
        .thenApply(
            reply ->
                switch (reply) {
                  case User.Done done -> done;
                  case User.Refused refused ->
                      throw new IllegalStateException(refused.refusal().message());
                });
  }

  private static WriteBudget budget(
      MessageRate rate, int groupsPerDay, InstantSource clock, Telemetry telemetry) {
    return new WriteBudget() {
      @Override
      public long tryTake(UserId user) {
        return rate.tryTake(user, clock.millis());
      }

      @Override
      public void giveBack(UserId user) {
        rate.giveBack(user, clock.millis());
      }

      @Override
      public int groupsPerDay() {
        return groupsPerDay;
      }

      @Override
      public void limited(String limit) {
        telemetry.limited(limit);
      }
    };
  }

  private static int connections(@Nullable Integer wanted) {
    return wanted == null ? Capacity.connections() : wanted;
  }

  private static CompletionStage<Done> drain(
      ActorSystem<?> node, ActorRef<Sessions.Command> sessions, Duration time) {
    return AskPattern.<Sessions.Command, Sessions.Drained>ask(
            sessions,
            replyTo -> new Sessions.Drain(time, "the server is stopping", replyTo),
            time.plus(NodeConfig.DRAIN_GRACE.multipliedBy(3)),
            node.scheduler())
        .handle((drained, failure) -> Done.done());
  }
}
