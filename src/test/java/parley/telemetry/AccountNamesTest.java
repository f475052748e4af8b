package parley.telemetry;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

/** Names of users in ids of entities and in paths of actors become hashes. */
class AccountNamesTest {
  @Test
  void idsAndPathsAreHashed() {
    String id = AccountNames.hidden("Failed to persist [Account|ann.b-c_9] at 7");
    assertThat(id).matches("Failed to persist \\[Account\\|~[0-9a-f]{12}\\] at 7");
    String hash = id.replaceAll(".*(~\\w+).*", "$1");
    assertThat(AccountNames.hidden("pekko://parley/system/sharding/Account/17/ann.b-c_9#-42"))
        .isEqualTo("pekko://parley/system/sharding/Account/17/" + hash + "#-42");
    assertThat(
            AccountNames.hidden("Account: Started entity [Actor[x]] with entity id [ann.b-c_9]."))
        .isEqualTo("Account: Started entity [Actor[x]] with entity id [" + hash + "].");
  }

  @Test
  void everythingElseStays() {
    for (String text :
        new String[] {
          "user|u_01K9ABC is late", "parley.auth.AccountEntity: 3/4", "Account 7", "AccountReply"
        }) {
      assertThat(AccountNames.hidden(text)).isEqualTo(text);
    }
  }
}
