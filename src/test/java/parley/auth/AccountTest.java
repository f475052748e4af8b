package parley.auth;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import org.apache.pekko.actor.testkit.typed.javadsl.LoggingTestKit;
import org.apache.pekko.actor.testkit.typed.javadsl.TestProbe;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.cluster.sharding.typed.javadsl.ClusterSharding;
import org.apache.pekko.persistence.testkit.JournalOperation;
import org.apache.pekko.persistence.testkit.ProcessingPolicy;
import org.apache.pekko.persistence.testkit.ProcessingResult;
import org.apache.pekko.persistence.testkit.ProcessingSuccess;
import org.apache.pekko.persistence.testkit.StorageFailure;
import org.apache.pekko.persistence.testkit.WriteEvents;
import org.junit.jupiter.api.Test;

/** Registration, login, and the bounds and life of the entity. */
final class AccountTest extends AccountHarness {
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
  void secretsAreNeverPersistedOrPrinted() {
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
  void hashingForOneAccountIsBounded() {
    hasher.hold();
    ActorRef<Account.Command> actor = spawn("popular");
    TestProbe<AccountReply.ToRegister> probe = kit.createTestProbe();
    for (int i = 0; i <= AccountEntity.MAX_HASHING; i++) {
      actor.tell(new Account.Register(PASSWORD, "P", probe.getRef()));
    }
    assertThat(probe.receiveMessage()).isEqualTo(new AccountReply.Overloaded());
    assertThat(hasher.held()).isEqualTo(AccountEntity.MAX_HASHING);
    hasher.release();
    assertThat(probe.receiveMessage()).isInstanceOf(AccountReply.SignedIn.class);
    probe.receiveSeveralMessages(AccountEntity.MAX_HASHING - 1);
    actor.tell(new Account.Register(PASSWORD, "P", probe.getRef()));
    assertThat(probe.receiveMessage()).isEqualTo(new AccountReply.UsernameTaken());
  }

  @Test
  void requestsThatWaitForAWriteAreBoundedAndAnsweredEarly() {
    ActorRef<Account.Command> actor = spawn("slow");
    TestProbe<Object> probe = kit.createTestProbe();
    actor.tell(new Account.Register(PASSWORD, "S", probe.getRef().narrow()));
    AccountReply.SignedIn in = (AccountReply.SignedIn) probe.receiveMessage();
    CountDownLatch store = new CountDownLatch(1);
    account
        .persistenceTestKit()
        .withPolicy(new StuckWrites(store, ProcessingSuccess.getInstance()));
    try {
      actor.tell(new Account.Refresh(token(in), probe.getRef().narrow()));
      // The log must not name the account.
      LoggingTestKit.warn("are waiting for a write in an account:")
          .expect(
              kit.system(),
              () -> {
                for (int i = 0; i < AccountEntity.MAX_WAITING + 1; i++) {
                  actor.tell(new Account.Lookup(probe.getRef().narrow()));
                }
                return probe.expectMessage(new AccountReply.Overloaded());
              });
      // No answer comes before the write. One request more is refused as overloaded, and nothing in
      // between is answered.
      actor.tell(new Account.Lookup(probe.getRef().narrow()));
      assertThat(probe.receiveMessage()).isEqualTo(new AccountReply.Overloaded());
    } finally {
      store.countDown();
    }
    assertThat(probe.receiveMessage()).isInstanceOf(AccountReply.SignedIn.class);
    List<Object> rest = probe.receiveSeveralMessages(AccountEntity.MAX_WAITING);
    assertThat(rest).hasOnlyElementsOfType(AccountReply.Found.class);
    actor.tell(new Account.Lookup(probe.getRef().narrow()));
    assertThat(probe.receiveMessage()).isInstanceOf(AccountReply.Found.class);
    account.persistenceTestKit().resetPolicy();
  }

  @Test
  void requestsThatWaitForAWriteAreAnsweredWhenItFails() {
    ActorRef<Account.Command> actor = spawn("broken");
    TestProbe<Object> probe = kit.createTestProbe();
    actor.tell(new Account.Register(PASSWORD, "S", probe.getRef().narrow()));
    AccountReply.SignedIn in = (AccountReply.SignedIn) probe.receiveMessage();
    CountDownLatch store = new CountDownLatch(1);
    account
        .persistenceTestKit()
        .withPolicy(new StuckWrites(store, new StorageFailure(new java.io.IOException("refused"))));
    try {
      actor.tell(new Account.Refresh(token(in), probe.getRef().narrow()));
      actor.tell(new Account.Lookup(probe.getRef().narrow()));
      actor.tell(new Account.Lookup(probe.getRef().narrow()));
      store.countDown();
      assertThat(probe.receiveSeveralMessages(2))
          .hasOnlyElementsOfType(AccountReply.Overloaded.class);
    } finally {
      store.countDown();
      account.persistenceTestKit().resetPolicy();
    }
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
  void anIdleAccountPassivatesThroughItsShard() {
    ActorRef<Account.Command> actor = spawn("idle");
    actor.tell(new Account.Idle());
    assertThat(shard.receiveMessage()).isInstanceOf(ClusterSharding.Passivate.class);
    TestProbe<Object> watcher = kit.createTestProbe();
    actor.tell(new Account.Stop());
    watcher.expectTerminated(actor);
  }

  private static final class StuckWrites implements ProcessingPolicy<JournalOperation> {
    private final CountDownLatch latch;
    private final ProcessingResult result;

    StuckWrites(CountDownLatch latch, ProcessingResult result) {
      this.latch = latch;
      this.result = result;
    }

    @Override
    public ProcessingResult tryProcess(String persistenceId, JournalOperation operation) {
      if (operation instanceof WriteEvents) {
        try {
          latch.await();
        } catch (InterruptedException e) {
          throw new IllegalStateException(e);
        }
        return result;
      }
      return ProcessingSuccess.getInstance();
    }
  }
}
