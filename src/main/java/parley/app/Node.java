package parley.app;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Optional;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import org.apache.pekko.Done;
import org.apache.pekko.actor.CoordinatedShutdown;
import org.apache.pekko.actor.typed.ActorSystem;
import org.apache.pekko.actor.typed.javadsl.Behaviors;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import parley.admin.AdminTokenFile;
import parley.admin.ManagementPort;
import parley.admin.ManagementTls;
import parley.admin.Readiness;
import parley.archive.ColdTier;
import parley.cluster.CertificateWatch;
import parley.cluster.ClusterJoin;
import parley.cluster.NodeTls;
import parley.cluster.NotJoinedException;
import parley.cluster.PauseWatch;
import parley.cluster.PreviousIncarnation;
import parley.control.RuntimeSettings;
import parley.http.HttpServer;
import parley.port.HttpPort;
import parley.settings.HostPort;
import parley.settings.Settings;
import parley.settings.SettingsException;
import parley.store.DynamoStore;
import parley.store.EmbeddedStore;
import parley.store.Store;
import parley.store.StoreRefusedException;
import parley.telemetry.Telemetry;

/**
 * One running server: starts its parts in order and stops them in order. The program has one; a
 * test may have several in one JVM, each with a data folder of its own.
 *
 * <pre>
 * start:
 *   open the store → check addresses and keys → open the journal → wait for the previous incarnation
 *   → actor system → features → management port → member of the cluster → client port
 * stop:
 *   not ready → time for load balancers to notice → no new connections → drain → entities stop
 *   → leave the cluster → store closed
 * </pre>
 */
public final class Node implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(Node.class);

  /**
   * The longest pause of the process after which it may go on. Shorter than the acceptable
   * heartbeat pause and the split brain resolver's stable-after time together.
   */
  private static final Duration LONGEST_PAUSE = Duration.ofSeconds(9);

  /** How long a start waits for the settings that operators have changed. */
  private static final Duration SETTINGS_WAIT = Duration.ofSeconds(5);

  private static final Duration BIND_TIMEOUT = Duration.ofSeconds(30);

  /**
   * Extra time to wait beyond the limit of a stop. At the limit the watchdog reports the hanging
   * stop, and the callback that it calls ends the process.
   */
  private static final Duration STOP_WAIT_MARGIN = Duration.ofSeconds(10);

  private static final Duration STORE_PROBE_INTERVAL = Duration.ofSeconds(10);

  private final ActorSystem<Void> system;
  private final Telemetry telemetry;
  private final HostPort listening;
  private final HostPort management;
  private final StopWatchdog stopWatchdog;
  private final CompletionStage<Done> ended;
  private final Runnable useFastSignatures;

  private Node(
      ActorSystem<Void> system,
      Telemetry telemetry,
      HostPort listening,
      HostPort management,
      StopWatchdog watch,
      CompletionStage<Done> ended,
      Runnable useFastSignatures) {
    this.system = system;
    this.telemetry = telemetry;
    this.listening = listening;
    this.management = management;
    this.stopWatchdog = watch;
    this.ended = ended;
    this.useFastSignatures = useFastSignatures;
  }

  /**
   * Starts a server as the files configure it; see {@link #start(Settings, Config, Consumer,
   * Consumer)}. A failure of the store or a stop that hangs is only logged.
   */
  public static Node start(Settings settings) throws SettingsException, StoreRefusedException {
    return start(
        settings,
        ConfigFactory.empty(),
        why -> LOG.error("This node cannot go on: {}", why),
        stop -> {});
  }

  /**
   * Starts a server and returns when it listens. Blocks.
   *
   * @param overrides configuration that takes precedence over all other configuration
   * @param onBroken called with the reason when the store has failed for good or an ordered stop
   *     hangs; the process should end at once
   * @param stoppable receives a task that stops the node in order and blocks until it has stopped.
   *     It is called as soon as there is something to stop. At that time the node is not a member
   *     of its cluster yet, and to become one may take long
   * @throws SettingsException if an address, a port or a key cannot be used
   * @throws StoreRefusedException if the store cannot be opened
   * @throws NotJoinedException if the node was removed from the cluster, or stopped, before it
   *     served
   */
  public static Node start(
      Settings settings, Config overrides, Consumer<String> onBroken, Consumer<Runnable> stoppable)
      throws SettingsException, StoreRefusedException {
    Store store = open(settings);
    TokenIssuers tokenIssuers;
    PushProviderFactory pushing;
    NodeTls nodeTls;
    ManagementTls operators;
    AdminTokenFile tokens;
    Optional<PreviousIncarnation> life;
    int shards;
    String epoch;
    try {
      PortChecks.check(settings.listen(), "PARLEY_HOST", "PARLEY_PORT");
      PortChecks.check(settings.management(), "PARLEY_MANAGEMENT_HOST", "PARLEY_MANAGEMENT_PORT");
      PortChecks.check(settings.cluster().remote(), "PARLEY_REMOTE_HOST", "PARLEY_REMOTE_PORT");
      tokenIssuers = TokenIssuers.read(settings.auth(), store, InstantSource.system());
      pushing = PushProviderFactory.read(settings);
      nodeTls = NodeTls.read(settings, InstantSource.system());
      operators = ManagementTls.read(settings, InstantSource.system());
      Path tokensFile = settings.managementAccess().tokens();
      tokens = tokensFile == null ? null : AdminTokenFile.read(tokensFile);
      if (store instanceof EmbeddedStore embedded) {
        embedded.openJournal(settings.store().sync());
      }
      epoch = store.epoch();
      life = awaitPreviousIncarnation(settings, store);
      // Only after this node has recorded a sign of life: the command that changes the number looks
      // for live nodes.
      shards = ShardCount.agreeWithStore(store, settings.cluster().shards());
    } catch (SettingsException | StoreRefusedException e) {
      store.close();
      throw e;
    }
    Config config =
        overrides
            .withFallback(nodeTls.config())
            .withFallback(ShardCount.config(shards))
            .withFallback(NodeConfig.of(settings, store));
    ActorSystem<Void> system = ActorSystem.create(Behaviors.empty(), "parley", config);
    StopWatchdog stopping = StopWatchdog.of(system, onBroken);
    Telemetry telemetry = new Telemetry(TrailFactory.create(settings));
    Shutdown.closeTracing(system, telemetry.trail().tracing());
    store.counters().forEach(telemetry::counter);
    nodeTls.watch(telemetry).ifPresent(watch -> system.getWhenTerminated().thenRun(watch::close));
    if (operators != null) {
      CertificateWatch watch = operators.watch(telemetry);
      system.getWhenTerminated().thenRun(watch::close);
      operators.useForClusterCalls(system, settings.management().port(), nodeTls.authority());
    }
    if (tokens != null) {
      system.getWhenTerminated().thenRun(tokens.watch()::close);
    }
    store.watch(STORE_PROBE_INTERVAL, why -> onBroken.accept("the journal is broken: " + why));
    CompletionStage<Done> ended =
        stopping
            .systemEnded()
            .thenApply(
                done -> {
                  telemetry.close();
                  life.ifPresent(PreviousIncarnation::close);
                  store.close();
                  LifeCycleLog.stopped();
                  return done;
                })
            .whenComplete((done, failure) -> stopping.ended());
    life.ifPresent(known -> Shutdown.onOrderlyLeave(system, known::leftInOrder));
    try {
      return startServing(
          settings,
          store,
          epoch,
          tokenIssuers,
          pushing,
          operators,
          tokens,
          system,
          telemetry,
          stopping,
          ended,
          stoppable);
    } catch (SettingsException | RuntimeException e) {
      system.terminate();
      await(ended, stopping.limit().plus(STOP_WAIT_MARGIN));
      throw e;
    }
  }

  private static Store open(Settings settings) throws StoreRefusedException {
    Settings.Store wanted = settings.store();
    return switch (wanted.kind()) {
      case EMBEDDED -> EmbeddedStore.open(settings.dataDir());
      case DYNAMODB ->
          DynamoStore.open(wanted.endpoint(), wanted.tablePrefix(), wanted.createTables());
    };
  }

  private static Optional<PreviousIncarnation> awaitPreviousIncarnation(
      Settings settings, Store store) throws StoreRefusedException {
    Settings.Cluster cluster = settings.cluster();
    if (!(store instanceof DynamoStore shared)) {
      return Optional.empty();
    }
    boolean known = cluster.kind() != Settings.ClusterKind.SINGLE && cluster.remote().port() > 0;
    return Optional.of(
        known
            ? PreviousIncarnation.awaitPrevious(
                shared,
                cluster.remote(),
                InstantSource.system(),
                time -> LockSupport.parkNanos(time.toNanos()))
            : PreviousIncarnation.ofSingleNode(shared, settings.listen(), InstantSource.system()));
  }

  private static Node startServing(
      Settings settings,
      Store store,
      String epoch,
      TokenIssuers tokenIssuers,
      PushProviderFactory pushing,
      @Nullable ManagementTls operators,
      @Nullable AdminTokenFile tokens,
      ActorSystem<Void> system,
      Telemetry telemetry,
      StopWatchdog stopping,
      CompletionStage<Done> ended,
      Consumer<Runnable> stoppable)
      throws SettingsException {
    Readiness readiness = new Readiness();
    NodeMeters.register(telemetry, settings.dataDir());
    ClusterJoin.registerMeters(system, telemetry);
    Shutdown shutdown = new Shutdown(system, readiness, settings.unready(), settings.drain());
    BooleanSupplier pausedTooLong = startPauseWatch(settings, system);
    NodeServices nodeServices =
        NodeServices.start(
            system,
            settings,
            store,
            epoch,
            openColdTier(system, settings, telemetry),
            tokenIssuers,
            pushing,
            telemetry,
            readiness,
            pausedTooLong);
    NodeMeters.start(system, telemetry);
    // Bound before the node is a member, so that operators can see that a waiting node is alive.
    HttpPort management =
        awaitBinding(
            new ManagementPort(
                    system,
                    telemetry,
                    readiness,
                    nodeServices.admin(),
                    new ManagementPort.AdminSecurity(tokens, nodeServices.audit()),
                    settings.management(),
                    ManagementPort.hosts(settings),
                    operators,
                    settings.connections().perAddress())
                .bind(),
            "PARLEY_MANAGEMENT_PORT");
    shutdown.closeManagementLast(management);
    stoppable.accept(() -> stop(system, stopping, ended));
    ClusterJoin.join(system, settings.cluster());
    awaitSettings(nodeServices.live());
    HttpServer clients =
        awaitBinding(nodeServices.clients().bind(settings.listen()), "PARLEY_PORT");
    PortCounters.registerMeters(telemetry, "client", clients.meters());
    PortCounters.registerMeters(telemetry, "management", management.meters());
    HostPort listening = new HostPort(settings.listen().host(), clients.port());
    shutdown.drain(nodeServices.drain(), clients, telemetry::sockets);
    readiness.serving();
    return new Node(
        system,
        telemetry,
        listening,
        PortChecks.addressOf(management),
        stopping,
        ended,
        nodeServices.useFastSignatures());
  }

  private static @Nullable ColdTier openColdTier(
      ActorSystem<?> system, Settings settings, Telemetry telemetry) throws SettingsException {
    try {
      return ColdTierFactory.open(system, settings, telemetry);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new SettingsException("PARLEY_COLD_STORE", "interrupted");
    }
  }

  /**
   * Starts the check for long pauses of this process, in a cluster only: after a pause of more than
   * {@link #LONGEST_PAUSE} the node ends, because other nodes may have taken over its entities.
   */
  private static BooleanSupplier startPauseWatch(Settings settings, ActorSystem<Void> system) {
    if (settings.cluster().kind() == Settings.ClusterKind.SINGLE) {
      return () -> false;
    }
    PauseWatch watch =
        new PauseWatch(
            LONGEST_PAUSE,
            System::nanoTime,
            () -> {
              CompletionStage<Done> unused =
                  CoordinatedShutdown.get(system)
                      .runAll(CoordinatedShutdown.clusterDowningReason());
            });
    watch.start();
    system.getWhenTerminated().thenRun(watch::close);
    return watch;
  }

  /** Where clients connect. If the setting of the port is 0, this is the port that was chosen. */
  public HostPort listening() {
    return listening;
  }

  /** Where operators connect: the management port. */
  public HostPort management() {
    return management;
  }

  /** The meters of this node. */
  public Telemetry telemetry() {
    return telemetry;
  }

  /** The actor system. */
  public ActorSystem<Void> system() {
    return system;
  }

  /**
   * Speeds up the checks of token signatures. This takes about a second of processor time and is
   * not needed to serve, so call it when the node already listens. Blocks.
   */
  public void useFastSignatures() {
    useFastSignatures.run();
  }

  /** Completes when everything has stopped and the data folder is free. */
  public CompletionStage<Done> ended() {
    return ended;
  }

  /**
   * Drains and stops in order. Blocks until all is done, at most for the limit of a stop and a few
   * seconds.
   */
  @Override
  public void close() {
    stop(system, stopWatchdog, ended);
  }

  private static void stop(ActorSystem<?> system, StopWatchdog watch, CompletionStage<Done> ended) {
    watch.startTimer();
    CompletionStage<Done> run =
        CoordinatedShutdown.get(system).runAll(CoordinatedShutdown.unknownReason());
    await(run.thenCombine(ended, (stopped, done) -> done), watch.limit().plus(STOP_WAIT_MARGIN));
  }

  /** A node that does not get the settings soon begins with those of its environment. */
  private static void awaitSettings(RuntimeSettings settings) {
    try {
      settings.firstRead().toCompletableFuture().get(SETTINGS_WAIT.toSeconds(), TimeUnit.SECONDS);
    } catch (TimeoutException e) {
      LOG.warn("The store of settings does not answer; until then those of the environment hold");
    } catch (ExecutionException e) {
      throw new IllegalStateException(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private static <T> T awaitBinding(CompletionStage<T> binding, String variable)
      throws SettingsException {
    try {
      return binding.toCompletableFuture().get(BIND_TIMEOUT.toSeconds(), TimeUnit.SECONDS);
    } catch (ExecutionException | TimeoutException e) {
      throw new SettingsException(variable, "cannot listen (" + e.getMessage() + ")");
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new SettingsException(variable, "interrupted");
    }
  }

  /** Returns the result, or null if the stage failed or took too long. */
  private static <T> @Nullable T await(CompletionStage<T> stage, Duration most) {
    try {
      return stage.toCompletableFuture().get(most.toMillis(), TimeUnit.MILLISECONDS);
    } catch (ExecutionException | TimeoutException e) {
      LOG.warn("The stop failed, or took longer than {}: {}", most, e.toString());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    return null;
  }
}
