package parley.auth;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Base64;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Test;

final class CredentialsTest {
  private static final String GOOD = "correct horse";

  @Test
  void theInvalidFieldIsNamed() {
    assertThat(field("bob", GOOD, "Bob")).isEmpty();
    assertThat(field("a.b-c_9", GOOD, "B\u0000\u202e")).isEmpty();
    for (String bad : new String[] {"", "ab", "Bob", "b ob", "bob\n", "büb", "a".repeat(33)}) {
      assertThat(field(bad, GOOD, "Bob")).as(bad).contains("username");
    }
    for (String bad : new String[] {"", "1234567", "x".repeat(129), "12345678\ud800"}) {
      assertThat(field("bob", bad, "Bob")).contains("password");
    }
    for (String bad : new String[] {"", "x".repeat(65), "\udc00", "😀".repeat(65)}) {
      assertThat(field("bob", GOOD, bad)).contains("display_name");
    }
    assertThat(field("a".repeat(32), "😀".repeat(8), "😀".repeat(64))).isEmpty();
    assertThat(field("abc", "😀".repeat(128), "x")).isEmpty();
  }

  @Test
  void refreshTokensAreReadBackAndShort() {
    for (String name : new String[] {"bob", "a".repeat(32)}) {
      RefreshToken.Issued first = RefreshToken.first(name);
      RefreshToken.Issued second = first.token().nextGeneration();
      assertThat(RefreshToken.parse(first.clientToken().value())).contains(first.token());
      assertThat(RefreshToken.parse(second.clientToken().value())).contains(second.token());
      assertThat(second.token().familyId()).isEqualTo(first.token().familyId());
      assertThat(second.token().counter()).isEqualTo(1);
      assertThat(second.token().secretHash()).isNotEqualTo(first.token().secretHash());
      assertThat(first.clientToken().value().length()).isLessThanOrEqualTo(RefreshToken.MAX_CHARS);
      assertThat(first.token().toString() + first).doesNotContain(first.token().familyId());
    }
  }

  @Test
  void aRefreshTokenHasOneSpelling() {
    long seed = new Random().nextLong();
    System.out.println("CredentialsTest seed " + seed);
    Random random = new Random(seed);
    String alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    for (int i = 0; i < 2_000; i++) {
      String name = "abcdefgh".substring(0, 3 + random.nextInt(5));
      RefreshToken.Issued fresh = RefreshToken.first(name);
      StringBuilder changed = new StringBuilder(fresh.clientToken().value());
      int at = i % 2 == 0 ? changed.length() - 1 : random.nextInt(changed.length());
      char other = alphabet.charAt(random.nextInt(64));
      if (changed.charAt(at) != other) {
        changed.setCharAt(at, other);
        assertThat(RefreshToken.parse(changed.toString())).isNotEqualTo(Optional.of(fresh.token()));
      }
      byte[] noise = new byte[random.nextInt(90)];
      random.nextBytes(noise);
      noise = noise.length > 0 && i % 3 == 0 ? withVersion(noise) : noise;
      RefreshToken.parse(Base64.getUrlEncoder().withoutPadding().encodeToString(noise));
    }
    assertThat(RefreshToken.parse("")).isEmpty();
    assertThat(RefreshToken.parse("é".repeat(50))).isEmpty();
    assertThat(RefreshToken.parse("A".repeat(1_000_000))).isEmpty();
    assertThat(RefreshToken.parse(RefreshToken.first("bob").clientToken().value() + "=")).isEmpty();
  }

  @Test
  void toStringHidesSecrets() {
    assertThat(new Secret(GOOD)).hasToString("[REDACTED]").isEqualTo(new Secret(GOOD));
    assertThat(new Secret(GOOD)).isNotEqualTo(new Secret("other"));
  }

  private static byte[] withVersion(byte[] noise) {
    noise[0] = 1;
    return noise;
  }

  private static Optional<String> field(String username, String password, String displayName) {
    return Credentials.check(username, new Secret(password), displayName)
        .map(AuthResult.Invalid::field);
  }
}
