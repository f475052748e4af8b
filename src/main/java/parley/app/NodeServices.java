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
import parley.admin.AdminDocument;
import parley.admin.AdminRoutes;
import parley.admin.AuditRoutes;
import parley.admin.DrainRoutes;
import parley.admin.InspectionRoutes;
import parley.admin.KeyMeters;
import parley.admin.KeyRoutes;
import parley.admin.MarkRoutes;
import parley.admin.OperatorDrain;
import parley.admin.Readiness;
import parley.admin.SettingRoutes;
import parley.admin.TalkerRoutes;
import parley.admin.UnreadAuditor;
import parley.admin.UserAdminRoutes;
import parley.archive.ColdTier;
import parley.audit.AuditLog;
import parley.auth.AccessTokens;
import parley.auth.Accounts;
import parley.auth.AuthSettings;
import parley.auth.LoginThrottle;
import parley.auth.RegistrationLimit;
import parley.cluster.ClockWatch;
import parley.cluster.ClusterClock;
import parley.cluster.RotationCheck;
import parley.cluster.ShardMeters;
import parley.control.RuntimeSettings;
import parley.control.SettingCatalog;
import parley.control.SettingStore;
import parley.conversation.ArchiveDependencies;
import parley.conversation.Conversation;
import parley.conversation.ConversationDependencies;
import parley.conversation.ConversationReminder;
import parley.conversation.ConversationSettings;
import parley.conversation.ConversationSharding;
import parley.conversation.ConversationVerifier;
import parley.conversation.LogScans;
import parley.conversation.NoArchive;
import parley.cursors.CursorLog;
import parley.cursors.CursorLogSharding;
import parley.http.AuthServices;
import parley.http.HttpMeters;
import parley.http.HttpServer;
import parley.http.HttpSettings;
import parley.http.WriteBudget;
import parley.model.UserId;
import parley.session.EntityRefs;
import parley.session.MessageRate;
import parley.session.OverRate;
import parley.session.SessionDependencies;
import parley.session.SessionRegistry;
import parley.session.SessionSettings;
import parley.session.SocketFlow;
import parley.session.Ticker;
import parley.settings.HostPort;
import parley.settings.Settings;
import parley.store.Store;
import parley.telemetry.Telemetry;
import parley.user.RowSamples;
import parley.user.User;
import parley.user.UserDependencies;
import parley.user.UserSettings;
import parley.user.UserSharding;

/**
 * Starts the features of a node and connects them. Entities are registered with sharding only here,
 * and only here are their references handed to the components that send to them.
 *
 * @param clients opens the client port
 * @param admin further routes of the management port
 * @param audit where changes by that port are recorded
 * @param live the settings that operators change at run time
 * @param settingStore where they change them
 * @param drain closes this node's sockets over a given time, so that the reconnects of their
 *     clients are spread; completes when all sockets are closed or soon after that time
 * @param useFastSignatures speeds up checks of token signatures, which would delay the start;
 *     blocks
 */
record NodeServices(
    Clients clients,
    List<AdminRoutes> admin,
    AuditLog audit,
    RuntimeSettings live,
    SettingStore settingStore,
    Drain drain,
    Runnable useFastSignatures) {
  /**
   * Most sockets on one node; a further one is closed at once. The default limit of connections
   * ({@code ConnectionCapacity}) is never higher; a higher {@code PARLEY_CONNECTIONS} ends here.
   */
  private static final int SOCKETS = 1_000_000;

  /**
   * How long an account waits for its user to close the sockets of a login before it answers a
   * logout. Allows for a slow write or two, and is shorter than clients wait.
   */
  private static final Duration END_LOGIN_TIMEOUT = Duration.ofSeconds(3);

  /** Closes sockets, spread over a given time, so that their clients connect to other nodes. */
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
   * @param epoch the name of the store's history; see {@link Store#epoch}
   * @param cold where old entries are stored, null if they stay in the journal
   * @param readiness whether the node takes new clients
   * @param pausedTooLong true once this process must acknowledge nothing any more, after a long
   *     pause
   * @param tokenIssuers who issues the tokens that are accepted
   * @param pushing the providers of push notifications
   */
  static NodeServices start(
      ActorSystem<Void> node,
      Settings settings,
      Store store,
      String epoch,
      @Nullable ColdTier cold,
      TokenIssuers tokenIssuers,
      PushProviderFactory pushing,
      Telemetry telemetry,
      Readiness readiness,
      BooleanSupplier pausedTooLong) {
    InstantSource clock = InstantSource.system();
    RuntimeSettings live = RuntimeWiring.settings(settings, telemetry);
    ClusterClock entryClock = new ClusterClock(clock);
    entryClock.registerMeters(telemetry);
    if (settings.cluster().kind() != Settings.ClusterKind.SINGLE) {
      node.systemActorOf(
          ClockWatch.create(entryClock, System::nanoTime), "clock-watch", Props.empty());
    }
    Supplier<String> ulids = () -> UlidCreator.getMonotonicUlid(entryClock.millis()).toString();
    AccessTokens tokens = new AccessTokens(tokenIssuers.keys(), tokenIssuers.issuer(), clock);
    tokens.registerMeters(telemetry);
    tokenIssuers.keys().start();
    KeyMeters.bind(telemetry, tokenIssuers.keys(), clock);
    node.getWhenTerminated().thenAccept(done -> tokens.close());

    ClusterSharding sharding = ClusterSharding.get(node);
    EntityRefs entityRefs = EntityRefs.sharded(sharding);
    Accounts accounts =
        Accounts.init(
            node,
            tokens,
            AuthSettings.from(node.settings().config()),
            (user, sid) -> endLogin(node, entityRefs, user, sid),
            clock);
    telemetry.counter("parley.auth.passwords.refused", accounts::refusedPasswords);
    ArchiveDependencies archiveDependencies =
        ArchiveWiring.start(
            node,
            settings,
            cold,
            entityRefs,
            live.flag(SettingCatalog.FLAG_ARCHIVE),
            entryClock,
            telemetry);
    boolean sharedStore = settings.store().kind() == Settings.StoreKind.DYNAMODB;
    ConversationSharding.init(
        node,
        new ConversationDependencies(
            ConversationSettings.standard(
                store.readJournal(),
                sharedStore,
                Duration.ofSeconds(settings.conversationIdleSeconds())),
            (to, message) -> entityRefs.user(to).tell(message),
            entryClock,
            ulids,
            id -> entityRefs.conversation(id).tell(new Conversation.Wake()),
            telemetry,
            archiveDependencies == null ? new NoArchive() : archiveDependencies,
            (id, message) ->
                sharding.entityRefFor(ConversationReminder.KEY, id.value()).tell(message),
            new LogScans(() -> telemetry.limited("searches"), System::nanoTime),
            sharedStore ? CursorLogSharding.init(node, clock, telemetry) : CursorLog.Sender.NONE,
            live.conversationMessages()));
    AuditLog audit = AuditLog.init(sharding, clock);
    SettingStore settingStore = SettingStore.init(node, clock);
    settingStore.keepCurrent(live, clock, System::nanoTime);
    PushWiring pushWiring =
        PushWiring.start(
            node,
            sharding,
            entityRefs,
            settings,
            pushing,
            live.flag(SettingCatalog.FLAG_PUSH),
            clock,
            telemetry);
    UserSharding.init(
        sharding,
        new UserDependencies(
            UserSettings.standard(),
            (to, message) -> entityRefs.conversation(to).tell(new Conversation.FromUser(message)),
            accounts::endFamily,
            entryClock,
            pushWiring.pushing(),
            telemetry.entities(),
            unreadSamples(
                node, settings, entityRefs, live.flag(SettingCatalog.FLAG_UNREAD_AUDIT), telemetry),
            telemetry.trail()));

    LoadShedding load = LoadShedding.start(node, live, telemetry);
    MessageRate rate = new MessageRate(live.userMessages(), RuntimeWiring.nodeRate(node, live));
    ActorRef<User.Level> levels =
        node.systemActorOf(rate.levels(clock::millis), "message-rate", Props.empty());
    rate.reportTo(
        (user, taken, interval) ->
            entityRefs.user(user).tell(new User.Spent(taken, interval, levels)));
    SessionDependencies sessionDependencies =
        new SessionDependencies(
            entityRefs,
            new TokenAuthenticator(tokens),
            rate,
            new SocketMeters(telemetry, load::sent),
            Ticker.system(pausedTooLong),
            ulids,
            epoch,
            SessionSettings.standard(),
            telemetry.trail(),
            load);
    ActorRef<SessionRegistry.Command> sessions =
        node.systemActorOf(
            SessionRegistry.create(sessionDependencies, SOCKETS), "sessions", Props.empty());
    // If the cluster removes this node in the middle of its drain, sessions cannot reach their
    // entities any more: end the remaining sessions at once.
    Cluster.get(node)
        .registerOnMemberRemoved(
            () ->
                sessions.tell(
                    new SessionRegistry.Drain(
                        Duration.ZERO, "the server is stopping", node.ignoreRef())));
    var socket = SocketFlow.create(sessions);

    parley.http.HttpServices http =
        new parley.http.HttpServices(
            AuthServices.of(accounts, tokens, tokenIssuers.keys()),
            new LoginThrottle(System::nanoTime),
            new RegistrationLimit(settings.rates().registrationsPerDay(), clock),
            writeBudget(rate, settings.rates().groupsPerDay(), clock, telemetry),
            entityRefs::user,
            entityRefs::conversation,
            ulids,
            () -> socket,
            System::nanoTime,
            code -> telemetry.refused(code.wireName()),
            new HttpMeters(telemetry),
            load);
    return new NodeServices(
        address ->
            HttpServer.start(
                node,
                address.host(),
                address.port(),
                HttpSettings.standard(
                    live.number(SettingCatalog.ADDRESS_REQUESTS),
                    settings.trustedProxies(),
                    live.number(SettingCatalog.NODE_CONNECTIONS),
                    live.number(SettingCatalog.ADDRESS_CONNECTIONS)),
                http,
                pausedTooLong),
        List.of(
            VerifyCommand.routes(new ConversationVerifier(node, store.readJournal(), cold), store),
            VerifyCommand.job(
                node, new ConversationVerifier(node, store.readJournal(), cold), store),
            new TalkerRoutes(node, telemetry.talkers()),
            drainRoutes(node, settings, telemetry, readiness, sessions),
            new InspectionRoutes(
                node, entityRefs::conversation, entityRefs::user, System::nanoTime),
            new MarkRoutes(node, store, settings.managementWrite()),
            BackupWiring.admin(node, settings, store, cold, clock),
            ArchiveWiring.admin(node, settings, store, archiveDependencies, clock),
            new KeyRoutes(
                node,
                tokenIssuers.keys(),
                clock,
                RotationCheck.of(node, settings, store, clock),
                settings.managementWrite()),
            pushWiring.admin(),
            new UserAdminRoutes(node, entityRefs::user, accounts::endFamilies),
            new SettingRoutes(node, live, settingStore),
            new AuditRoutes(node, audit),
            new AdminDocument()),
        audit,
        live,
        settingStore,
        time -> drain(node, sessions, time),
        tokens::useFastSignatures);
  }

  private static DrainRoutes drainRoutes(
      ActorSystem<?> node,
      Settings settings,
      Telemetry telemetry,
      Readiness readiness,
      ActorRef<SessionRegistry.Command> sessions) {
    OperatorDrain.Sockets sockets =
        new OperatorDrain.Sockets() {
          @Override
          public CompletionStage<Done> leave(Duration over) {
            return drain(node, sessions, over);
          }

          @Override
          public void accept() {
            sessions.tell(new SessionRegistry.Accept());
          }
        };
    return new DrainRoutes(
        node,
        new OperatorDrain(
            node,
            readiness,
            sockets,
            telemetry::sockets,
            () -> ShardMeters.shardsIn(telemetry.registry()),
            settings.unready(),
            settings.drain(),
            System::nanoTime),
        settings.managementWrite());
  }

  private static CompletionStage<User.Done> endLogin(
      ActorSystem<?> node, EntityRefs entityRefs, UserId user, String sid) {
    return AskPattern.<User.Command, User.DoneReply>ask(
            entityRefs.user(user),
            replyTo -> new User.EndLogin(sid, replyTo),
            END_LOGIN_TIMEOUT,
            node.scheduler())
        .thenApply(
            reply ->
                switch (reply) {
                  case User.Done done -> done;
                  case User.Refused refused ->
                      throw new IllegalStateException(refused.refusal().message());
                });
  }

  /** Starts the check of unread counts, and returns what takes samples of rows for it. */
  private static RowSamples unreadSamples(
      ActorSystem<?> node,
      Settings settings,
      EntityRefs entityRefs,
      BooleanSupplier on,
      Telemetry telemetry) {
    UnreadAuditor.Samples samples = new UnreadAuditor.Samples(telemetry.registry());
    int perMinute = settings.unreadAuditPerMinute();
    if (perMinute == 0) {
      return RowSamples.NONE;
    }
    node.systemActorOf(
        UnreadAuditor.create(
            samples,
            Duration.ofMinutes(1).dividedBy(perMinute),
            UnreadAuditor.PAUSE,
            entityRefs::conversation,
            entityRefs::user),
        "unread-auditor",
        Props.empty());
    return row -> {
      if (on.getAsBoolean()) {
        samples.written(row);
      }
    };
  }

  private static WriteBudget writeBudget(
      MessageRate rate, int groupsPerDay, InstantSource clock, Telemetry telemetry) {
    return new WriteBudget() {
      @Override
      public @Nullable OverRate tryTake(UserId user) {
        return rate.take(user, clock.millis());
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
      public void countRefusal(String limit) {
        telemetry.limited(limit);
      }
    };
  }

  private static CompletionStage<Done> drain(
      ActorSystem<?> node, ActorRef<SessionRegistry.Command> sessions, Duration time) {
    return AskPattern.<SessionRegistry.Command, SessionRegistry.Drained>ask(
            sessions,
            replyTo -> new SessionRegistry.Drain(time, "the server is stopping", replyTo),
            time.plus(NodeConfig.DRAIN_GRACE.multipliedBy(3)),
            node.scheduler())
        .handle((drained, failure) -> Done.done());
  }
}
