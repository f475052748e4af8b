package parley.auth;

import com.github.f4b6a3.ulid.UlidCreator;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.temporal.ChronoUnit;
import java.util.Objects;
import java.util.concurrent.CompletionException;
import java.util.concurrent.RejectedExecutionException;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.Behavior;
import org.apache.pekko.actor.typed.javadsl.ActorContext;
import org.apache.pekko.actor.typed.javadsl.Behaviors;
import org.apache.pekko.cluster.sharding.typed.javadsl.ClusterSharding;
import org.apache.pekko.persistence.typed.PersistenceId;
import org.apache.pekko.persistence.typed.RecoveryCompleted;
import org.apache.pekko.persistence.typed.SnapshotAdapter;
import org.apache.pekko.persistence.typed.SnapshotCompleted;
import org.apache.pekko.persistence.typed.javadsl.CommandHandler;
import org.apache.pekko.persistence.typed.javadsl.Effect;
import org.apache.pekko.persistence.typed.javadsl.EventHandler;
import org.apache.pekko.persistence.typed.javadsl.EventSourcedBehavior;
import org.apache.pekko.persistence.typed.javadsl.SignalHandler;
import org.jspecify.annotations.Nullable;
import parley.bounds.AdmissionGuard;
import parley.bounds.TokenBucket;
import parley.model.UserId;
import parley.snapshot.SnapshotRetention;
import parley.snapshot.SnapshotSchedule;

/**
 * The entity of one account, identified by its username. It is the only writer of the owner of the
 * name, of the password hash and of the refresh tokens. It replies only when the events behind the
 * reply are in the journal.
 *
 * <pre>
 *  Register, Login ──▶ GuessLimits ──▶ PasswordHasher (its own threads)
 *                                         │ Hashed, Matched
 *                                         ▼
 *  Refresh, Logout ─────────────────▶ persist ──▶ reply
 * </pre>
 *
 * <p>When a family of refresh tokens ends, the account notifies the user entity, which closes the
 * family's sockets and stops its pushes ({@link EndNotifications}). The reply to the client waits
 * for the user entity's confirmation, a few seconds at most. An end that is not confirmed stays in
 * the state ({@link AccountState#unconfirmedEnds}). The account repeats the notification every 5 s,
 * and when the entity starts again.
 *
 * <p>An entity whose name nobody has registered works in the same way, limits guesses in the same
 * way, and writes nothing.
 *
 * <p>The account counts guesses of its password ({@link GuessLimits}), because only the entity sees
 * the attempts of all nodes. It also limits logins that succeed. It stays in memory as long as it
 * remembers a guess or a login, which is some minutes for each guess, and {@value #LOGIN_MILLIS} ms
 * for each login.
 *
 * <p>Bounds: {@value #MAX_WAITING} commands that wait for a write and {@value #MAX_HASHING} that
 * wait for the hasher. A command beyond these bounds gets {@link AccountReply.Overloaded} at once,
 * and so do those that wait when the entity stops ({@link AdmissionGuard}).
 */
final class AccountEntity
    extends EventSourcedBehavior<Account.Command, AccountEvent, AccountState> {
  static final int MAX_WAITING = 64;
  static final int MAX_HASHING = 16;

  /**
   * Logins of unknown devices are refused at this many hashes in progress. The rest of {@link
   * #MAX_HASHING} is reserved for known devices.
   */
  static final int MAX_HASHING_UNKNOWN = 12;

  /**
   * Maximum number of logins at once; then one in {@link #LOGIN_MILLIS}. Each login may end another
   * one, and the user entity remembers those that have ended.
   */
  static final int LOGINS = 100;

  static final long LOGIN_MILLIS = 12_000;

  /**
   * The entity leaves memory after this time without a command, unless it has guesses to remember
   * or notifications to repeat.
   */
  static final Duration IDLE_TIMEOUT = Duration.ofMinutes(2);

  private static final SnapshotSchedule SNAPSHOTS = new SnapshotSchedule(125, 1_000);

  private final ActorContext<Account.Command> context;
  private final ActorRef<ClusterSharding.ShardCommand> shard;
  private final AdmissionGuard<Account.Command> guard;
  private final String username;
  private final PasswordHasher hasher;
  private final InstantSource clock;
  private final GuessLimits guesses;
  private final SnapshotRetention retention;
  private final EndNotifications endNotifications;
  private TokenBucket logins;
  private int hashesInProgress;

  private AccountEntity(
      ActorContext<Account.Command> context,
      ActorRef<ClusterSharding.ShardCommand> shard,
      AdmissionGuard<Account.Command> guard,
      String username,
      PasswordHasher hasher,
      Account.Users users,
      InstantSource clock) {
    super(PersistenceId.of(Account.KEY.name(), username));
    this.context = context;
    this.shard = shard;
    this.guard = guard;
    this.username = username;
    this.hasher = hasher;
    this.clock = clock;
    this.guesses = new GuessLimits(clock.millis());
    this.logins = TokenBucket.full(LOGINS, LOGIN_MILLIS, clock.millis());
    this.retention = SnapshotRetention.of(context.getSystem(), persistenceId().id(), "", clock);
    this.endNotifications = new EndNotifications(context, users);
  }

  /**
   * The behaviour of one account.
   *
   * @param shard asked to passivate the entity after {@link #IDLE_TIMEOUT} without a command
   * @param users notified of families that have ended
   */
  static Behavior<Account.Command> create(
      String username,
      ActorRef<ClusterSharding.ShardCommand> shard,
      PasswordHasher hasher,
      Account.Users users,
      InstantSource clock) {
    return Behaviors.setup(
        context -> {
          context.setReceiveTimeout(IDLE_TIMEOUT, new Account.Idle());
          AdmissionGuard<Account.Command> guard =
              new AdmissionGuard<>(
                  Account.Command.class,
                  MAX_WAITING,
                  command -> !(command instanceof Account.Request),
                  AccountEntity::overloaded,
                  "an account");
          return guard.guard(
              new AccountEntity(context, shard, guard, username, hasher, users, clock));
        });
  }

  private static void overloaded(Account.Command command) {
    if (command instanceof Account.Request request) {
      request.refuse();
    }
  }

  @Override
  public AccountState emptyState() {
    return AccountState.EMPTY;
  }

  @Override
  public CommandHandler<Account.Command, AccountEvent, AccountState> commandHandler() {
    return this::handle;
  }

  @Override
  public EventHandler<AccountState, AccountEvent> eventHandler() {
    return (state, event) -> {
      if (state.owner() == null && !(event instanceof AccountEvent.Registered)) {
        // Without its beginning the name would look free.
        throw new IllegalStateException(
            "the events of an account begin after its registration, and no snapshot covers it");
      }
      return state.apply(event);
    };
  }

  @Override
  public boolean shouldSnapshot(AccountState after, AccountEvent event, long number) {
    boolean due = SNAPSHOTS.isDue(number, after::snapshotBytes);
    if (due) {
      retention.begin(number);
    }
    return due;
  }

  @Override
  public SnapshotAdapter<AccountState> snapshotAdapter() {
    return new SnapshotAdapter<>() {
      @Override
      public Object toJournal(AccountState state) {
        return state.withRemoval(retention.plan());
      }

      @Override
      public AccountState fromJournal(Object stored) {
        AccountState snapshot = (AccountState) stored;
        retention.recovered(snapshot.removal());
        return snapshot.withRemoval(null);
      }
    };
  }

  @Override
  public SignalHandler<AccountState> signalHandler() {
    return newSignalHandlerBuilder()
        .onSignal(RecoveryCompleted.instance(), endNotifications::startUnconfirmed)
        .onSignal(
            SnapshotCompleted.class,
            (state, stored) -> retention.completed(stored.getSnapshotMetadata().sequenceNr()))
        .build();
  }

  private Effect<AccountEvent, AccountState> handle(AccountState state, Account.Command command) {
    guard.handled(command);
    return switch (command) {
      case Account.Register c -> register(state, c);
      case Account.Login c -> login(state, c);
      case Account.Refresh c -> refresh(state, c);
      case Account.Logout c -> logout(state, c);
      case Account.EndFamily c -> endFamily(state, c);
      case Account.EndFamilies c -> endFamilies(state, c);
      case Account.Lookup c -> lookup(state, c);
      case Account.Hashed c -> hashed(state, c);
      case Account.Matched c -> matched(state, c);
      case Account.HashFailed c -> hashFailed(c);
      case Account.UserNotified c -> userNotified(state, c);
      case Account.RetryNotifications c -> retryNotifications(state);
      case Account.Idle c -> idle(state);
      case Account.Stop c -> Effect().stop();
    };
  }

  private Effect<AccountEvent, AccountState> register(AccountState state, Account.Register c) {
    if (state.owner() != null) {
      return Effect().reply(c.replyTo(), new AccountReply.UsernameTaken());
    }
    if (hashesInProgress >= MAX_HASHING) {
      return refuse(c);
    }
    hashesInProgress++;
    context.pipeToSelf(
        hasher.hash(c.password()),
        (hash, failure) ->
            failure == null
                ? new Account.Hashed(c, hash)
                : new Account.HashFailed(c, null, failure));
    return Effect().none();
  }

  private Effect<AccountEvent, AccountState> hashed(AccountState state, Account.Hashed c) {
    hashesInProgress--;
    Account.Register r = c.register();
    if (state.owner() != null) { // Another registration was faster.
      return Effect().reply(r.replyTo(), new AccountReply.UsernameTaken());
    }
    RefreshToken.Issued fresh = RefreshToken.first(username);
    Instant now = now();
    return Effect()
        .persist(
            new AccountEvent.Registered(
                new UserId("u_" + UlidCreator.getUlid(now.toEpochMilli())),
                username,
                r.displayName(),
                c.hash(),
                fresh.token().familyId(),
                fresh.token().secretHash(),
                now))
        .thenReply(r.replyTo(), after -> addKnownDevice(signedIn(after, fresh), after));
  }

  private Effect<AccountEvent, AccountState> login(AccountState state, Account.Login c) {
    AccountState.Owner owner = state.owner();
    @Nullable String device =
        owner == null || c.knownDevice() == null
            ? null
            : KnownDevice.number(c.knownDevice(), username, owner.passwordHash(), now());
    if (device == null && c.addressWaitMillis() > 0) {
      return Effect().reply(c.replyTo(), new AccountReply.RateLimited(c.addressWaitMillis()));
    }
    if (hashesInProgress >= (device == null ? MAX_HASHING_UNKNOWN : MAX_HASHING)) {
      return refuse(c);
    }
    // Before the hash: who has the password makes no more hashes than logins, also if each of these
    // logins ends at once because the user is banned. It tells nothing about the password.
    logins = logins.at(clock.millis());
    long full = logins.waitFor(1);
    if (full > 0) {
      return Effect().reply(c.replyTo(), new AccountReply.RateLimited(full));
    }
    GuessLimits.AttemptSource who =
        new GuessLimits.AttemptSource(c.address() == null ? "" : c.address(), device);
    long wait = guesses.take(who, clock.millis());
    if (wait > 0) {
      return Effect().reply(c.replyTo(), new AccountReply.RateLimited(wait));
    }
    hashesInProgress++;
    context.pipeToSelf(
        hasher.matches(
            c.password(),
            owner == null ? null : owner.passwordHash(),
            device == null ? PasswordHasher.Lane.LOGIN : PasswordHasher.Lane.KNOWN_DEVICE),
        (match, failure) ->
            failure == null
                ? new Account.Matched(c, who, match)
                : new Account.HashFailed(c, who, failure));
    return Effect().none();
  }

  private Effect<AccountEvent, AccountState> matched(AccountState state, Account.Matched c) {
    hashesInProgress--;
    if (!c.match() || state.owner() == null) {
      return Effect().reply(c.login().replyTo(), new AccountReply.BadCredentials());
    }
    // Only guesses count: an owner with many devices must not be limited.
    guesses.succeeded(c.who(), clock.millis());
    Instant now = now();
    @Nullable String ended = state.familyEndedByLogin(now);
    if (ended != null && !state.hasRoomForUnconfirmedEnd()) {
      return refuse(c.login());
    }
    logins = logins.at(clock.millis());
    long wait = logins.waitFor(1);
    if (wait > 0) {
      return Effect().reply(c.login().replyTo(), new AccountReply.RateLimited(wait));
    }
    logins = logins.take(1);
    RefreshToken.Issued fresh = RefreshToken.first(username);
    return Effect()
        .persist(
            new AccountEvent.FamilyStarted(
                fresh.token().familyId(), fresh.token().secretHash(), now, ended))
        .thenRun(
            after -> {
              if (ended != null) {
                endNotifications.start(after, ended);
              }
              c.login().replyTo().tell(addKnownDevice(signedIn(after, fresh), after));
            });
  }

  private Effect<AccountEvent, AccountState> hashFailed(Account.HashFailed c) {
    hashesInProgress--;
    if (c.who() != null) {
      guesses.giveBack(c.who(), clock.millis()); // The password was not checked.
    }
    Throwable cause = c.failure() instanceof CompletionException e ? e.getCause() : c.failure();
    if (!(cause instanceof RejectedExecutionException)) {
      context.getLog().error("Password hashing failed", cause);
    }
    return refuse(c.request());
  }

  private Effect<AccountEvent, AccountState> refresh(AccountState state, Account.Refresh c) {
    RefreshToken token = c.token();
    AccountState.Standing standing = state.standing(token, now());
    return switch (standing) {
      case CURRENT, REPEAT_ALLOWED -> {
        if (c.banned()) {
          yield Effect().reply(c.replyTo(), new AccountReply.Banned());
        }
        RefreshToken.Issued fresh = token.nextGeneration();
        yield Effect()
            .persist(
                new AccountEvent.FamilyRotated(
                    token.familyId(),
                    fresh.token().counter(),
                    fresh.token().secretHash(),
                    now(),
                    standing == AccountState.Standing.REPEAT_ALLOWED))
            .thenReply(c.replyTo(), after -> signedIn(after, fresh));
      }
      case SPENT_RECENTLY -> Effect().reply(c.replyTo(), new AccountReply.Stale());
      case TOO_FAST ->
          Effect()
              .reply(c.replyTo(), new AccountReply.TooFast(RefreshTokenFamily.WINDOW.toMillis()));
      case SPENT ->
          revoke(
              state, token.familyId(), true, c, () -> c.replyTo().tell(new AccountReply.Reused()));
      case REVOKED ->
          afterNotification(token.familyId(), () -> c.replyTo().tell(new AccountReply.Reused()));
      case UNKNOWN -> Effect().reply(c.replyTo(), new AccountReply.Unknown());
    };
  }

  private Effect<AccountEvent, AccountState> logout(AccountState state, Account.Logout c) {
    Runnable answer = () -> c.replyTo().tell(new AccountReply.LoggedOut());
    return switch (state.standing(c.token(), now())) {
      // A spent token logs out too: the client may have lost the reply to its last refresh.
      case CURRENT, REPEAT_ALLOWED, SPENT_RECENTLY, TOO_FAST, SPENT ->
          revoke(state, c.token().familyId(), false, c, answer);
      case REVOKED, UNKNOWN -> afterNotification(c.token().familyId(), answer);
    };
  }

  // ---- end of a family

  private Effect<AccountEvent, AccountState> endFamily(AccountState state, Account.EndFamily c) {
    AccountReply.FamilyGone gone = new AccountReply.FamilyGone();
    RefreshTokenFamily refreshTokenFamily = state.familyBySid(c.sid()).orElse(null);
    return refreshTokenFamily == null
        ? Effect().reply(c.replyTo(), gone)
        : Effect()
            .persist(new AccountEvent.FamilyRevoked(refreshTokenFamily.id(), false, now(), true))
            .thenReply(c.replyTo(), after -> gone);
  }

  /** Ends one after the other. */
  private Effect<AccountEvent, AccountState> endFamilies(
      AccountState state, Account.EndFamilies c) {
    boolean none = state.families().isEmpty() || !state.isOwnedBy(c.user());
    return none
        ? Effect().reply(c.replyTo(), new AccountReply.FamilyGone())
        : revoke(
            state, state.families().getFirst().id(), false, c, () -> context.getSelf().tell(c));
  }

  private Effect<AccountEvent, AccountState> revoke(
      AccountState state,
      String familyId,
      boolean reused,
      Account.Request request,
      Runnable answer) {
    if (!state.hasRoomForUnconfirmedEnd()) {
      return refuse(request);
    }
    return Effect()
        .persist(new AccountEvent.FamilyRevoked(familyId, reused, now(), false))
        .thenRun(
            after -> {
              endNotifications.start(after, familyId);
              endNotifications.replyAfter(familyId, answer);
            });
  }

  private Effect<AccountEvent, AccountState> afterNotification(String familyId, Runnable answer) {
    endNotifications.replyAfterRunning(familyId, answer);
    return Effect().none();
  }

  private Effect<AccountEvent, AccountState> userNotified(
      AccountState state, Account.UserNotified c) {
    endNotifications.finished(c);
    if (!c.known()) {
      return Effect().none();
    }
    return state.unconfirmedEnds().contains(c.familyId())
        ? Effect().persist(new AccountEvent.FamilyRevoked(c.familyId(), false, now(), true))
        : Effect().none();
  }

  private Effect<AccountEvent, AccountState> retryNotifications(AccountState state) {
    endNotifications.startUnconfirmed(state);
    return Effect().none();
  }

  private Effect<AccountEvent, AccountState> lookup(AccountState state, Account.Lookup c) {
    AccountState.Owner owner = state.owner();
    return Effect()
        .reply(
            c.replyTo(),
            owner == null
                ? new AccountReply.NotFound()
                : new AccountReply.Found(owner.userId(), owner.displayName()));
  }

  private Effect<AccountEvent, AccountState> idle(AccountState state) {
    boolean hasLogins = logins.at(clock.millis()).waitFor(LOGINS) > 0;
    if (!state.unconfirmedEnds().isEmpty() || !guesses.isEmpty(clock.millis()) || hasLogins) {
      return Effect().none();
    }
    shard.tell(new ClusterSharding.Passivate<>(context.getSelf()));
    return Effect().none();
  }

  private Effect<AccountEvent, AccountState> refuse(Account.Request request) {
    request.refuse();
    return Effect().none();
  }

  private static AccountReply.SignedIn signedIn(AccountState state, RefreshToken.Issued fresh) {
    AccountState.Owner owner = Objects.requireNonNull(state.owner());
    return new AccountReply.SignedIn(
        owner.userId(),
        owner.displayName(),
        fresh.clientToken(),
        RefreshToken.sid(fresh.token().familyId()),
        null);
  }

  /** Adds a known-device token, because the client has just given the right password. */
  private AccountReply.SignedIn addKnownDevice(AccountReply.SignedIn in, AccountState state) {
    Secret hash = Objects.requireNonNull(state.owner()).passwordHash();
    return in.withKnownDevice(KnownDevice.make(username, hash, now()));
  }

  private Instant now() {
    return clock.instant().truncatedTo(ChronoUnit.MILLIS);
  }
}
