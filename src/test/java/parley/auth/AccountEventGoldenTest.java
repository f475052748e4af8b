package parley.auth;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.InputStream;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.apache.pekko.actor.testkit.typed.javadsl.ActorTestKit;
import org.apache.pekko.serialization.Serialization;
import org.apache.pekko.serialization.SerializationExtension;
import org.apache.pekko.serialization.Serializers;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import parley.model.UserId;

final class AccountEventGoldenTest {
  private static final ActorTestKit KIT = ActorTestKit.create(AuthTestData.config());

  /** The event of each file, by file name. Add files, never edit one. */
  private static final Map<String, AccountEvent> GOLDEN =
      Map.of(
          "registered",
          new AccountEvent.Registered(
              new UserId("u_01KJKYZ3Z8W4RZ5T9QXJ0V6M2A"),
              "bob",
              "Bob \u202e<b>",
              new Secret("$argon2id$v=19$m=19456,t=2,p=1$c2FsdA$aGFzaA"),
              "ZmFtaWx5LWlkLTE2LWJ5dA",
              "c2hhMjU2LW9mLXRoZS1zZWNyZXQ",
              AuthTestData.START),
          "family_started",
          new AccountEvent.FamilyStarted(
              "ZmFtaWx5LWlkLTE2LWJ5dA", "c2hhMjU2LW9mLXRoZS1zZWNyZXQ", AuthTestData.START),
          "family_rotated",
          new AccountEvent.FamilyRotated(
              "ZmFtaWx5LWlkLTE2LWJ5dA",
              7,
              "c2hhMjU2LW9mLXRoZS1zZWNyZXQ",
              AuthTestData.START.plusMillis(123)),
          "family_started_ending",
          new AccountEvent.FamilyStarted(
              "ZmFtaWx5LWlkLTE2LWJ5dA",
              "c2hhMjU2LW9mLXRoZS1zZWNyZXQ",
              AuthTestData.START,
              "b2xkLWZhbWlseS0xNi1ieXQ"),
          "family_rotated_again",
          new AccountEvent.FamilyRotated(
              "ZmFtaWx5LWlkLTE2LWJ5dA",
              7,
              "c2hhMjU2LW9mLXRoZS1zZWNyZXQ",
              AuthTestData.START.plusMillis(123),
              true),
          "family_revoked_untold",
          new AccountEvent.FamilyRevoked(
              "ZmFtaWx5LWlkLTE2LWJ5dA", false, AuthTestData.START, false),
          "family_revoked_told",
          new AccountEvent.FamilyRevoked("ZmFtaWx5LWlkLTE2LWJ5dA", false, AuthTestData.START, true),
          "family_revoked",
          new AccountEvent.FamilyRevoked("ZmFtaWx5LWlkLTE2LWJ5dA", true, AuthTestData.START));

  @AfterAll
  static void stop() {
    KIT.shutdownTestKit();
  }

  @Test
  void eachEventHasAGoldenFile() {
    List<String> types =
        Arrays.stream(AccountEvent.class.getPermittedSubclasses()).map(Class::getName).toList();
    assertThat(GOLDEN.values().stream().map(e -> e.getClass().getName())).containsAll(types);
  }

  @Test
  void goldenFilesAreReadAndWrittenUnchanged() throws IOException {
    ObjectMapper mapper = Goldens.mapper(KIT.system());
    for (Map.Entry<String, AccountEvent> golden : GOLDEN.entrySet()) {
      String file = "/golden/account/" + golden.getKey() + ".json";
      try (InputStream in = getClass().getResourceAsStream(file)) {
        assertThat(in).as(file + " for " + mapper.valueToTree(golden.getValue())).isNotNull();
        byte[] bytes = in.readAllBytes();
        assertThat(mapper.readValue(bytes, AccountEvent.class)).isEqualTo(golden.getValue());
        assertThat(mapper.readTree(mapper.writeValueAsBytes(golden.getValue())))
            .isEqualTo(mapper.readTree(bytes));
      }
    }
  }

  @Test
  void journalBytesAreReadWithoutAClassName() {
    Serialization serialization = SerializationExtension.get(KIT.system());
    for (AccountEvent event : GOLDEN.values()) {
      String manifest = Serializers.manifestFor(serialization.findSerializerFor(event), event);
      assertThat(manifest).isEmpty();
      byte[] bytes = serialization.serialize(event).get();
      int id = serialization.findSerializerFor(event).identifier();
      assertThat(serialization.deserialize(bytes, id, manifest).get()).isEqualTo(event);
    }
  }

  @Test
  void aSnapshotFromBeforeTokenGenerationsIsRead() throws IOException {
    RefreshToken.Issued token = RefreshToken.first("bob");
    String json =
        """
        {"owner":{"userId":"u_1","displayName":"Bob","passwordHash":"$argon2id$x"},
        "families":[{"id":"%s","counter":0,"secretHash":"%s","expiresAt":"2026-03-08T10:00:00Z"}],
        "reused":[{"id":"gone","expiresAt":"2026-03-08T10:00:00Z"}]}
        """
            .formatted(token.token().familyId(), token.token().secretHash());
    AccountState state = Goldens.mapper(KIT.system()).readValue(json, AccountState.class);
    assertThat(state.standing(token.token(), AuthTestData.START))
        .isEqualTo(AccountState.Standing.CURRENT);
    RefreshToken next = token.token().nextGeneration().token();
    AccountState after =
        state.apply(
            new AccountEvent.FamilyRotated(
                next.familyId(), next.counter(), next.secretHash(), AuthTestData.START));
    assertThat(after.standing(next, AuthTestData.START)).isEqualTo(AccountState.Standing.CURRENT);
    assertThat(after.standing(token.token(), AuthTestData.START))
        .isEqualTo(AccountState.Standing.REPEAT_ALLOWED);
    byte[] written = Goldens.mapper(KIT.system()).writeValueAsBytes(after);
    assertThat(Goldens.mapper(KIT.system()).readValue(written, AccountState.class))
        .isEqualTo(after);
  }

  @Test
  void aFieldOfALaterVersionIsIgnored() throws IOException {
    String json =
        """
        {"t":"family_started","familyId":"f","secretHash":"h","at":"2026-03-01T10:00:00Z","new":1}
        """;
    assertThat(Goldens.mapper(KIT.system()).readValue(json, AccountEvent.class))
        .isEqualTo(new AccountEvent.FamilyStarted("f", "h", AuthTestData.START));
  }
}
