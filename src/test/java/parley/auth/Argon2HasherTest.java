package parley.auth;

import static org.assertj.core.api.Assertions.assertThat;

import com.typesafe.config.ConfigFactory;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.RejectedExecutionException;
import org.junit.jupiter.api.Test;

final class Argon2HasherTest {
  private static final Secret PASSWORD = new Secret("pässwörd");

  @Test
  void theHashNamesTheParametersThatOwaspRecommends() {
    AuthSettings settings = AuthSettings.from(ConfigFactory.load("parley-auth"));
    assertThat(settings.hashing().threads()).isPositive();
    try (Argon2Hasher hasher = new Argon2Hasher(settings.hashing())) {
      Secret a = hasher.hash(PASSWORD).toCompletableFuture().join();
      Secret b = hasher.hash(PASSWORD).toCompletableFuture().join();
      assertThat(a.value()).startsWith("$argon2id$v=19$m=19456,t=2,p=1$").isNotEqualTo(b.value());
      assertThat(matches(hasher, PASSWORD, a)).isTrue();
      assertThat(matches(hasher, new Secret("pa\u0308sswo\u0308rd"), a)).as("NFC").isTrue();
      assertThat(matches(hasher, new Secret("password"), a)).isFalse();
    }
  }

  @Test
  void aHashWithOtherParametersStaysValid() {
    try (Argon2Hasher old = new Argon2Hasher(new AuthSettings.Hashing(1, 9, 64, 1, 1));
        Argon2Hasher now = new Argon2Hasher(new AuthSettings.Hashing(1, 9, 128, 2, 1))) {
      Secret hash = old.hash(PASSWORD).toCompletableFuture().join();
      assertThat(matches(now, PASSWORD, hash)).isTrue();
      assertThat(matches(now, new Secret("no"), hash)).isFalse();
    }
  }

  @Test
  void noPasswordMatchesAMissingHash() {
    try (Argon2Hasher hasher = new Argon2Hasher(new AuthSettings.Hashing(1, 9, 64, 1, 1))) {
      CompletableFuture<Boolean> any =
          hasher.matches(PASSWORD, null, PasswordHasher.Lane.LOGIN).toCompletableFuture();
      assertThat(any.join()).isFalse();
      CompletableFuture<Boolean> dummy =
          hasher
              .matches(new Secret("the password of nobody"), null, PasswordHasher.Lane.LOGIN)
              .toCompletableFuture();
      assertThat(dummy.join()).isFalse();
    }
  }

  @Test
  void aFullQueueRefusesAtOnce() {
    try (Argon2Hasher hasher = new Argon2Hasher(new AuthSettings.Hashing(1, 2, 19_456, 2, 1))) {
      List<CompletableFuture<Secret>> all = new ArrayList<>();
      for (int i = 0; i < 50; i++) {
        all.add(hasher.hash(PASSWORD).toCompletableFuture());
      }
      long refused =
          all.stream()
              .filter(CompletableFuture::isCompletedExceptionally)
              .filter(f -> f.exceptionNow() instanceof RejectedExecutionException)
              .count();
      assertThat(refused).isPositive().isEqualTo(hasher.refused());
      all.stream().filter(f -> !f.isCompletedExceptionally()).forEach(CompletableFuture::join);
    }
  }

  @Test
  void aFloodOfRegistrationsDoesNotDelayLogins() {
    try (Argon2Hasher hasher = new Argon2Hasher(new AuthSettings.Hashing(1, 30, 19_456, 2, 1))) {
      Secret hash = hasher.hash(PASSWORD).toCompletableFuture().join();
      List<CompletableFuture<Secret>> flood = new ArrayList<>();
      for (int i = 0; i < 40; i++) {
        flood.add(hasher.hash(PASSWORD).toCompletableFuture());
      }
      List<CompletableFuture<Boolean>> guesses = new ArrayList<>();
      for (int i = 0; i < 40; i++) {
        guesses.add(
            hasher.matches(PASSWORD, hash, PasswordHasher.Lane.LOGIN).toCompletableFuture());
      }
      CompletableFuture<Boolean> known =
          hasher.matches(PASSWORD, hash, PasswordHasher.Lane.KNOWN_DEVICE).toCompletableFuture();
      assertThat(known.join()).isTrue();
      // It ran after at most one hash of each other kind, and one that was already running.
      assertThat(flood.stream().filter(f -> f.isDone() && !f.isCompletedExceptionally()).count())
          .isLessThan(10);
      assertThat(guesses.stream().filter(f -> f.isDone() && !f.isCompletedExceptionally()).count())
          .isLessThan(10);
      assertThat(guesses.getFirst().join()).isTrue();
      assertThat(flood.getLast().exceptionNow()).isInstanceOf(RejectedExecutionException.class);
    }
  }

  private static boolean matches(PasswordHasher hasher, Secret password, Secret encoded) {
    return hasher
        .matches(password, encoded, PasswordHasher.Lane.LOGIN)
        .toCompletableFuture()
        .join();
  }
}
