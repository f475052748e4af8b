package parley.auth;

import java.net.InetAddress;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Function;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.ActorSystem;
import org.apache.pekko.cluster.sharding.typed.javadsl.ClusterSharding;
import org.apache.pekko.cluster.sharding.typed.javadsl.Entity;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import parley.model.UserId;

/**
 * The entry point to the accounts for the HTTP layer: the calls of protocol section 2 without HTTP.
 * Every stage except that of {@link #endFamily} completes normally with one of the records of
 * {@link AuthResult}, at the latest after {@link AuthSettings#askTimeout}. Invalid input starts no
 * entity. After {@link AuthResult.Unavailable}, a registration, login or refresh may still have
 * happened. Thread-safe.
 */
public final class Accounts {
  private static final Logger log = LoggerFactory.getLogger(Accounts.class);
  private static final long RETRY_AFTER_MILLIS = 1_000;

  /**
   * Where a login attempt comes from.
   *
   * @param knownDevice the known-device token of an earlier login, or null
   * @param addressWaitMillis how long the address must wait without a known device, in
   *     milliseconds; 0 if it need not wait
   */
  public record LoginSource(
      InetAddress address, @Nullable Secret knownDevice, long addressWaitMillis) {}

  private final ClusterSharding sharding;
  private final AccessTokens tokens;
  private final PasswordHasher hasher;
  private final Duration timeout;

  private Accounts(
      ClusterSharding sharding, AccessTokens tokens, PasswordHasher hasher, Duration timeout) {
    this.sharding = sharding;
    this.tokens = tokens;
    this.hasher = hasher;
    this.timeout = timeout;
  }

  /**
   * Starts the sharding of accounts on this node and the threads that hash passwords. The threads
   * end with the actor system. Call it once per system.
   *
   * @param users notified of logins that have ended
   */
  public static Accounts init(
      ActorSystem<?> system,
      AccessTokens tokens,
      AuthSettings settings,
      Account.Users users,
      InstantSource clock) {
    Argon2Hasher hasher = new Argon2Hasher(settings.hashing());
    system.getWhenTerminated().whenComplete((done, failure) -> hasher.close());
    return init(system, tokens, hasher, settings.askTimeout(), users, clock);
  }

  static Accounts init(
      ActorSystem<?> system,
      AccessTokens tokens,
      PasswordHasher hasher,
      Duration timeout,
      Account.Users users,
      InstantSource clock) {
    ClusterSharding sharding = ClusterSharding.get(system);
    sharding.init(
        Entity.of(
                Account.KEY,
                context ->
                    AccountEntity.create(
                        context.getEntityId(), context.getShard(), hasher, users, clock))
            .withStopMessage(new Account.Stop()));
    return new Accounts(sharding, tokens, hasher, timeout);
  }

  /**
   * How many passwords this node has refused to hash, because too many waited or one had waited too
   * long. Their senders got {@link AuthResult.Unavailable}.
   */
  public long refusedPasswords() {
    return hasher.refused();
  }

  /**
   * Creates an account and signs it in.
   *
   * @param displayName the username, if empty
   */
  public CompletionStage<AuthResult.Register> register(
      String username, Secret password, Optional<String> displayName) {
    String name = displayName.orElse(username);
    Optional<AuthResult.Invalid> invalid = Credentials.check(username, password, name);
    if (invalid.isPresent()) {
      return CompletableFuture.completedFuture(invalid.get());
    }
    return this.<AccountReply.ToRegister, AuthResult.Register>ask(
        username,
        replyTo -> new Account.Register(password, name, replyTo),
        reply ->
            switch (reply) {
              case AccountReply.SignedIn r -> signedIn(username, r);
              case AccountReply.UsernameTaken r -> new AuthResult.UsernameTaken();
              case AccountReply.Overloaded r -> unavailable();
            },
        unavailable());
  }

  /**
   * Signs in with a password. A malformed username or an impossible password gives {@link
   * AuthResult.BadCredentials}, as a wrong password does. The rules are public, so this reveals
   * nothing.
   *
   * @param source where the attempt comes from, and what is known about that source
   */
  public CompletionStage<AuthResult.Login> login(
      String username, Secret password, LoginSource source) {
    if (!Credentials.isUsername(username) || !Credentials.isPossible(password)) {
      return CompletableFuture.completedFuture(new AuthResult.BadCredentials());
    }
    return this.<AccountReply.ToLogin, AuthResult.Login>ask(
        username,
        replyTo ->
            new Account.Login(
                password,
                replyTo,
                ClientAddresses.key(source.address()),
                source.knownDevice(),
                source.addressWaitMillis()),
        reply ->
            switch (reply) {
              case AccountReply.SignedIn r -> signedIn(username, r);
              case AccountReply.BadCredentials r -> new AuthResult.BadCredentials();
              case AccountReply.RateLimited r -> new AuthResult.RateLimited(r.retryAfterMillis());
              case AccountReply.Overloaded r -> unavailable();
            },
        unavailable());
  }

  /**
   * Exchanges a refresh token for a new one. For one minute after the first use of a token, this
   * token and the others of its generation can be exchanged again. Any later use revokes the
   * family, that is, all tokens of the same login.
   *
   * @param banned whether the account's user is banned: then a token that would be exchanged gives
   *     {@link AuthResult.Banned}, and stays as it is for the time after the ban
   */
  public CompletionStage<AuthResult.Refresh> refresh(Secret refreshToken, boolean banned) {
    Optional<RefreshToken> token = RefreshToken.parse(refreshToken.value());
    if (token.isEmpty()) {
      return CompletableFuture.completedFuture(new AuthResult.UnknownToken());
    }
    String username = token.get().username();
    return this.<AccountReply.ToRefresh, AuthResult.Refresh>ask(
        username,
        replyTo -> new Account.Refresh(token.get(), replyTo, banned),
        reply ->
            switch (reply) {
              // An account of an older version does not know bans, and exchanges the token.
              case AccountReply.SignedIn r ->
                  banned ? new AuthResult.Banned() : signedIn(username, r);
              case AccountReply.Banned r -> new AuthResult.Banned();
              case AccountReply.Reused r -> new AuthResult.RefreshReused();
              case AccountReply.Stale r -> new AuthResult.StaleToken();
              case AccountReply.TooFast r -> new AuthResult.RateLimited(r.retryAfterMillis());
              case AccountReply.Unknown r -> new AuthResult.UnknownToken();
              case AccountReply.Overloaded r -> unavailable();
            },
        unavailable());
  }

  /** Exchanges the refresh token of a user who is not banned. */
  CompletionStage<AuthResult.Refresh> refresh(Secret refreshToken) {
    return refresh(refreshToken, false);
  }

  /**
   * Revokes the family of a refresh token. The family's sockets end, and its access tokens open no
   * new ones. For other calls its access tokens are valid until they expire.
   */
  public CompletionStage<AuthResult.Logout> logout(Secret refreshToken) {
    Optional<RefreshToken> token = RefreshToken.parse(refreshToken.value());
    if (token.isEmpty()) {
      return CompletableFuture.completedFuture(new AuthResult.LoggedOut());
    }
    return this.<AccountReply.ToLogout, AuthResult.Logout>ask(
        token.get().username(),
        replyTo -> new Account.Logout(token.get(), replyTo),
        reply ->
            switch (reply) {
              case AccountReply.LoggedOut r -> new AuthResult.LoggedOut();
              case AccountReply.Overloaded r -> unavailable();
            },
        unavailable());
  }

  /**
   * Ends the login that access tokens name by {@code sid}. The stage completes when the end is
   * stored. It fails with {@link IllegalStateException} if that is not certain.
   */
  public CompletionStage<Boolean> endFamily(String username, String sid) {
    return endFamilies(username, replyTo -> new Account.EndFamily(sid, replyTo));
  }

  private CompletionStage<Boolean> endFamilies(
      String username, Function<ActorRef<AccountReply.ToEndFamily>, Account.Command> command) {
    if (!Credentials.isUsername(username)) {
      return CompletableFuture.completedFuture(true);
    }
    return this.<AccountReply.ToEndFamily, Boolean>ask(
            username,
            command,
            reply ->
                switch (reply) {
                  case AccountReply.FamilyGone r -> true;
                  case AccountReply.Overloaded r -> false;
                },
            false)
        .thenApply(
            done -> {
              if (!done) {
                throw new IllegalStateException("the account did not answer");
              }
              return true;
            });
  }

  /**
   * Ends all logins of the user who registered this name, also those that no device has used yet.
   * Nothing happens if the name is not the user's. Fails with {@link IllegalStateException} if it
   * is not certain that all have ended.
   */
  public CompletionStage<Boolean> endFamilies(String username, UserId user) {
    return endFamilies(username, replyTo -> new Account.EndFamilies(user, replyTo));
  }

  /**
   * Looks up the owner of the account that a refresh token names. Does not check the token, so the
   * result is not for clients.
   */
  public CompletionStage<AuthResult.Lookup> ownerOf(Secret refreshToken) {
    return RefreshToken.parse(refreshToken.value())
        .map(token -> lookup(token.username()))
        .orElseGet(() -> CompletableFuture.completedFuture(new AuthResult.NotFound()));
  }

  /** Looks up the owner of a username. A malformed username has none. */
  public CompletionStage<AuthResult.Lookup> lookup(String username) {
    if (!Credentials.isUsername(username)) {
      return CompletableFuture.completedFuture(new AuthResult.NotFound());
    }
    return this.<AccountReply.ToLookup, AuthResult.Lookup>ask(
        username,
        Account.Lookup::new,
        reply ->
            switch (reply) {
              case AccountReply.Found r ->
                  new AuthResult.Found(r.userId(), username, r.displayName());
              case AccountReply.NotFound r -> new AuthResult.NotFound();
              case AccountReply.Overloaded r -> unavailable();
            },
        unavailable());
  }

  private <R, T> CompletionStage<T> ask(
      String username,
      Function<ActorRef<R>, Account.Command> command,
      Function<R, T> answer,
      T unavailable) {
    return sharding
        .entityRefFor(Account.KEY, username)
        .<R>ask(command::apply, timeout)
        .thenApply(answer)
        .exceptionally(
            failure -> {
              // The username is not logged: people type passwords into the wrong field.
              log.warn("An account did not answer: {}", failure.getClass().getSimpleName());
              return unavailable;
            });
  }

  private AuthResult.SignedIn signedIn(String username, AccountReply.SignedIn reply) {
    return new AuthResult.SignedIn(
        reply.userId(),
        username,
        reply.displayName(),
        tokens.issue(reply.userId(), username, reply.sid()),
        AccessTokens.LIFE.toSeconds(),
        reply.refreshToken(),
        reply.knownDevice());
  }

  private static AuthResult.Unavailable unavailable() {
    return new AuthResult.Unavailable(RETRY_AFTER_MILLIS);
  }
}
