package parley.auth;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.time.Duration;
import java.util.List;
import java.util.Objects;
import org.apache.pekko.actor.testkit.typed.javadsl.TestProbe;
import org.apache.pekko.actor.typed.ActorRef;
import org.junit.jupiter.api.Test;
import parley.model.UserId;

/** Families of refresh tokens: their generations, their ends, and who is told of an end. */
final class AccountFamiliesTest extends AccountHarness {
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
  void aSpentTokenGivesMorePairsForAMinuteAndThenRevokesItsFamily() {
    AccountReply.SignedIn first = register();
    AccountReply.SignedIn a = (AccountReply.SignedIn) refresh(first);
    clock.forward(RefreshTokenFamily.WINDOW.minusMillis(1));
    account.restart();
    AccountReply.SignedIn b = (AccountReply.SignedIn) refresh(first);
    assertThat(token(b).counter()).isEqualTo(1).isEqualTo(token(a).counter());
    assertThat(a.sid()).isEqualTo(first.sid()).isEqualTo(b.sid());
    clock.forward(Duration.ofMillis(1));
    // A late token of the same generation is accepted too, and the window still begins at the first
    // use.
    assertThat(refresh(b)).isInstanceOf(AccountReply.SignedIn.class);
    assertThat(refresh(a)).isInstanceOf(AccountReply.SignedIn.class);
    assertThat(refresh(first)).isEqualTo(new AccountReply.Reused());
    assertThat(refresh(a)).isEqualTo(new AccountReply.Reused());
    assertThat(users.told).containsExactly(first.sid());
  }

  @Test
  void aTokenOfThePreviousGenerationIsUselessOnceTheNextOneWasUsed() {
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
    for (int i = 0; i < RefreshTokenFamily.MAX_REPEATS; i++) {
      last = (AccountReply.SignedIn) refresh(first);
    }
    assertThat(refresh(first)).isEqualTo(new AccountReply.Stale());
    account.restart();
    assertThat(refresh(last)).isInstanceOf(AccountReply.SignedIn.class);
  }

  @Test
  void generationsAreRateLimited() {
    AccountReply.SignedIn in = register();
    for (int i = 0; i < RefreshTokenFamily.MAX_GENERATIONS; i++) {
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
  void theEndOfAFamilyIsRepeatedToTheUserUntilAcknowledgedEvenAfterACrash() {
    AccountReply.SignedIn a = register();
    users.away = true;
    // The logout is answered all the same: none of the family's tokens is valid.
    assertThat(this.<AccountReply.ToLogout>run(r -> new Account.Logout(token(a), r)))
        .isEqualTo(new AccountReply.LoggedOut());
    assertThat(account.getState().unconfirmedEnds()).containsExactly(token(a).familyId());
    users.away = false;
    account.restart();
    await().until(() -> account.getState().unconfirmedEnds().isEmpty());
    assertThat(users.told).hasSizeGreaterThan(1).containsOnly(a.sid());
    int told = users.told.size();
    account.restart();
    assertThat(refresh(a)).isEqualTo(new AccountReply.Unknown());
    assertThat(users.told).hasSize(told);
  }

  @Test
  void aLoginOverTheLimitEndsTheLeastRecentlyUsedFamilyAndNotifiesTheUser() {
    AccountReply.SignedIn oldest = register();
    for (int i = 1; i < AccountState.MAX_FAMILIES; i++) {
      login(PASSWORD);
    }
    assertThat(users.told).isEmpty();
    login(PASSWORD);
    await().untilAsserted(() -> assertThat(users.told).containsExactly(oldest.sid()));
  }

  @Test
  void noFamilyEndsWhileTooManyNotificationsArePending() {
    AccountReply.SignedIn kept = register();
    users.away = true;
    for (int i = 0; i < AccountState.MAX_UNCONFIRMED_ENDS; i++) {
      AccountReply.SignedIn in = (AccountReply.SignedIn) login(PASSWORD);
      this.<AccountReply.ToLogout>run(r -> new Account.Logout(token(in), r));
    }
    assertThat(this.<AccountReply.ToLogout>run(r -> new Account.Logout(token(kept), r)))
        .isEqualTo(new AccountReply.Overloaded());
    assertThat(refresh(kept)).isInstanceOf(AccountReply.SignedIn.class);
  }

  @Test
  void loginsThatSucceedAreLimited() {
    register();
    for (int i = 0; i < AccountEntity.LOGINS; i++) {
      assertThat(login(PASSWORD)).isInstanceOf(AccountReply.SignedIn.class);
    }
    int hashed = hasher.matched.size();
    assertThat(login(PASSWORD)).isEqualTo(new AccountReply.RateLimited(AccountEntity.LOGIN_MILLIS));
    // A login that is refused costs no hash: a banned user's logins succeed, and end at once.
    assertThat(hasher.matched.size()).isEqualTo(hashed);
    clock.forward(Duration.ofMillis(AccountEntity.LOGIN_MILLIS));
    assertThat(login(PASSWORD)).isInstanceOf(AccountReply.SignedIn.class);
    assertThat(login(PASSWORD)).isInstanceOf(AccountReply.RateLimited.class);
    // The user entity remembers 512 logins that ended in the last 20 minutes.
    long inThatTime = Duration.ofMinutes(20).toMillis() / AccountEntity.LOGIN_MILLIS;
    assertThat(AccountState.MAX_FAMILIES + AccountEntity.LOGINS + inThatTime).isLessThan(512);
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

  /** Also those that no device has used, which only the account knows. */
  @Test
  void anOperatorEndsAllLogins() {
    ActorRef<Account.Command> all = spawn("ended");
    TestProbe<AccountReply> replies = kit.createTestProbe();
    all.tell(new Account.Register(PASSWORD, "Bob", replies.getRef().narrow()));
    AccountReply.SignedIn first = replies.expectMessageClass(AccountReply.SignedIn.class);
    all.tell(new Account.Login(PASSWORD, replies.getRef().narrow(), "", null, 0));
    AccountReply.SignedIn second = replies.expectMessageClass(AccountReply.SignedIn.class);
    // The same name can be the id of a user of another identity provider.
    all.tell(new Account.EndFamilies(new UserId("ended"), replies.getRef().narrow()));
    replies.expectMessage(new AccountReply.FamilyGone());
    assertThat(users.told).isEmpty();
    all.tell(new Account.EndFamilies(first.userId(), replies.getRef().narrow()));
    replies.expectMessage(new AccountReply.FamilyGone());
    assertThat(users.told).containsExactly(first.sid(), second.sid());
    for (AccountReply.SignedIn in : List.of(first, second)) {
      all.tell(new Account.Refresh(token(in), replies.getRef().narrow()));
      replies.expectMessage(new AccountReply.Unknown());
    }
  }

  @Test
  void aTokenThatNeverExistedIsUnknownAndChangesNothing() {
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
  void twentyFamiliesAreKeptAndTheLeastRecentlyUsedEnds() {
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
}
