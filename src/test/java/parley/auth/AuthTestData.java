package parley.auth;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeoutException;
import org.apache.pekko.persistence.testkit.javadsl.EventSourcedBehaviorTestKit;
import org.jspecify.annotations.Nullable;
import parley.model.UserId;

/** A clock that the test moves, a hasher that counts, and the serializers of the program. */
final class AuthTestData {
  static final Instant START = Instant.parse("2026-03-01T10:00:00Z");

  private AuthTestData() {}

  static Config config() {
    return ConfigFactory.parseString(
            """
            pekko.loglevel = WARNING
            pekko.actor {
              allow-java-serialization = off
              serializers.event = "org.apache.pekko.serialization.jackson.JacksonCborSerializer"
              serializers.snap = "org.apache.pekko.serialization.jackson.JacksonCborSerializer"
              serialization-identifiers { event = 7705, snap = 7706 }
              serialization-bindings {
                "parley.serial.Wire" = jackson-cbor
                "parley.auth.AccountEvent" = event
                "parley.auth.AccountState" = snap
              }
            }
            pekko.serialization.jackson.event.type-in-manifest = off
            pekko.serialization.jackson.snap.type-in-manifest = off
            """)
        .withFallback(EventSourcedBehaviorTestKit.config())
        .withFallback(ConfigFactory.load());
  }

  static final class Clock implements InstantSource {
    private volatile Instant now = START;

    @Override
    public Instant instant() {
      return now;
    }

    void forward(Duration by) {
      now = now.plus(by);
    }
  }

  /** Users that receive the ends of logins, and confirm them at once or never. */
  static final class Users implements Account.Users {
    final List<String> told = new CopyOnWriteArrayList<>();
    volatile boolean away;

    @Override
    public CompletionStage<?> loginEnded(UserId user, String sid) {
      told.add(sid);
      return away
          ? CompletableFuture.failedFuture(new TimeoutException("nobody there"))
          : CompletableFuture.completedFuture(true);
    }
  }

  /** "Hashes" by a prefix, at once or when told to. */
  static final class FakeHasher implements PasswordHasher {
    final List<String> matched = new ArrayList<>();
    final List<String> hashed = new ArrayList<>();
    private final Deque<Runnable> held = new ArrayDeque<>();
    private boolean hold;
    private boolean full;

    @Override
    public synchronized CompletionStage<Secret> hash(Secret password) {
      hashed.add(password.value());
      return answer(new Secret("hash of " + password.value()));
    }

    @Override
    public synchronized CompletionStage<Boolean> matches(
        Secret password, @Nullable Secret encoded, Lane lane) {
      matched.add(encoded == null ? "dummy" : encoded.value());
      return answer(encoded != null && encoded.value().equals("hash of " + password.value()));
    }

    synchronized void hold() {
      hold = true;
    }

    synchronized void full(boolean isFull) {
      full = isFull;
    }

    synchronized int held() {
      return held.size();
    }

    synchronized void release() {
      hold = false;
      held.forEach(Runnable::run);
      held.clear();
    }

    synchronized int matches() {
      return matched.size();
    }

    private <T> CompletionStage<T> answer(T value) {
      if (full) {
        return CompletableFuture.failedFuture(new RejectedExecutionException("full"));
      }
      CompletableFuture<T> result = new CompletableFuture<>();
      if (hold) {
        held.add(() -> result.complete(value));
      } else {
        result.complete(value);
      }
      return result;
    }
  }
}
