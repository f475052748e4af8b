package parley.auth;

import static org.assertj.core.api.Assertions.assertThat;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import java.net.InetAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import org.apache.pekko.actor.testkit.typed.javadsl.ActorTestKit;
import org.apache.pekko.cluster.typed.Cluster;
import org.apache.pekko.cluster.typed.Join;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;

/** {@link Accounts} with real sharding on one node. Messages are serialized as between nodes. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
final class AccountsTest {
  private static final Secret PASSWORD = new Secret("correct horse");
  private static final Accounts.LoginSource ORIGIN =
      new Accounts.LoginSource(InetAddress.getLoopbackAddress(), null, 0);
  private static final Config CLUSTER =
      ConfigFactory.parseString(
          """
          pekko.actor.provider = cluster
          pekko.actor.serialize-messages = on
          pekko.remote.artery.canonical { hostname = "127.0.0.1", port = 0 }
          pekko.cluster.jmx.enabled = off
          pekko.cluster.sharding.state-store-mode = ddata
          pekko.cluster.sharding.distributed-data.durable.keys = []
          """);

  private final AuthTestData.Clock clock = new AuthTestData.Clock();
  private final AuthTestData.FakeHasher hasher = new AuthTestData.FakeHasher();
  private ActorTestKit kit;
  private AccessTokens tokens;
  private Accounts accounts;

  @BeforeAll
  void start(@TempDir Path folder) {
    kit = ActorTestKit.create(CLUSTER.withFallback(AuthTestData.config()));
    Cluster cluster = Cluster.get(kit.system());
    cluster.manager().tell(Join.create(cluster.selfMember().address()));
    tokens = new AccessTokens(KeyRing.inFolder(folder, clock), Optional.empty(), clock);
    accounts =
        Accounts.init(
            kit.system(), tokens, hasher, Duration.ofSeconds(20), new AuthTestData.Users(), clock);
  }

  @AfterAll
  void stop() {
    kit.shutdownTestKit();
  }

  @Test
  void anAccountRegistersLogsInRefreshesAndLogsOut() {
    AuthResult.SignedIn in =
        (AuthResult.SignedIn) get(accounts.register("bob", PASSWORD, Optional.of("Bob B")));
    assertThat(in.expiresInSeconds()).isEqualTo(900);
    assertThat(in.displayName()).isEqualTo("Bob B");
    TokenVerdict.Principal bob = (TokenVerdict.Principal) get(tokens.verify(in.accessToken()));
    assertThat(bob.userId()).isEqualTo(in.userId());
    assertThat(bob.username()).isEqualTo("bob");
    assertThat(get(accounts.register("bob", PASSWORD, Optional.empty())))
        .isEqualTo(new AuthResult.UsernameTaken());
    assertThat(get(accounts.lookup("bob")))
        .isEqualTo(new AuthResult.Found(in.userId(), "bob", "Bob B"));

    AuthResult.SignedIn again = (AuthResult.SignedIn) get(accounts.login("bob", PASSWORD, ORIGIN));
    AuthResult.SignedIn next = (AuthResult.SignedIn) get(accounts.refresh(again.refreshToken()));
    assertThat(next.userId()).isEqualTo(in.userId());
    assertThat(bob.sid()).isNotNull();
    assertThat(((TokenVerdict.Principal) get(tokens.verify(next.accessToken()))).sid())
        .isEqualTo(((TokenVerdict.Principal) get(tokens.verify(again.accessToken()))).sid())
        .isNotEqualTo(bob.sid());
    AuthResult.SignedIn third = (AuthResult.SignedIn) get(accounts.refresh(next.refreshToken()));
    assertThat(get(accounts.refresh(again.refreshToken()))).isEqualTo(new AuthResult.StaleToken());
    clock.forward(RefreshTokenFamily.WINDOW);
    assertThat(get(accounts.refresh(again.refreshToken())))
        .isEqualTo(new AuthResult.RefreshReused());
    assertThat(get(accounts.refresh(third.refreshToken())))
        .isEqualTo(new AuthResult.RefreshReused());
    assertThat(get(accounts.refresh(next.refreshToken())))
        .isEqualTo(new AuthResult.RefreshReused());
    assertThat(get(accounts.logout(in.refreshToken()))).isEqualTo(new AuthResult.LoggedOut());
    assertThat(get(accounts.refresh(in.refreshToken()))).isEqualTo(new AuthResult.UnknownToken());
    assertThat(in.toString() + next)
        .doesNotContain(in.accessToken().value(), in.refreshToken().value());
  }

  @Test
  void aLoginEndsByTheNameItsTokensCarry() {
    AuthResult.SignedIn in =
        (AuthResult.SignedIn) get(accounts.register("ends", PASSWORD, Optional.empty()));
    String sid =
        Objects.requireNonNull(
            ((TokenVerdict.Principal) get(tokens.verify(in.accessToken()))).sid());
    assertThat(get(accounts.endFamily("ends", "another"))).isTrue();
    assertThat(get(accounts.endFamily("ends", sid))).isTrue();
    assertThat(get(accounts.refresh(in.refreshToken()))).isEqualTo(new AuthResult.UnknownToken());
  }

  @Test
  void invalidInputIsRefusedWithoutAnEntity() {
    assertThat(get(accounts.register("B", PASSWORD, Optional.empty())))
        .isInstanceOf(AuthResult.Invalid.class);
    assertThat(get(accounts.register("eve", PASSWORD, Optional.of(""))))
        .isEqualTo(
            new AuthResult.Invalid("display_name", "must be 1 to 64 characters of valid Unicode"));
    assertThat(get(accounts.login("No Body", PASSWORD, ORIGIN)))
        .isEqualTo(new AuthResult.BadCredentials());
    assertThat(get(accounts.login("nobody", new Secret("x".repeat(129)), ORIGIN)))
        .isEqualTo(new AuthResult.BadCredentials());
    assertThat(get(accounts.refresh(new Secret("nonsense"))))
        .isEqualTo(new AuthResult.UnknownToken());
    assertThat(get(accounts.logout(new Secret("nonsense")))).isEqualTo(new AuthResult.LoggedOut());
    assertThat(get(accounts.lookup("../etc"))).isEqualTo(new AuthResult.NotFound());
  }

  @Test
  void unknownUsersAreNotFoundAndTheirLoginsAreThrottled() {
    assertThat(get(accounts.lookup("stranger"))).isEqualTo(new AuthResult.NotFound());
    assertThat(get(accounts.refresh(RefreshToken.first("stranger").clientToken())))
        .isEqualTo(new AuthResult.UnknownToken());
    for (int i = 0; i < 10; i++) {
      assertThat(get(accounts.login("stranger", new Secret("wrong"), ORIGIN)))
          .isEqualTo(new AuthResult.BadCredentials());
    }
    assertThat(get(accounts.login("stranger", PASSWORD, ORIGIN)))
        .isEqualTo(new AuthResult.RateLimited(6_000));
  }

  private static <T> T get(CompletionStage<T> stage) {
    return stage.toCompletableFuture().orTimeout(30, TimeUnit.SECONDS).join();
  }
}
