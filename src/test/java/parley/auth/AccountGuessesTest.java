package parley.auth;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.apache.pekko.actor.testkit.typed.javadsl.TestProbe;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.cluster.sharding.typed.javadsl.ClusterSharding;
import org.junit.jupiter.api.Test;

/** Limits on guesses of a password, by address and by known device. */
final class AccountGuessesTest extends AccountHarness {
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
  void guessesFromOneAddressDoNotDelayOtherAddresses() {
    register();
    for (int minute = 0; minute < 600; minute++) {
      for (int i = 0; i < 20; i++) {
        login(WRONG, "guesser", null);
      }
      clock.forward(Duration.ofMinutes(1));
      assertThat(login(PASSWORD, "owner", null)).isInstanceOf(AccountReply.SignedIn.class);
    }
    // Ten at once, then ever fewer: this many of 12,000 attempts were checked.
    assertThat(hasher.matches() - 600).isLessThan(200);
  }

  @Test
  void guessesFromManyAddressesDoNotDelayAKnownDevice() {
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
    // Also if the HTTP limit of the address is used up.
    assertThat(
            this.<AccountReply.ToLogin>run(r -> new Account.Login(PASSWORD, r, "a", known, 9_000)))
        .isInstanceOf(AccountReply.SignedIn.class);
    assertThat(
            this.<AccountReply.ToLogin>run(r -> new Account.Login(PASSWORD, r, "a", null, 9_000)))
        .isEqualTo(new AccountReply.RateLimited(9_000));
  }

  @Test
  void aKnownDeviceHasALimitOfItsOwn() {
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
  void aKnownDeviceIsValidOnlyForItsAccountAndPassword() {
    Secret hash = new Secret("hash of x");
    Secret word = KnownDevice.make("bob", hash, AuthTestData.START);
    assertThat(word.value()).hasSize(KnownDevice.CHARS);
    assertThat(KnownDevice.number(word, "bob", hash, AuthTestData.START)).isNotNull();
    assertThat(KnownDevice.number(word, "eve", hash, AuthTestData.START)).isNull();
    assertThat(KnownDevice.number(word, "bob", new Secret("hash of y"), AuthTestData.START))
        .isNull();
    assertThat(KnownDevice.number(word, "bob", hash, AuthTestData.START.plus(KnownDevice.LIFE)))
        .isNull();
    for (int i = 0; i < word.value().length(); i++) {
      char other = word.value().charAt(i) == 'A' ? 'B' : 'A';
      String forged = word.value().substring(0, i) + other + word.value().substring(i + 1);
      assertThat(KnownDevice.number(new Secret(forged), "bob", hash, AuthTestData.START))
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
  void anAccountStaysInMemoryUntilItsGuessesExpire() {
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
  void anAccountStaysInMemoryUntilItsLoginsDoNotCountAnyMore() {
    ActorRef<Account.Command> actor = spawn("logged-in");
    TestProbe<Object> probe = kit.createTestProbe();
    actor.tell(new Account.Register(PASSWORD, "L", probe.getRef().narrow()));
    probe.receiveMessage();
    actor.tell(new Account.Login(PASSWORD, probe.getRef().narrow(), "a", null, 0));
    assertThat(probe.receiveMessage()).isInstanceOf(AccountReply.SignedIn.class);
    actor.tell(new Account.Idle());
    shard.expectNoMessage();
    clock.forward(Duration.ofMillis(AccountEntity.LOGIN_MILLIS));
    actor.tell(new Account.Idle());
    assertThat(shard.receiveMessage()).isInstanceOf(ClusterSharding.Passivate.class);
  }

  @Test
  void aFullHasherIsUnavailableAndCostsNoAttempt() {
    register();
    hasher.full(true);
    for (int i = 0; i < 15; i++) {
      assertThat(login(PASSWORD)).isEqualTo(new AccountReply.Overloaded());
    }
    hasher.full(false);
    assertThat(login(WRONG)).isEqualTo(new AccountReply.BadCredentials());
  }
}
