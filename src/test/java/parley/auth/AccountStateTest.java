package parley.auth;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import parley.auth.AccountState.Standing;

/** Random logins, refreshes, reuses, logouts and days, compared with a small oracle. */
final class AccountStateTest {
  private static final class Line {
    final List<RefreshToken> issued = new ArrayList<>();
    Instant end = Instant.MIN;
    boolean out;
  }

  @Test
  void randomEventsGiveTheSameStateAsAnOracle() {
    long seed = new Random().nextLong();
    System.out.println("AccountStateTest seed " + seed);
    Random random = new Random(seed);
    for (int run = 0; run < 50; run++) {
      session(random, seed);
    }
  }

  private static void session(Random random, long seed) {
    Instant now = AuthTestData.START;
    AccountState state = AccountState.EMPTY;
    Map<String, Line> live = new LinkedHashMap<>(); // by last use
    List<Line> all = new ArrayList<>();
    for (int step = 0; step < 150; step++) {
      now = now.plus(Duration.ofMinutes(1 + random.nextInt(600)));
      Instant at = now;
      live.values().removeIf(line -> !at.isBefore(line.end));
      if (all.isEmpty() || random.nextInt(4) == 0) {
        RefreshToken token = RefreshToken.first("bob").token();
        Line line = new Line();
        line.issued.add(token);
        line.end = now.plus(Duration.ofDays(7));
        all.add(line);
        live.put(token.familyId(), line);
        if (live.size() > 20) {
          live.remove(live.keySet().iterator().next());
        }
        state =
            state.apply(new AccountEvent.FamilyStarted(token.familyId(), token.secretHash(), now));
      } else {
        Line line = all.get(random.nextInt(all.size()));
        RefreshToken token = line.issued.get(random.nextInt(line.issued.size()));
        boolean newest = token.equals(line.issued.get(line.issued.size() - 1));
        boolean isLive = live.containsKey(token.familyId());
        Standing standing = state.standing(token, now);
        if (isLive) {
          assertThat(standing)
              .as("seed " + seed)
              .isEqualTo(newest ? Standing.CURRENT : Standing.SPENT);
        } else {
          assertThat(standing)
              .as("seed " + seed)
              .isIn(
                  line.out
                      ? List.of(Standing.REVOKED, Standing.UNKNOWN)
                      : List.of(Standing.UNKNOWN));
        }
        if (standing == Standing.CURRENT && random.nextInt(10) > 0) {
          RefreshToken next = token.nextGeneration().token();
          line.issued.add(next);
          line.end = now.plus(Duration.ofDays(7));
          live.remove(token.familyId());
          live.put(token.familyId(), line);
          state =
              state.apply(
                  new AccountEvent.FamilyRotated(
                      next.familyId(), next.counter(), next.secretHash(), now));
        } else if (isLive) {
          line.out = standing == Standing.SPENT;
          live.remove(token.familyId());
          state = state.apply(new AccountEvent.FamilyRevoked(token.familyId(), line.out, now));
        }
      }
      assertThat(state.families().size()).as("seed " + seed).isBetween(0, 20);
      assertThat(state.reused().size()).isBetween(0, 20);
      for (Line line : live.values()) {
        RefreshToken good = line.issued.get(line.issued.size() - 1);
        assertThat(state.standing(good, now)).as("seed " + seed).isEqualTo(Standing.CURRENT);
      }
    }
  }
}
