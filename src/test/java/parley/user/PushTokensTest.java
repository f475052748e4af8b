package parley.user;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static parley.user.UserTestData.ALICE;
import static parley.user.UserTestData.BOB;
import static parley.user.UserTestData.LAPTOP;
import static parley.user.UserTestData.PHONE;

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
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import parley.model.DeviceId;
import parley.model.ErrorCode;
import parley.model.UserId;

/** A push token belongs to one user at a time. */
class PushTokensTest {
  private static final String HASH = PushTokens.hash("apns", "t");

  private record Lost(UserId user, long before, CompletableFuture<Boolean> done) {}

  private final List<Lost> lost = new CopyOnWriteArrayList<>();
  private @Nullable ActorTestKit kit;
  private @Nullable UserHarness harness;

  @AfterEach
  void stop() {
    if (kit != null) {
      kit.shutdownTestKit();
    }
    if (harness != null) {
      harness.close();
    }
  }

  private TestProbe<PushTokens.Reply> probe() {
    return Objects.requireNonNull(kit).createTestProbe();
  }

  private static PushTokens.Claim claim(UserId user, TestProbe<PushTokens.Reply> probe, long held) {
    return new PushTokens.Claim(user, probe.getRef(), held, false);
  }

  private EventSourcedBehaviorTestKit<PushTokens.Command, PushTokenOwnership, PushTokenOwnership>
      owner() {
    kit =
        ActorTestKit.create(
            UserTestData.serialization().withFallback(EventSourcedBehaviorTestKit.config()));
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

  /** The record of a token's owner. */
  @Nested
  class Owner {
    @Test
    void theFormerOwnerLosesItBeforeTheNextHearsThatItIsTheirs() {
      var owner = owner();
      TestProbe<PushTokens.Reply> alice = probe();
      TestProbe<PushTokens.Reply> bob = probe();
      owner.runCommand(claim(ALICE, alice, 0));
      alice.expectMessage(new PushTokens.Claimed(1));
      owner.runCommand(claim(ALICE, alice, 1));
      alice.expectMessage(new PushTokens.Claimed(1));

      owner.runCommand(claim(BOB, bob, 0));
      await().until(() -> lost.size() == 1);
      assertThat(lost.getFirst().user()).isEqualTo(ALICE);
      assertThat(lost.getFirst().before()).isEqualTo(2);
      bob.expectNoMessage();
      lost.getFirst().done().complete(true);
      bob.expectMessage(new PushTokens.Claimed(2));
      assertThat(owner.getState()).isEqualTo(new PushTokenOwnership(BOB, 2, List.of()));
    }

    @Test
    void aNoticeLostByACrashOrAnAbsenceIsSentAtTheNextTry() {
      var owner = owner();
      TestProbe<PushTokens.Reply> probe = probe();
      owner.runCommand(claim(ALICE, probe, 0));
      probe.expectMessage(new PushTokens.Claimed(1));
      owner.runCommand(claim(BOB, probe, 0));
      await().until(() -> lost.size() == 1);
      lost.getFirst().done().completeExceptionally(new TimeoutException("away"));
      probe.expectMessage(new PushTokens.AskAgain());
      owner.restart();
      owner.runCommand(claim(BOB, probe, 0));
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
        owner.runCommand(claim(new UserId("u_" + i), probe, 0));
      }
      probe.expectMessage(new PushTokens.Claimed(1));
      owner.runCommand(claim(BOB, probe, 0));
      probe.expectMessage(new PushTokens.AskAgain());
    }

    @Test
    void aReleasedTokenIsNobodysAndTheNextWaitsForNobody() {
      var owner = owner();
      TestProbe<PushTokens.Reply> probe = probe();
      owner.runCommand(claim(ALICE, probe, 0));
      probe.expectMessage(new PushTokens.Claimed(1));
      owner.runCommand(new PushTokens.Release(BOB, 1, probe.getRef()));
      probe.expectMessage(new PushTokens.Released());
      assertThat(owner.getState().owner()).isEqualTo(ALICE);
      owner.runCommand(new PushTokens.Release(ALICE, 1, probe.getRef()));
      probe.expectMessage(new PushTokens.Released());
      owner.restart();
      assertThat(owner.getState()).isEqualTo(new PushTokenOwnership(null, 1, List.of()));
      owner.runCommand(claim(BOB, probe, 0));
      probe.expectMessage(new PushTokens.Claimed(2));
      assertThat(lost).isEmpty();
    }

    @Test
    void aLateReleaseDoesNotEndALaterClaim() {
      var owner = owner();
      TestProbe<PushTokens.Reply> probe = probe();
      owner.runCommand(claim(ALICE, probe, 0));
      probe.expectMessage(new PushTokens.Claimed(1));
      owner.runCommand(claim(ALICE, probe, 0));
      probe.expectMessage(new PushTokens.Claimed(2));
      owner.runCommand(new PushTokens.Release(ALICE, 1, probe.getRef()));
      probe.expectMessage(new PushTokens.Released());
      assertThat(owner.getState()).isEqualTo(new PushTokenOwnership(ALICE, 2, List.of()));
    }

    @Test
    void aReturningUserTakesNoTokenFromAnotherUser() {
      var owner = owner();
      TestProbe<PushTokens.Reply> probe = probe();
      owner.runCommand(claim(ALICE, probe, 0));
      probe.expectMessage(new PushTokens.Claimed(1));
      owner.runCommand(new PushTokens.Claim(BOB, probe.getRef(), 0, true));
      probe.expectMessage(new PushTokens.OwnedByOther());
      owner.runCommand(new PushTokens.Release(ALICE, 1, probe.getRef()));
      probe.expectMessage(new PushTokens.Released());
      owner.runCommand(new PushTokens.Claim(BOB, probe.getRef(), 0, true));
      probe.expectMessage(new PushTokens.Claimed(2));
    }
  }

  private UserHarness user() {
    harness = new UserHarness();
    harness.pushes();
    harness.start();
    harness.make();
    harness.attach(PHONE, "1", false);
    return harness;
  }

  private static User.DoneReply set(UserHarness harness, @Nullable String token) {
    return set(harness, PHONE, token);
  }

  private static User.DoneReply set(UserHarness harness, DeviceId device, @Nullable String token) {
    return harness.ask(
        (ActorRef<User.DoneReply> to) -> new User.SetPushToken(device, "apns", token, to));
  }

  private static void lose(UserHarness harness, long before) {
    User.DoneReply reply =
        harness.ask((ActorRef<User.DoneReply> to) -> new User.LosePushToken(HASH, before, to));
    assertThat(reply).isEqualTo(new User.Done());
  }

  /** A user that registers or loses a token. */
  @Nested
  class Claim {
    @Test
    void aUserLosesWhatAnotherClaimedLaterAndKeepsWhatItClaimedAnew() {
      UserHarness user = user();
      user.claim = CompletableFuture.completedFuture(3L);
      assertThat(set(user, "t")).isEqualTo(new User.Done());
      int events = user.journal().size();
      lose(user, 3);
      assertThat(user.journal()).hasSize(events);
      user.crash();
      lose(user, 4);
      assertThat(user.journal().getLast())
          .isEqualTo(new UserEvent.PushTokenSet(PHONE, null, null, 0, 4));
      lose(user, 4);
      assertThat(user.journal()).hasSize(events + 1);
    }

    @Test
    void aTokenThatMayBeAnotherOnesIsNotSet() {
      UserHarness user = user();
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

    @Test
    void aTokenLostWhileTwoDevicesRegisterItComesBackWithNeither() {
      UserHarness user = user();
      user.attach(LAPTOP, "2", false);
      TestProbe<User.DoneReply> probe = user.done();
      CompletableFuture<Long> first = new CompletableFuture<>();
      CompletableFuture<Long> second = new CompletableFuture<>();
      user.claim = first;
      user.tell(new User.SetPushToken(PHONE, "apns", "t", probe.getRef()));
      user.claim = second;
      user.tell(new User.SetPushToken(LAPTOP, "apns", "t", probe.getRef()));
      first.complete(7L);
      probe.expectMessage(new User.Done());
      lose(user, 8);
      second.complete(7L);
      probe.expectMessageClass(User.Refused.class);
      assertThat(user.durable().holderOf(HASH)).isNull();
    }

    @Test
    void answersThatOvertakeEachOtherLeaveTheLaterNumber() {
      UserHarness user = user();
      user.attach(LAPTOP, "2", false);
      TestProbe<User.DoneReply> probe = user.done();
      CompletableFuture<Long> first = new CompletableFuture<>();
      CompletableFuture<Long> second = new CompletableFuture<>();
      user.claim = first;
      user.tell(new User.SetPushToken(PHONE, "apns", "t", probe.getRef()));
      user.claim = second;
      user.tell(new User.SetPushToken(LAPTOP, "apns", "t", probe.getRef()));
      second.complete(2L);
      probe.expectMessage(new User.Done());
      first.complete(1L);
      probe.expectMessage(new User.Done());
      assertThat(user.durable().claimOf(HASH)).isEqualTo(2);
      assertThat(user.durable().releases()).isEmpty();
    }

    @Test
    void aClaimThatNobodyAnsweredIsAskedAgainAlsoAfterACrash() {
      UserHarness user = loggedOut();
      user.claim = CompletableFuture.failedFuture(new TimeoutException("away"));
      login(user, PHONE, "3", "later");
      user.flush();
      user.crash();
      user.claim = CompletableFuture.completedFuture(5L);
      user.tell(new UserInternal.TokensDue());
      await().until(() -> user.durable().claimOf(HASH) == 5);
    }
  }

  private static void login(UserHarness harness, DeviceId device, String session, String sid) {
    TestProbe<Delivery> probe = harness.probe();
    harness.tell(
        new User.Attach(ALICE, device, "test", session, false, false, probe.getRef(), sid));
    Delivery first = probe.receiveMessage();
    if (first instanceof Delivery.ProbeSession question) {
      harness.tell(new User.SessionAlive(question.order()));
      probe.expectMessageClass(Delivery.Attached.class);
    }
  }

  private static void logout(UserHarness harness, String sid) {
    assertThat((Object) harness.ask((ActorRef<User.DoneReply> to) -> new User.EndLogin(sid, to)))
        .isEqualTo(new User.Done());
  }

  private static @Nullable Device phone(UserHarness harness) {
    return harness.durable().devices().get(PHONE);
  }

  private enum Way {
    REMOVED,
    REPLACED,
    DEVICE_REMOVED,
    LOGOUT
  }

  private static void letGo(UserHarness user, Way way) {
    switch (way) {
      case REMOVED -> set(user, null);
      case REPLACED -> {
        user.claim = CompletableFuture.completedFuture(1L);
        set(user, "another");
      }
      case DEVICE_REMOVED ->
          user.ask((ActorRef<User.DoneReply> to) -> new User.RemoveDevice(PHONE, to));
      case LOGOUT -> logout(user, "sid");
    }
  }

  /** A token that is released, and registered again. */
  @Nested
  class Release {
    @ParameterizedTest
    @EnumSource(Way.class)
    void aTokenThatIsLetGoIsReleasedUntilItsOwnerRecordKnows(Way way) {
      UserHarness user = user();
      login(user, PHONE, "2", "sid");
      user.flush();
      user.claim = CompletableFuture.completedFuture(3L);
      set(user, "t");
      user.ownersAway = true;
      letGo(user, way);
      await().until(() -> user.released.size() == 1);
      assertThat(user.released).containsExactly(HASH + " 3");
      user.tell(new UserInternal.TokensDue());
      await().until(() -> user.released.size() == 2);
      user.crash();
      await().until(() -> user.released.size() == 3);
      assertThat(user.durable().releases()).containsKey(HASH);
      user.ownersAway = false;
      user.tell(new UserInternal.TokensDue());
      await().until(() -> user.durable().releases().isEmpty());
      assertThat(user.released).hasSize(4).containsOnly(HASH + " 3");
      user.crash();
      user.tell(new UserInternal.TokensDue());
      assertThat(user.released).hasSize(4);
    }

    @Test
    void aTokenOnAnotherDeviceOfTheSameUserIsNotReleased() {
      UserHarness user = user();
      user.attach(LAPTOP, "2", false);
      user.claim = CompletableFuture.completedFuture(3L);
      set(user, "t");
      assertThat(set(user, LAPTOP, "t")).isEqualTo(new User.Done());
      assertThat(user.durable().holderOf(HASH)).isEqualTo(user.durable().devices().get(LAPTOP));
      assertThat(user.durable().releases()).isEmpty();
      assertThat(user.released).isEmpty();
      assertThat(user.claims).containsExactly(HASH + " 0 false", HASH + " 3 false");
    }

    @Test
    void aDeviceThatWasLoggedOutClaimsItsTokenAnewBeforeItIsPushedTo() {
      UserHarness user = loggedOut();
      user.claim = new CompletableFuture<>();
      login(user, PHONE, "3", "later");
      user.flush();
      assertThat(user.claims).containsExactly(HASH + " 0 false", HASH + " 0 true");
      assertThat(Objects.requireNonNull(phone(user)).pushable()).isFalse();
      user.claim.complete(5L);
      await().until(() -> Objects.requireNonNull(phone(user)).pushable());
      assertThat(user.durable().claimOf(HASH)).isEqualTo(5);
      // The release of the old claim does not count; the new claim has its own.
      logout(user, "later");
      await().until(() -> user.released.contains(HASH + " 5"));
    }

    @Test
    void aTokenThatIsAnotherOnesByNowIsGoneAtTheNextHello() {
      UserHarness user = loggedOut();
      user.claim = CompletableFuture.completedFuture(PushTokens.TAKEN);
      login(user, PHONE, "3", "later");
      user.flush();
      await().until(() -> Objects.requireNonNull(phone(user)).pushToken() == null);
      user.tell(new UserInternal.TokensDue());
      assertThat(user.durable().releases()).isEmpty();
    }

    @Test
    void aTokenReleasedDuringARegistrationOfTheSameNumberIsNotSet() {
      UserHarness user = user();
      user.attach(LAPTOP, "2", false);
      user.claim = CompletableFuture.completedFuture(3L);
      set(user, "t");
      user.claim = new CompletableFuture<>();
      TestProbe<User.DoneReply> probe = user.done();
      user.tell(new User.SetPushToken(LAPTOP, "apns", "t", probe.getRef()));
      assertThat(set(user, null)).isEqualTo(new User.Done());
      await().until(() -> user.durable().releases().isEmpty());
      user.claim.complete(3L);
      probe.expectMessageClass(User.Refused.class);
      assertThat(user.durable().holderOf(HASH)).isNull();
    }

    @Test
    void aClaimWhoseDeviceHasGoneIsReleased() {
      UserHarness user = user();
      user.claim = new CompletableFuture<>();
      TestProbe<User.DoneReply> probe = user.done();
      user.tell(new User.SetPushToken(PHONE, "apns", "t", probe.getRef()));
      user.ask((ActorRef<User.DoneReply> to) -> new User.RemoveDevice(PHONE, to));
      user.claim.complete(4L);
      User.Refused refused = probe.expectMessageClass(User.Refused.class);
      assertThat(refused.refusal().code()).isEqualTo(ErrorCode.NOT_FOUND);
      await().until(() -> user.released.contains(HASH + " 4"));
    }
  }

  private UserHarness loggedOut() {
    UserHarness user = user();
    login(user, PHONE, "2", "sid");
    user.flush();
    user.claim = CompletableFuture.completedFuture(3L);
    set(user, "t");
    logout(user, "sid");
    await().until(() -> user.durable().releases().isEmpty());
    return user;
  }
}
