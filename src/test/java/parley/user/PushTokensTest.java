package parley.user;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static parley.user.Fixtures.ALICE;
import static parley.user.Fixtures.BOB;
import static parley.user.Fixtures.PHONE;

import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeoutException;
import org.apache.pekko.actor.testkit.typed.javadsl.ActorTestKit;
import org.apache.pekko.actor.testkit.typed.javadsl.TestProbe;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.cluster.sharding.typed.javadsl.ClusterSharding;
import org.apache.pekko.persistence.testkit.javadsl.EventSourcedBehaviorTestKit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import parley.model.ErrorCode;
import parley.model.UserId;

/** A push token is one user's at a time. */
class PushTokensTest {
  private static final String HASH = PushTokens.hash("apns", "t");

  private record Lost(UserId user, long before, CompletableFuture<Boolean> done) {}

  private final List<Lost> lost = new CopyOnWriteArrayList<>();
  private @Nullable ActorTestKit kit;
  private @Nullable UserRig rig;

  @AfterEach
  void stop() {
    if (kit != null) {
      kit.shutdownTestKit();
    }
    if (rig != null) {
      rig.close();
    }
  }

  private TestProbe<PushTokens.Reply> probe() {
    return Objects.requireNonNull(kit).createTestProbe();
  }

  private EventSourcedBehaviorTestKit<PushTokens.Command, TokenOwner, TokenOwner> owner() {
    kit =
        ActorTestKit.create(
            Fixtures.serialization().withFallback(EventSourcedBehaviorTestKit.config()));
    TestProbe<ClusterSharding.ShardCommand> shard = kit.createTestProbe();
    return EventSourcedBehaviorTestKit.create(
        kit.system(),
        PushTokenOwner.create(
            HASH,
            shard.getRef(),
            (user, hash, before) -> {
              Lost one = new Lost(user, before, new CompletableFuture<>());
              lost.add(one);
              return one.done();
            }));
  }

  @Test
  void theFormerOwnerLosesItBeforeTheNextHearsThatItIsTheirs() {
    var owner = owner();
    TestProbe<PushTokens.Reply> alice = probe();
    TestProbe<PushTokens.Reply> bob = probe();
    owner.runCommand(new PushTokens.Claim(ALICE, alice.getRef()));
    alice.expectMessage(new PushTokens.Claimed(1));
    owner.runCommand(new PushTokens.Claim(ALICE, alice.getRef()));
    alice.expectMessage(new PushTokens.Claimed(1));

    owner.runCommand(new PushTokens.Claim(BOB, bob.getRef()));
    await().until(() -> lost.size() == 1);
    assertThat(lost.getFirst().user()).isEqualTo(ALICE);
    assertThat(lost.getFirst().before()).isEqualTo(2);
    bob.expectNoMessage();
    lost.getFirst().done().complete(true);
    bob.expectMessage(new PushTokens.Claimed(2));
    assertThat(owner.getState()).isEqualTo(new TokenOwner(BOB, 2, List.of()));
  }

  @Test
  void whatACrashOrAnAbsenceLeftUntoldIsToldAtTheNextTry() {
    var owner = owner();
    TestProbe<PushTokens.Reply> probe = probe();
    owner.runCommand(new PushTokens.Claim(ALICE, probe.getRef()));
    probe.expectMessage(new PushTokens.Claimed(1));
    owner.runCommand(new PushTokens.Claim(BOB, probe.getRef()));
    await().until(() -> lost.size() == 1);
    lost.getFirst().done().completeExceptionally(new TimeoutException("away"));
    probe.expectMessage(new PushTokens.NotNow());
    owner.restart();
    owner.runCommand(new PushTokens.Claim(BOB, probe.getRef()));
    await().until(() -> lost.size() == 2);
    assertThat(lost.getLast().user()).isEqualTo(ALICE);
    lost.getLast().done().complete(true);
    probe.expectMessage(new PushTokens.Claimed(2));
  }

  @Test
  void formerOwnersAreBounded() {
    var owner = owner();
    TestProbe<PushTokens.Reply> probe = probe();
    for (int i = 0; i <= PushTokenOwner.FORMER; i++) {
      owner.runCommand(new PushTokens.Claim(new UserId("u_" + i), probe.getRef()));
    }
    probe.expectMessage(new PushTokens.Claimed(1));
    owner.runCommand(new PushTokens.Claim(BOB, probe.getRef()));
    probe.expectMessage(new PushTokens.NotNow());
  }

  private UserRig user() {
    rig = new UserRig();
    rig.pushes();
    rig.start();
    rig.make();
    rig.attach(PHONE, "1", false);
    return rig;
  }

  private static User.DoneReply set(UserRig rig, String token) {
    return rig.ask(
        (ActorRef<User.DoneReply> to) -> new User.SetPushToken(PHONE, "apns", token, to));
  }

  private static void lose(UserRig rig, long before) {
    User.DoneReply reply =
        rig.ask((ActorRef<User.DoneReply> to) -> new User.LosePushToken(HASH, before, to));
    assertThat(reply).isEqualTo(new User.Done());
  }

  @Test
  void aUserLosesWhatAnotherClaimedLaterAndKeepsWhatItClaimedAnew() {
    UserRig user = user();
    user.claim = CompletableFuture.completedFuture(3L);
    assertThat(set(user, "t")).isEqualTo(new User.Done());
    int events = user.journal().size();
    lose(user, 3);
    assertThat(user.journal()).hasSize(events);
    user.crash();
    lose(user, 4);
    assertThat(user.journal().getLast())
        .isEqualTo(new UserEvent.PushTokenSet(PHONE, null, null, 0));
    lose(user, 4);
    assertThat(user.journal()).hasSize(events + 1);
  }

  @Test
  void aTokenThatMayBeAnotherOnesIsNotSet() {
    UserRig user = user();
    int events = user.journal().size();
    TestProbe<User.DoneReply> probe = user.done();
    for (boolean lostMeanwhile : new boolean[] {false, true}) {
      user.claim = new CompletableFuture<>();
      user.tell(new User.SetPushToken(PHONE, "apns", "t", probe.getRef()));
      if (lostMeanwhile) {
        lose(user, 8);
        user.claim.complete(7L);
      } else {
        user.claim.completeExceptionally(new TimeoutException("away"));
      }
      User.Refused refused = probe.expectMessageClass(User.Refused.class);
      assertThat(refused.refusal().code()).isEqualTo(ErrorCode.UNAVAILABLE);
    }
    assertThat(user.journal()).hasSize(events);
  }
}
