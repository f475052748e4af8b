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
import org.apache.pekko.cluster.sharding.typed.javadsl.EntityTypeKey;
import org.apache.pekko.persistence.typed.PersistenceId;
import org.apache.pekko.persistence.typed.javadsl.CommandHandler;
import org.apache.pekko.persistence.typed.javadsl.Effect;
import org.apache.pekko.persistence.typed.javadsl.EventHandler;
import org.apache.pekko.persistence.typed.javadsl.EventSourcedBehavior;
import org.apache.pekko.persistence.typed.javadsl.RetentionCriteria;
import parley.model.UserId;
import parley.serial.Local;
import parley.serial.Wire;

/**
 * One account, by its username: the only writer of who has the name, of the password's hash and of
 * the refresh tokens. Whatever it answers is in the journal first.
 *
 * <pre>
 *  Register, Login ──▶ throttle ──▶ PasswordHasher (its own threads)
 *                                        │ Hashed, Matched
 *                                        ▼
 *  Refresh, Logout ────────────────▶ persist ──▶ reply
 * </pre>
 *
 * <p>An entity nobody has registered lives like any other, throttles guesses like any other, and
 * writes nothing.
 *
 * <p>Bounds: {@value #MAX_WAITING} commands waiting for a write and {@value #MAX_HASHING} for the
 * hasher; what is beyond is answered {@link AccountReply.Overloaded} at once. (The behaviour's own
 * stash would drop it in silence.)
 */
public final class Account
    extends EventSourcedBehavior<Account.Command, AccountEvent, AccountState> {
  /** Sharded under this name; the entity's id is the username. */
  public static final EntityTypeKey<Command> KEY = EntityTypeKey.create(Command.class, "Account");

  /** What an account is told. Tokens come parsed, so that no entity is woken for nonsense. */
  public sealed interface Command extends Wire {}

  /** A command somebody waits for. */
  sealed interface Request extends Command {
    ActorRef<? super AccountReply.Overloaded> replyTo();

    default void refuse() {
      replyTo().tell(new AccountReply.Overloaded());
    }
  }

  /** Take the name. All fields keep the rules of {@link Credentials}. */
  record Register(Secret password, String displayName, ActorRef<AccountReply.ToRegister> replyTo)
      implements Request {
    @Override
    public String toString() {
      return "Register[]";
    }
  }

  /** Start a family of refresh tokens, for the right password. */
  record Login(Secret password, ActorRef<AccountReply.ToLogin> replyTo) implements Request {}

  /** Spend a refresh token for the next one. */
  record Refresh(RefreshToken token, ActorRef<AccountReply.ToRefresh> replyTo) implements Request {}

  /** Revoke the token's family. */
  record Logout(RefreshToken token, ActorRef<AccountReply.ToLogout> replyTo) implements Request {}

  /** Who has the name? */
  record Lookup(ActorRef<AccountReply.ToLookup> replyTo) implements Request {}

  /** The shard's last word: leave memory. */
  record Stop() implements Command, Local {}

  private record Hashed(Register register, Secret hash) implements Command, Local {}

  private record Matched(Login login, boolean match) implements Command, Local {}

  private record HashFailed(Request request, Throwable failure) implements Command, Local {}

  record Idle() implements Command, Local {}

  static final int MAX_WAITING = 64;
  static final int MAX_HASHING = 16;

  /** Logins at once, and the time until one more is allowed: slows guessing, locks nobody out. */
  static final int LOGIN_BURST = 10;

  static final long LOGIN_REFILL_MILLIS = 6_000;

  /** Longer than the bucket takes to fill, so that leaving memory forgets no throttling. */
  static final Duration IDLE = Duration.ofMillis(2 * LOGIN_BURST * LOGIN_REFILL_MILLIS);

  private final ActorContext<Command> context;
  private final ActorRef<ClusterSharding.ShardCommand> shard;
  private final Admission admission;
  private final String username;
  private final PasswordHasher hasher;
  private final InstantSource clock;
  private TokenBucket logins;
  private int hashing;

  private Account(
      ActorContext<Command> context,
      ActorRef<ClusterSharding.ShardCommand> shard,
      Admission admission,
      String username,
      PasswordHasher hasher,
      InstantSource clock) {
    super(PersistenceId.of(KEY.name(), username));
    this.context = context;
    this.shard = shard;
    this.admission = admission;
    this.username = username;
    this.hasher = hasher;
    this.clock = clock;
    this.logins = TokenBucket.full(LOGIN_BURST, LOGIN_REFILL_MILLIS, clock.millis());
  }

  /**
   * The behaviour of one account.
   *
   * @param shard asked to passivate it after {@link #IDLE} without a command
   */
  static Behavior<Command> create(
      String username,
      ActorRef<ClusterSharding.ShardCommand> shard,
      PasswordHasher hasher,
      InstantSource clock) {
    return Behaviors.setup(
        context -> {
          context.setReceiveTimeout(IDLE, new Idle());
          Admission admission = new Admission(MAX_WAITING);
          return Behaviors.intercept(
              () -> admission, new Account(context, shard, admission, username, hasher, clock));
        });
  }

  @Override
  public AccountState emptyState() {
    return AccountState.EMPTY;
  }

  @Override
  public CommandHandler<Command, AccountEvent, AccountState> commandHandler() {
    return this::handle;
  }

  @Override
  public EventHandler<AccountState, AccountEvent> eventHandler() {
    return AccountState::apply;
  }

  @Override
  public RetentionCriteria retentionCriteria() {
    return RetentionCriteria.snapshotEvery(100, 2);
  }

  private Effect<AccountEvent, AccountState> handle(AccountState state, Command command) {
    admission.handled(command);
    return switch (command) {
      case Register c -> register(state, c);
      case Login c -> login(state, c);
      case Refresh c -> refresh(state, c);
      case Logout c -> logout(state, c);
      case Lookup c -> lookup(state, c);
      case Hashed c -> hashed(state, c);
      case Matched c -> matched(state, c);
      case HashFailed c -> hashFailed(c);
      case Idle c -> idle();
      case Stop c -> Effect().stop();
    };
  }

  private Effect<AccountEvent, AccountState> register(AccountState state, Register c) {
    if (state.owner() != null) {
      return Effect().reply(c.replyTo(), new AccountReply.UsernameTaken());
    }
    if (hashing >= MAX_HASHING) {
      return refuse(c);
    }
    hashing++;
    context.pipeToSelf(
        hasher.hash(c.password()),
        (hash, failure) -> failure == null ? new Hashed(c, hash) : new HashFailed(c, failure));
    return Effect().none();
  }

  private Effect<AccountEvent, AccountState> hashed(AccountState state, Hashed c) {
    hashing--;
    Register r = c.register();
    if (state.owner() != null) { // Somebody else's hash was ready first.
      return Effect().reply(r.replyTo(), new AccountReply.UsernameTaken());
    }
    RefreshToken.Fresh fresh = RefreshToken.first(username);
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
        .thenReply(r.replyTo(), after -> signedIn(after, fresh));
  }

  private Effect<AccountEvent, AccountState> login(AccountState state, Login c) {
    logins = logins.at(clock.millis());
    long wait = logins.waitMillis();
    if (wait > 0) {
      return Effect().reply(c.replyTo(), new AccountReply.RateLimited(wait));
    }
    if (hashing >= MAX_HASHING) {
      return refuse(c);
    }
    logins = logins.take();
    hashing++;
    AccountState.Owner owner = state.owner();
    context.pipeToSelf(
        hasher.matches(c.password(), owner == null ? null : owner.passwordHash()),
        (match, failure) -> failure == null ? new Matched(c, match) : new HashFailed(c, failure));
    return Effect().none();
  }

  private Effect<AccountEvent, AccountState> matched(AccountState state, Matched c) {
    hashing--;
    if (!c.match() || state.owner() == null) {
      return Effect().reply(c.login().replyTo(), new AccountReply.BadCredentials());
    }
    logins = logins.giveBack(); // Only guesses count: an owner with many devices is no guesser.
    RefreshToken.Fresh fresh = RefreshToken.first(username);
    return Effect()
        .persist(
            new AccountEvent.FamilyStarted(
                fresh.token().familyId(), fresh.token().secretHash(), now()))
        .thenReply(c.login().replyTo(), after -> signedIn(after, fresh));
  }

  private Effect<AccountEvent, AccountState> hashFailed(HashFailed c) {
    hashing--;
    if (c.request() instanceof Login) {
      logins = logins.giveBack(); // Nothing was tried.
    }
    Throwable cause = c.failure() instanceof CompletionException e ? e.getCause() : c.failure();
    if (!(cause instanceof RejectedExecutionException)) {
      context.getLog().error("password hashing failed", cause);
    }
    return refuse(c.request());
  }

  private Effect<AccountEvent, AccountState> refresh(AccountState state, Refresh c) {
    RefreshToken token = c.token();
    return switch (state.standing(token, now())) {
      case GOOD -> {
        RefreshToken.Fresh fresh = token.next();
        yield Effect()
            .persist(
                new AccountEvent.FamilyRotated(
                    token.familyId(), fresh.token().counter(), fresh.token().secretHash(), now()))
            .thenReply(c.replyTo(), after -> signedIn(after, fresh));
      }
      case SPENT ->
          Effect()
              .persist(new AccountEvent.FamilyRevoked(token.familyId(), true, now()))
              .thenReply(c.replyTo(), after -> new AccountReply.Reused());
      case REVOKED -> Effect().reply(c.replyTo(), new AccountReply.Reused());
      case UNKNOWN -> Effect().reply(c.replyTo(), new AccountReply.Unknown());
    };
  }

  private Effect<AccountEvent, AccountState> logout(AccountState state, Logout c) {
    return switch (state.standing(c.token(), now())) {
      // A spent token logs out too: a client that lost the answer of its last refresh may leave.
      case GOOD, SPENT ->
          Effect()
              .persist(new AccountEvent.FamilyRevoked(c.token().familyId(), false, now()))
              .thenReply(c.replyTo(), after -> new AccountReply.LoggedOut());
      case REVOKED, UNKNOWN -> Effect().reply(c.replyTo(), new AccountReply.LoggedOut());
    };
  }

  private Effect<AccountEvent, AccountState> lookup(AccountState state, Lookup c) {
    AccountState.Owner owner = state.owner();
    return Effect()
        .reply(
            c.replyTo(),
            owner == null
                ? new AccountReply.NotFound()
                : new AccountReply.Found(owner.userId(), owner.displayName()));
  }

  private Effect<AccountEvent, AccountState> idle() {
    shard.tell(new ClusterSharding.Passivate<>(context.getSelf()));
    return Effect().none();
  }

  private Effect<AccountEvent, AccountState> refuse(Request request) {
    request.refuse();
    return Effect().none();
  }

  private static AccountReply.SignedIn signedIn(AccountState state, RefreshToken.Fresh fresh) {
    AccountState.Owner owner = Objects.requireNonNull(state.owner());
    return new AccountReply.SignedIn(owner.userId(), owner.displayName(), fresh.wire());
  }

  private Instant now() {
    return clock.instant().truncatedTo(ChronoUnit.MILLIS);
  }
}
