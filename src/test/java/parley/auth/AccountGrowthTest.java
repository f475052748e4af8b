package parley.auth;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.apache.pekko.actor.typed.ActorRef;
import org.junit.jupiter.api.Test;

/** What an account leaves in the store while its owner refreshes for ever. */
class AccountGrowthTest extends AccountHarness {
  private List<Object> journal() {
    return account.persistenceTestKit().persistedInStorage(id());
  }

  private AccountReply.SignedIn refreshed(AccountReply.SignedIn in, int times) {
    AccountReply.SignedIn now = in;
    for (int i = 0; i < times; i++) {
      clock.forward(Duration.ofMinutes(15));
      now = (AccountReply.SignedIn) refresh(now);
    }
    return now;
  }

  @Test
  void eventsThatTheOlderSnapshotCoversAreRemovedAfterADay() {
    AccountReply.SignedIn in = refreshed(register(), 700);
    await()
        .untilAsserted(
            () -> {
              assertThat(journal()).hasSizeLessThanOrEqualTo(450);
              assertThat(account.snapshotTestKit().orElseThrow().persistedInStorage(id()))
                  .hasSize(2);
            });
    AccountState before = account.getState();
    assertThat(account.restart().state()).isEqualTo(before);
    assertThat(before.removal()).isNull();
    assertThat(refresh(in)).isInstanceOf(AccountReply.SignedIn.class);
  }

  @Test
  void anAccountWithoutItsBeginningIsNotAFreeName() {
    refreshed(register(), 3);
    List<Object> events = journal();
    account
        .persistenceTestKit()
        .persistForRecovery("Account|torn", new ArrayList<>(events.subList(1, events.size())));
    ActorRef<Account.Command> torn = spawn("torn");
    kit.createTestProbe().expectTerminated(torn, Duration.ofSeconds(10));
  }
}
