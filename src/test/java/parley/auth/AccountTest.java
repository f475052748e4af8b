package parley.auth;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CountDownLatch;
import java.util.function.Function;
import org.apache.pekko.actor.testkit.typed.javadsl.ActorTestKit;
import org.apache.pekko.actor.testkit.typed.javadsl.TestProbe;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.cluster.sharding.typed.javadsl.ClusterSharding;
import org.apache.pekko.persistence.testkit.JournalOperation;
import org.apache.pekko.persistence.testkit.ProcessingPolicy;
import org.apache.pekko.persistence.testkit.ProcessingResult;
import org.apache.pekko.persistence.testkit.ProcessingSuccess;
import org.apache.pekko.persistence.testkit.WriteEvents;
import org.apache.pekko.persistence.testkit.javadsl.EventSourcedBehaviorTestKit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import parley.auth.AuthFixtures.Clock;
import parley.auth.AuthFixtures.FakeHasher;
import parley.auth.AuthFixtures.Users;

@TestInstance(TestInstance.Lifecycle.PER_CLASS)
final class AccountTest {
  private static final Secret PASSWORD = new Secret("correct horse");
  private static final Secret WRONG = new Secret("battery staple");

  private ActorTestKit kit;
  private EventSourcedBehaviorTestKit<Account.Command, AccountEvent, AccountState> account;
  private TestProbe<ClusterSharding.ShardCommand> shard;
  private Clock clock;
  private FakeHasher hasher;
  private Users users;
  private int number;

  @BeforeAll
  void start() {
    kit = ActorTestKit.create(AuthFixtures.config());
  }

  @AfterAll
  void stop() {
    kit.shutdownTestKit();
  }

  @BeforeEach
  void fresh() {
    clock = new Clock();
    hasher = new FakeHasher();
    users = new Users();
    shard = kit.createTestProbe();
    account =
        EventSourcedBehaviorTestKit.create(
            kit.system(), Account.create("user" + number++, shard.getRef(), hasher, users, clock));
  }

  @Test
  void registersOnceAndSignsIn() {
    AccountReply.SignedIn in = register();
    assertThat(in.userId().value()).matches("u_[0-9A-Z]{26}");
    assertThat(in.displayName()).isEqualTo("Bob");
    assertThat(this.<AccountReply.ToLookup>run(Account.Lookup::new))
        .isEqualTo(new AccountReply.Found(in.userId(), "Bob"));
    assertThat(refresh(in)).isInstanceOf(AccountReply.SignedIn.class);

    assertThat(this.<AccountReply.ToRegister>run(r -> new Account.Register(WRONG, "Eve", r)))
        .isEqualTo(new AccountReply.UsernameTaken());
    assertThat(hasher.hashed).containsExactly(PASSWORD.value());
  }

  @Test
  void oneOfTwoRacingRegistrationsWins() {
    hasher.hold();
    TestProbe<AccountReply.ToRegister> probe = kit.createTestProbe();
    ActorRef<Account.Command> actor = spawn("racers");
    actor.tell(new Account.Register(PASSWORD, "A", probe.getRef()));
    actor.tell(new Account.Register(WRONG, "B", probe.getRef()));
    await().until(() -> hasher.held() == 2);
    hasher.release();
    assertThat(List.of(probe.receiveMessage(), probe.receiveMessage()))
        .hasAtLeastOneElementOfType(AccountReply.SignedIn.class)
        .contains(new AccountReply.UsernameTaken());
  }

  @Test
  void nothingPlainIsPersistedOrPrinted() {
    AccountReply.SignedIn in = register();
    refresh(in);
    String journal = "" + account.persistenceTestKit().persistedInStorage(id());
    String state = "" + account.getState();
    assertThat(journal + state + in + PASSWORD)
        .doesNotContain(PASSWORD.value())
        .doesNotContain(in.refreshToken().value());
    for (Object event : account.persistenceTestKit().persistedInStorage(id())) {
      // The secret is the token's last 32 bytes; neither they nor the whole are kept.
      assertThat(json(event)).doesNotContain(in.refreshToken().value().substring(72));
    }
  }

  @Test
  void loginChecksThePasswordAndUnknownUsersCostTheSame() {
    assertThat(login(PASSWORD)).isEqualTo(new AccountReply.BadCredentials());
    assertThat(hasher.matched).containsExactly("dummy");
    assertThat(account.persistenceTestKit().persistedInStorage(id())).isEmpty();

    AccountReply.SignedIn registered = register();
    assertThat(login(WRONG)).isEqualTo(new AccountReply.BadCredentials());
    assertThat(hasher.matches()).isEqualTo(2);
    AccountReply.SignedIn in = (AccountReply.SignedIn) login(PASSWORD);
    assertThat(in.userId()).isEqualTo(registered.userId());
    assertThat(refresh(in)).isInstanceOf(AccountReply.SignedIn.class);
    assertThat(refresh(registered)).isInstanceOf(AccountReply.SignedIn.class);
  }

  @Test
  void aSpentTokenRevokesItsFamilyAlsoAfterARestart() {
    AccountReply.SignedIn other = register();
    AccountReply.SignedIn first = (AccountReply.SignedIn) login(PASSWORD);
    AccountReply.SignedIn second = (AccountReply.SignedIn) refresh(first);
    clock.forward(RefreshTokenFamily.WINDOW);
    account.restart();
    assertThat(refresh(first)).isEqualTo(new AccountReply.Reused());
    account.restart();
    int events = account.persistenceTestKit().persistedInStorage(id()).size();
    assertThat(refresh(second)).isEqualTo(new AccountReply.Reused());
    assertThat(refresh(first)).isEqualTo(new AccountReply.Reused());
    assertThat(account.persistenceTestKit().persistedInStorage(id())).hasSize(events);
    assertThat(refresh(other)).isInstanceOf(AccountReply.SignedIn.class);
  }

  @Test
  void aTokenGivesMorePairsForAMinuteAndThenRevokesItsFamily() {
    AccountReply.SignedIn first = register();
    AccountReply.SignedIn a = (AccountReply.SignedIn) refresh(first);
    clock.forward(RefreshTokenFamily.WINDOW.minusMillis(1));
    account.restart();
    AccountReply.SignedIn b = (AccountReply.SignedIn) refresh(first);
    assertThat(token(b).counter()).isEqualTo(1).isEqualTo(token(a).counter());
    assertThat(a.sid()).isEqualTo(first.sid()).isEqualTo(b.sid());
    clock.forward(Duration.ofMillis(1));
    // Of a generation as good as the other, however late, and the window is that of the first use.
    assertThat(refresh(b)).isInstanceOf(AccountReply.SignedIn.class);
    assertThat(refresh(a)).isInstanceOf(AccountReply.SignedIn.class);
    assertThat(refresh(first)).isEqualTo(new AccountReply.Reused());
    assertThat(refresh(a)).isEqualTo(new AccountReply.Reused());
    assertThat(users.told).containsExactly(first.sid());
  }

  @Test
  void onceTheNextGenerationWasUsedTheOneBeforeGivesNothingAndRevokesNothing() {
    AccountReply.SignedIn first = register();
    AccountReply.SignedIn second = (AccountReply.SignedIn) refresh(first);
    AccountReply.SignedIn third = (AccountReply.SignedIn) refresh(second);
    account.restart();
    assertThat(refresh(first)).isEqualTo(new AccountReply.Stale());
    RefreshToken guessed =
        new RefreshToken(token(second).username(), token(second).familyId(), 1, "guessed");
    assertThat(this.<AccountReply.ToRefresh>run(r -> new Account.Refresh(guessed, r)))
        .isEqualTo(new AccountReply.Unknown());
    assertThat(refresh(third)).isInstanceOf(AccountReply.SignedIn.class);
    clock.forward(RefreshTokenFamily.WINDOW);
    assertThat(refresh(first)).isEqualTo(new AccountReply.Reused());
  }

  @Test
  void aGenerationHasTwentyTokensAfterTheFirst() {
    AccountReply.SignedIn first = register();
    AccountReply.SignedIn last = (AccountReply.SignedIn) refresh(first);
    for (int i = 0; i < RefreshTokenFamily.MORE; i++) {
      last = (AccountReply.SignedIn) refresh(first);
    }
    assertThat(refresh(first)).isEqualTo(new AccountReply.Stale());
    account.restart();
    assertThat(refresh(last)).isInstanceOf(AccountReply.SignedIn.class);
  }

  @Test
  void generationsThatFollowTooFastHaveToWait() {
    AccountReply.SignedIn in = register();
    for (int i = 0; i < RefreshTokenFamily.FAST; i++) {
      in = (AccountReply.SignedIn) refresh(in);
    }
    assertThat(refresh(in))
        .isEqualTo(new AccountReply.TooFast(RefreshTokenFamily.WINDOW.toMillis()));
    clock.forward(RefreshTokenFamily.WINDOW);
    assertThat(refresh(in)).isInstanceOf(AccountReply.SignedIn.class);
  }

  @Test
  void aFamilyEndsAfterNinetyDaysHoweverOftenItIsUsed() {
    AccountReply.SignedIn in = register();
    for (int i = 0; i < 14; i++) {
      clock.forward(Duration.ofDays(6));
      in = (AccountReply.SignedIn) refresh(in);
    }
    clock.forward(Duration.ofDays(6).minusMillis(1));
    in = (AccountReply.SignedIn) refresh(in);
    clock.forward(Duration.ofMillis(1));
    assertThat(refresh(in)).isEqualTo(new AccountReply.Unknown());
  }

  @Test
  void aUserThatCannotBeToldIsToldAgainAlsoAfterACrash() {
    AccountReply.SignedIn a = register();
    users.away = true;
    // Answered all the same: none of its tokens is good.
    assertThat(this.<AccountReply.ToLogout>run(r -> new Account.Logout(token(a), r)))
        .isEqualTo(new AccountReply.LoggedOut());
    assertThat(account.getState().untold()).containsExactly(token(a).familyId());
    users.away = false;
    account.restart();
    await().until(() -> account.getState().untold().isEmpty());
    assertThat(users.told).hasSizeGreaterThan(1).containsOnly(a.sid());
    int told = users.told.size();
    account.restart();
    assertThat(refresh(a)).isEqualTo(new AccountReply.Unknown());
    assertThat(users.told).hasSize(told);
  }

  @Test
  void theLoginThatMakesRoomEndsTheLeastRecentlyUsedAndItsUserHears() {
    AccountReply.SignedIn oldest = register();
    for (int i = 1; i < AccountState.MAX_FAMILIES; i++) {
      login(PASSWORD);
    }
    assertThat(users.told).isEmpty();
    login(PASSWORD);
    await().untilAsserted(() -> assertThat(users.told).containsExactly(oldest.sid()));
  }

  @Test
  void whereTooManyEndsAreUntoldNoMoreEnd() {
    AccountReply.SignedIn kept = register();
    users.away = true;
    for (int i = 0; i < AccountState.MAX_UNTOLD; i++) {
      AccountReply.SignedIn in = (AccountReply.SignedIn) login(PASSWORD);
      this.<AccountReply.ToLogout>run(r -> new Account.Logout(token(in), r));
    }
    assertThat(this.<AccountReply.ToLogout>run(r -> new Account.Logout(token(kept), r)))
        .isEqualTo(new AccountReply.Overloaded());
    assertThat(refresh(kept)).isInstanceOf(AccountReply.SignedIn.class);
  }

  @Test
  void theUserEndsALogin() {
    AccountReply.SignedIn a = register();
    AccountReply.SignedIn b = (AccountReply.SignedIn) login(PASSWORD);
    for (int i = 0; i < 2; i++) {
      assertThat(
              this.<AccountReply.ToEndFamily>run(
                  r -> new Account.EndFamily(Objects.requireNonNull(a.sid()), r)))
          .isEqualTo(new AccountReply.FamilyGone());
    }
    account.restart();
    assertThat(refresh(a)).isEqualTo(new AccountReply.Unknown());
    assertThat(refresh(b)).isInstanceOf(AccountReply.SignedIn.class);
    assertThat(users.told).as("it knows").isEmpty();
  }

  @Test
  void aTokenThatNeverWasIsUnknownAndChangesNothing() {
    AccountReply.SignedIn in = register();
    RefreshToken real = token(in);
    RefreshToken wrongSecret =
        new RefreshToken(real.username(), real.familyId(), 0, "x" + real.secretHash());
    RefreshToken wrongFamily =
        new RefreshToken(real.username(), "y" + real.familyId(), 0, real.secretHash());
    RefreshToken ahead = new RefreshToken(real.username(), real.familyId(), 1, real.secretHash());
    for (RefreshToken token : List.of(wrongSecret, wrongFamily, ahead)) {
      assertThat(this.<AccountReply.ToRefresh>run(r -> new Account.Refresh(token, r)))
          .isEqualTo(new AccountReply.Unknown());
    }
    assertThat(refresh(in)).isInstanceOf(AccountReply.SignedIn.class);
  }

  @Test
  void logoutRevokesTheFamilyOnly() {
    AccountReply.SignedIn a = register();
    AccountReply.SignedIn b = (AccountReply.SignedIn) login(PASSWORD);
    for (int i = 0; i < 2; i++) {
      assertThat(this.<AccountReply.ToLogout>run(r -> new Account.Logout(token(a), r)))
          .isEqualTo(new AccountReply.LoggedOut());
    }
    assertThat(refresh(a)).isEqualTo(new AccountReply.Unknown());
    assertThat(refresh(b)).isInstanceOf(AccountReply.SignedIn.class);
  }

  @Test
  void aFamilyEndsSevenDaysAfterItsLastUse() {
    AccountReply.SignedIn in = register();
    clock.forward(AccountState.TOKEN_LIFE.minusMillis(1));
    AccountReply.SignedIn next = (AccountReply.SignedIn) refresh(in);
    clock.forward(AccountState.TOKEN_LIFE);
    assertThat(refresh(next)).isEqualTo(new AccountReply.Unknown());
    login(PASSWORD);
    assertThat(account.getState().families()).hasSize(1);
  }

  @Test
  void twentyFamiliesAreKeptAndTheLeastRecentlyUsedGoes() {
    AccountReply.SignedIn oldest = register();
    AccountReply.SignedIn second = (AccountReply.SignedIn) login(PASSWORD);
    for (int i = 2; i < 20; i++) {
      login(PASSWORD);
    }
    AccountReply.SignedIn used = (AccountReply.SignedIn) refresh(oldest);
    assertThat(login(PASSWORD)).isInstanceOf(AccountReply.SignedIn.class);
    assertThat(account.getState().families()).hasSize(20);
    assertThat(refresh(second)).isEqualTo(new AccountReply.Unknown());
    assertThat(refresh(used)).isInstanceOf(AccountReply.SignedIn.class);
  }

  @Test
  void guessesAreThrottledWhetherTheAccountExistsOrNot() {
    guessUntilThrottled();
    account.clear();
    fresh();
    register();
    guessUntilThrottled();
    assertThat(login(PASSWORD)).isInstanceOf(AccountReply.RateLimited.class);
    clock.forward(Duration.ofSeconds(12));
    assertThat(login(PASSWORD)).isInstanceOf(AccountReply.SignedIn.class);
    assertThat(login(PASSWORD))
        .as("a success is given back")
        .isInstanceOf(AccountReply.SignedIn.class);
  }

  private void guessUntilThrottled() {
    int before = hasher.matches();
    for (int i = 0; i < 10; i++) {
      assertThat(login(WRONG)).isEqualTo(new AccountReply.BadCredentials());
    }
    assertThat(login(WRONG)).isEqualTo(new AccountReply.RateLimited(6_000));
    clock.forward(Duration.ofMillis(5_999));
    assertThat(login(WRONG)).isEqualTo(new AccountReply.RateLimited(1));
    clock.forward(Duration.ofMillis(1));
    assertThat(login(WRONG)).isEqualTo(new AccountReply.BadCredentials());
    assertThat(hasher.matches()).isEqualTo(before + 11);
    assertThat(login(WRONG)).as("it grows").isEqualTo(new AccountReply.RateLimited(12_000));
  }

  @Test
  void whoGuessesFromOneAddressKeepsNobodyOutWhoComesFromAnother() {
    register();
    for (int minute = 0; minute < 600; minute++) {
      for (int i = 0; i < 20; i++) {
        login(WRONG, "guesser", null);
      }
      clock.forward(Duration.ofMinutes(1));
      assertThat(login(PASSWORD, "owner", null)).isInstanceOf(AccountReply.SignedIn.class);
    }
    // Ten at once, then more and more slowly: of 12,000 tries these were looked at.
    assertThat(hasher.matches() - 600).isLessThan(200);
  }

  @Test
  void whoGuessesFromEverywhereKeepsNoKnownDeviceOut() {
    Secret known = register().knownDevice();
    for (int i = 0; i < 2_000; i++) {
      login(WRONG, "address " + i, null);
    }
    assertThat(hasher.matches()).as("all of them together").isEqualTo(GuessLimits.COMMON.free());
    assertThat(login(PASSWORD, "new", null)).isInstanceOf(AccountReply.RateLimited.class);
    for (int i = 0; i < 20; i++) {
      login(WRONG, "address " + i, null);
      assertThat(login(PASSWORD, "address 1", known)).isInstanceOf(AccountReply.SignedIn.class);
    }
    // Also where the edge has had enough of the address.
    assertThat(
            this.<AccountReply.ToLogin>run(r -> new Account.Login(PASSWORD, r, "a", known, 9_000)))
        .isInstanceOf(AccountReply.SignedIn.class);
    assertThat(
            this.<AccountReply.ToLogin>run(r -> new Account.Login(PASSWORD, r, "a", null, 9_000)))
        .isEqualTo(new AccountReply.RateLimited(9_000));
  }

  @Test
  void aKnownDeviceHasGuessesOfItsOwnAndNotMore() {
    Secret stolen = register().knownDevice();
    Secret owners = ((AccountReply.SignedIn) login(PASSWORD)).knownDevice();
    for (int i = 0; i < 10; i++) {
      assertThat(login(WRONG, "thief " + i, stolen)).isEqualTo(new AccountReply.BadCredentials());
    }
    assertThat(login(WRONG, "thief", stolen)).isEqualTo(new AccountReply.RateLimited(6_000));
    assertThat(login(PASSWORD, "owner", owners)).isInstanceOf(AccountReply.SignedIn.class);
    assertThat(login(PASSWORD, "owner", null)).isInstanceOf(AccountReply.SignedIn.class);
  }

  @Test
  void aKnownDeviceIsKnownToItsAccountAndPasswordAlone() {
    Secret hash = new Secret("hash of x");
    Secret word = KnownDevice.make("bob", hash, AuthFixtures.START);
    assertThat(word.value()).hasSize(KnownDevice.CHARS);
    assertThat(KnownDevice.number(word, "bob", hash, AuthFixtures.START)).isNotNull();
    assertThat(KnownDevice.number(word, "eve", hash, AuthFixtures.START)).isNull();
    assertThat(KnownDevice.number(word, "bob", new Secret("hash of y"), AuthFixtures.START))
        .isNull();
    assertThat(KnownDevice.number(word, "bob", hash, AuthFixtures.START.plus(KnownDevice.LIFE)))
        .isNull();
    for (int i = 0; i < word.value().length(); i++) {
      char other = word.value().charAt(i) == 'A' ? 'B' : 'A';
      String forged = word.value().substring(0, i) + other + word.value().substring(i + 1);
      assertThat(KnownDevice.number(new Secret(forged), "bob", hash, AuthFixtures.START))
          .as("character " + i)
          .isNull();
    }
    register();
    String foreign = KnownDevice.make("eve", hash, clock.instant()).value();
    for (int i = 0; i < 2_000; i++) {
      login(WRONG, "address " + i, new Secret(foreign));
    }
    assertThat(hasher.matches()).isEqualTo(GuessLimits.COMMON.free());
  }

  @Test
  void guessesAreRememberedForLongerThanAPause() {
    ActorRef<Account.Command> actor = spawn("guessed");
    TestProbe<AccountReply.ToLogin> probe = kit.createTestProbe();
    actor.tell(new Account.Login(WRONG, probe.getRef(), "a", null, 0));
    probe.receiveMessage();
    actor.tell(new Account.Idle());
    shard.expectNoMessage();
    clock.forward(Duration.ofMinutes(5));
    actor.tell(new Account.Idle());
    assertThat(shard.receiveMessage()).isInstanceOf(ClusterSharding.Passivate.class);
  }

  @Test
  void aFullHasherIsOverloadAndCostsNoAttempt() {
    register();
    hasher.full(true);
    for (int i = 0; i < 15; i++) {
      assertThat(login(PASSWORD)).isEqualTo(new AccountReply.Overloaded());
    }
    hasher.full(false);
    assertThat(login(WRONG)).isEqualTo(new AccountReply.BadCredentials());
  }

  @Test
  void hashingForOneAccountIsBounded() {
    hasher.hold();
    ActorRef<Account.Command> actor = spawn("popular");
    TestProbe<AccountReply.ToRegister> probe = kit.createTestProbe();
    for (int i = 0; i <= Account.MAX_HASHING; i++) {
      actor.tell(new Account.Register(PASSWORD, "P", probe.getRef()));
    }
    assertThat(probe.receiveMessage()).isEqualTo(new AccountReply.Overloaded());
    assertThat(hasher.held()).isEqualTo(Account.MAX_HASHING);
    hasher.release();
    assertThat(probe.receiveMessage()).isInstanceOf(AccountReply.SignedIn.class);
    probe.receiveSeveralMessages(Account.MAX_HASHING - 1);
    actor.tell(new Account.Register(PASSWORD, "P", probe.getRef()));
    assertThat(probe.receiveMessage()).isEqualTo(new AccountReply.UsernameTaken());
  }

  @Test
  void whatWaitsForAWriteIsBoundedAndAnsweredEarly() {
    ActorRef<Account.Command> actor = spawn("slow");
    TestProbe<Object> probe = kit.createTestProbe();
    actor.tell(new Account.Register(PASSWORD, "S", probe.getRef().narrow()));
    AccountReply.SignedIn in = (AccountReply.SignedIn) probe.receiveMessage();
    CountDownLatch store = new CountDownLatch(1);
    account.persistenceTestKit().withPolicy(new StuckWrites(store));
    try {
      actor.tell(new Account.Refresh(token(in), probe.getRef().narrow()));
      for (int i = 0; i < Account.MAX_WAITING + 1; i++) {
        actor.tell(new Account.Lookup(probe.getRef().narrow()));
      }
      assertThat(probe.receiveMessage()).isEqualTo(new AccountReply.Overloaded());
      // Nothing is said before it is written: one more is told so, and nothing in between.
      actor.tell(new Account.Lookup(probe.getRef().narrow()));
      assertThat(probe.receiveMessage()).isEqualTo(new AccountReply.Overloaded());
    } finally {
      store.countDown();
    }
    assertThat(probe.receiveMessage()).isInstanceOf(AccountReply.SignedIn.class);
    List<Object> rest = probe.receiveSeveralMessages(Account.MAX_WAITING);
    assertThat(rest).hasOnlyElementsOfType(AccountReply.Found.class);
    actor.tell(new Account.Lookup(probe.getRef().narrow()));
    assertThat(probe.receiveMessage()).isInstanceOf(AccountReply.Found.class);
    account.persistenceTestKit().resetPolicy();
  }

  @Test
  void snapshotsCarryTheWholeState() {
    AccountReply.SignedIn in = register();
    AccountReply.SignedIn spent = in;
    for (int i = 0; i < 230; i++) {
      spent = in;
      clock.forward(Duration.ofSeconds(1));
      in = (AccountReply.SignedIn) refresh(in);
    }
    clock.forward(RefreshTokenFamily.WINDOW);
    AccountState before = account.getState();
    assertThat(account.snapshotTestKit().orElseThrow().persistedInStorage(id())).isNotEmpty();
    assertThat(account.restart().state()).isEqualTo(before);
    assertThat(refresh(spent)).isEqualTo(new AccountReply.Reused());
  }

  @Test
  void leavesMemoryThroughTheShard() {
    ActorRef<Account.Command> actor = spawn("idle");
    actor.tell(new Account.Idle());
    assertThat(shard.receiveMessage()).isInstanceOf(ClusterSharding.Passivate.class);
    TestProbe<Object> watcher = kit.createTestProbe();
    actor.tell(new Account.Stop());
    watcher.expectTerminated(actor);
  }

  private ActorRef<Account.Command> spawn(String name) {
    return kit.spawn(Account.create(name, shard.getRef(), hasher, users, clock));
  }

  private String id() {
    return "Account|user" + (number - 1);
  }

  private String json(Object event) {
    return Goldens.mapper(kit.system()).valueToTree(event).toString();
  }

  private AccountReply.SignedIn register() {
    return (AccountReply.SignedIn)
        this.<AccountReply.ToRegister>run(r -> new Account.Register(PASSWORD, "Bob", r));
  }

  private AccountReply.ToLogin login(Secret password) {
    return login(password, "", null);
  }

  private AccountReply.ToLogin login(Secret password, String address, @Nullable Secret known) {
    return run(r -> new Account.Login(password, r, address, known, 0));
  }

  private AccountReply.ToRefresh refresh(AccountReply.SignedIn in) {
    return run(r -> new Account.Refresh(token(in), r));
  }

  private static RefreshToken token(AccountReply.SignedIn in) {
    return RefreshToken.parse(in.refreshToken().value()).orElseThrow();
  }

  private <R> R run(Function<ActorRef<R>, Account.Command> command) {
    return account.runCommand(command).reply();
  }

  private static final class StuckWrites implements ProcessingPolicy<JournalOperation> {
    private final CountDownLatch latch;

    StuckWrites(CountDownLatch latch) {
      this.latch = latch;
    }

    @Override
    public ProcessingResult tryProcess(String persistenceId, JournalOperation operation) {
      if (operation instanceof WriteEvents) {
        try {
          latch.await();
        } catch (InterruptedException e) {
          throw new IllegalStateException(e);
        }
      }
      return ProcessingSuccess.getInstance();
    }
  }
}
