package parley.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import com.nimbusds.jose.jwk.Curve;
import com.nimbusds.jose.jwk.ECKey;
import com.nimbusds.jose.jwk.gen.ECKeyGenerator;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import parley.app.SharedKeyStore;
import parley.auth.KeyRing;
import parley.auth.SigningKeys;
import parley.client.DynamoLocal;
import parley.settings.HostPort;
import parley.store.DynamoStore;

/** When a cluster may rotate its keys, and the stored row of the keys. */
class RotationCheckTest {
  private static final HostPort ONE = new HostPort("10.0.0.1", 25520);
  private static final HostPort TWO = new HostPort("10.0.0.2", 25520);
  private static final Instant NOW = Instant.ofEpochMilli(1_800_000_000_000L);

  private DynamoStore store;

  @BeforeEach
  void open() throws Exception {
    store = DynamoStore.open(DynamoLocal.endpoint(), DynamoLocal.prefix(), true);
  }

  @AfterEach
  void close() {
    store.close();
  }

  @Test
  void allNodesMustHaveNotedThatTheyLive() throws Exception {
    notes(ONE, Duration.ZERO);
    assertThat(objection()).hasValueSatisfying(why -> assertThat(why).contains(TWO.toString()));
    // An older version stores it beside the keys.
    store.sharedValueOrCreate(
        PreviousIncarnation.noteName(TWO),
        () -> String.valueOf(NOW.plusSeconds(20).toEpochMilli()));
    assertThat(objection())
        .hasValueSatisfying(why -> assertThat(why).contains(TWO.toString(), "Upgrade all"));
    notes(TWO, PreviousIncarnation.SIGN_OF_LIFE_INTERVAL.negated());
    assertThat(objection()).isEmpty();
  }

  @Test
  void clocksMustAgree() throws Exception {
    notes(ONE, Duration.ZERO);
    notes(TWO, Duration.ofSeconds(61));
    assertThat(objection()).hasValueSatisfying(why -> assertThat(why).contains("61 s ahead"));
    notes(TWO, Duration.ofHours(-1));
    assertThat(objection()).hasValueSatisfying(why -> assertThat(why).contains("3600 s behind"));
    notes(TWO, Duration.ofSeconds(60));
    assertThat(objection()).isEmpty();
  }

  /** An older version has created the row with one key, and continues to read it. */
  @Test
  void theRowOfTheVersionBeforeIsTakenOver() throws Exception {
    String before = new ECKeyGenerator(Curve.P_256).keyIDFromThumbprint(true).generate().toString();
    store.sharedValueOrCreate(SigningKeys.FILE_NAME, () -> before);
    try (KeyRing ring = SharedKeyStore.open(store, () -> NOW);
        KeyRing other = SharedKeyStore.open(store, () -> NOW)) {
      String first = ECKey.parse(before).getKeyID();
      assertThat(ring.keys().keyId(NOW)).isEqualTo(first);
      assertThat(store.findSecret(SigningKeys.FILE_NAME)).isEqualTo(before);
      rotate(ring);
      rotate(other);
      assertThat(other.keys().describe(NOW)).isEqualTo(ring.keys().describe(NOW)).hasSize(2);
      String row = store.findSecret(SigningKeys.FILE_NAME);
      assertThat(ECKey.parse(row).getKeyID()).isEqualTo(first);
      // Who has read what was there before can write nothing over it.
      assertThat(store.replaceSecret(SigningKeys.FILE_NAME, before, "x")).isFalse();
      assertThat(store.findSecret(SigningKeys.FILE_NAME)).isEqualTo(row);
    }
  }

  private static void rotate(KeyRing ring) throws Exception {
    assertThat(ring.rotate(SigningKeys.LEAD, Optional::empty).toCompletableFuture().get())
        .isInstanceOf(KeyRing.Rotation.Rotated.class);
  }

  private void notes(HostPort node, Duration off) throws Exception {
    store.writeNote(
        PreviousIncarnation.noteName(node),
        NOW.plus(PreviousIncarnation.SILENCE).plus(off).toEpochMilli());
  }

  private Optional<String> objection() throws Exception {
    return new RotationCheck(store, () -> List.of(ONE, TWO), () -> NOW).call();
  }
}
