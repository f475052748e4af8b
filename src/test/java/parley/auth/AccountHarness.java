package parley.auth;

import java.util.function.Function;
import org.apache.pekko.actor.testkit.typed.javadsl.ActorTestKit;
import org.apache.pekko.actor.testkit.typed.javadsl.TestProbe;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.cluster.sharding.typed.javadsl.ClusterSharding;
import org.apache.pekko.persistence.testkit.javadsl.EventSourcedBehaviorTestKit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.TestInstance;
import parley.auth.AuthTestData.Clock;
import parley.auth.AuthTestData.FakeHasher;
import parley.auth.AuthTestData.Users;

/** One account with a journal in memory, a clock that the test moves, and a hasher that counts. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
abstract class AccountHarness {
  static final Secret PASSWORD = new Secret("correct horse");
  static final Secret WRONG = new Secret("battery staple");

  ActorTestKit kit;
  EventSourcedBehaviorTestKit<Account.Command, AccountEvent, AccountState> account;
  TestProbe<ClusterSharding.ShardCommand> shard;
  Clock clock;
  FakeHasher hasher;
  Users users;
  private int number;

  @BeforeAll
  void start() {
    kit = ActorTestKit.create(AuthTestData.config());
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
            kit.system(),
            AccountEntity.create("user" + number++, shard.getRef(), hasher, users, clock));
  }

  ActorRef<Account.Command> spawn(String name) {
    return kit.spawn(AccountEntity.create(name, shard.getRef(), hasher, users, clock));
  }

  String id() {
    return "Account|user" + (number - 1);
  }

  String json(Object event) {
    return Goldens.mapper(kit.system()).valueToTree(event).toString();
  }

  AccountReply.SignedIn register() {
    return (AccountReply.SignedIn)
        this.<AccountReply.ToRegister>run(r -> new Account.Register(PASSWORD, "Bob", r));
  }

  AccountReply.ToLogin login(Secret password) {
    return login(password, "", null);
  }

  AccountReply.ToLogin login(Secret password, String address, @Nullable Secret known) {
    return run(r -> new Account.Login(password, r, address, known, 0));
  }

  AccountReply.ToRefresh refresh(AccountReply.SignedIn in) {
    return run(r -> new Account.Refresh(token(in), r));
  }

  static RefreshToken token(AccountReply.SignedIn in) {
    return RefreshToken.parse(in.refreshToken().value()).orElseThrow();
  }

  <R> R run(Function<ActorRef<R>, Account.Command> command) {
    return account.runCommand(command).reply();
  }
}
