package parley.user;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.reflect.Proxy;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.apache.pekko.actor.typed.javadsl.ActorContext;
import org.apache.pekko.actor.typed.javadsl.TimerScheduler;
import org.junit.jupiter.api.Test;

/** How often a claim is repeated if the owner record does not answer. */
final class TokenClaimsTest {
  private static final String HASH = "00";

  private final List<Duration> pauses = new ArrayList<>();
  private boolean scheduled;
  private final UserState state = new UserState(UserTestData.ALICE);
  private final TokenClaims claims =
      new TokenClaims(UserTestData.ALICE, PushTokens.Claims.OFF, unused(), timers());

  @Test
  void pausesGrowUntilAnAnswerArrives() {
    for (int i = 0; i < 8; i++) {
      timerFired();
      answer(false);
    }
    assertThat(pauses)
        .extracting(Duration::toSeconds)
        .containsExactly(5L, 10L, 20L, 40L, 80L, 160L, 300L, 300L);
    timerFired();
    answer(true);
    answer(false);
    assertThat(pauses.getLast()).isEqualTo(Duration.ofSeconds(5));
  }

  @Test
  void concurrentFailuresMakeOneRetry() {
    answer(false);
    answer(false);
    answer(false);
    assertThat(pauses).containsExactly(Duration.ofSeconds(5));
  }

  private void answer(boolean known) {
    claims.released(state, new UserInternal.TokenReleased(HASH, 1, known));
  }

  private void timerFired() {
    scheduled = false;
  }

  @SuppressWarnings("unchecked")
  private TimerScheduler<User.Command> timers() {
    return (TimerScheduler<User.Command>)
        Proxy.newProxyInstance(
            getClass().getClassLoader(),
            new Class<?>[] {TimerScheduler.class},
            (proxy, method, args) ->
                switch (method.getName()) {
                  case "isTimerActive" -> scheduled;
                  case "startSingleTimer" -> {
                    scheduled = true;
                    pauses.add((Duration) args[2]);
                    yield null;
                  }
                  default -> throw new UnsupportedOperationException(method.getName());
                });
  }

  @SuppressWarnings("unchecked")
  private ActorContext<User.Command> unused() {
    return (ActorContext<User.Command>)
        Proxy.newProxyInstance(
            getClass().getClassLoader(),
            new Class<?>[] {ActorContext.class},
            (proxy, method, args) -> {
              throw new UnsupportedOperationException(method.getName());
            });
  }
}
