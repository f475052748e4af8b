package parley.auth;

import com.fasterxml.jackson.annotation.JsonInclude;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import parley.auth.AccountState.Standing;

/**
 * The refresh tokens of one login, in generations.
 *
 * <pre>
 *   generation 4        generation 5            generation 6
 *   spent ─first use─▶  spent, spent, …  ─────▶ newest: secretHash and more
 *                       used: for 60 s after its first use any of them gives one more of 6
 * </pre>
 *
 * @param counter number of the newest generation
 * @param secretHash hash of one token of the newest generation
 * @param expiresAt when the family ends: for lack of a refresh, or by its age
 * @param startedAt when the family started; null in a snapshot of a version that did not store it,
 *     in which case the next refresh counts as the start
 * @param more hashes of the other tokens of the newest generation, at most {@value #MAX_REPEATS}
 * @param spent hashes of the tokens of the previous generation; empty from a version that did not
 *     store them
 * @param used when the generations before the newest were first used, in epoch milliseconds, the
 *     newest last; at most {@value #MAX_GENERATIONS}, and none older than {@link #WINDOW} at the
 *     last refresh
 */
@JsonInclude(JsonInclude.Include.NON_EMPTY)
record RefreshTokenFamily(
    String id,
    @JsonInclude(JsonInclude.Include.ALWAYS) int counter,
    String secretHash,
    Instant expiresAt,
    @Nullable Instant startedAt,
    List<String> more,
    List<String> spent,
    List<Long> used) {
  /** How long the tokens of a generation are accepted after the first use of one of them. */
  static final Duration WINDOW = Duration.ofSeconds(60);

  /**
   * Maximum number of tokens of a generation after its first one. A further request is refused and
   * revokes nothing.
   */
  static final int MAX_REPEATS = 20;

  /** Maximum number of generations in a {@link #WINDOW}. A further refresh has to wait. */
  static final int MAX_GENERATIONS = 120;

  RefreshTokenFamily {
    more = more == null ? List.of() : List.copyOf(more);
    spent = spent == null ? List.of() : List.copyOf(spent);
    used = used == null ? List.of() : List.copyOf(used);
  }

  /** The family after a login. */
  static RefreshTokenFamily started(String id, String secretHash, Instant at) {
    return new RefreshTokenFamily(
        id, 0, secretHash, at.plus(AccountState.TOKEN_LIFE), at, List.of(), List.of(), List.of());
  }

  /** The family after a refresh. */
  RefreshTokenFamily rotated(AccountEvent.FamilyRotated e) {
    Instant started = startedAt == null ? e.at() : startedAt;
    Instant idle = e.at().plus(AccountState.TOKEN_LIFE);
    Instant end = started.plus(AccountState.FAMILY_LIFE);
    Instant expires = idle.isBefore(end) ? idle : end;
    if (e.again() && e.counter() == counter) {
      List<String> all = new ArrayList<>(more);
      all.add(e.secretHash());
      return new RefreshTokenFamily(id, counter, secretHash, expires, started, all, spent, used);
    }
    List<String> before = new ArrayList<>(more);
    before.add(secretHash);
    List<Long> times = new ArrayList<>(recentUses(e.at()));
    times.add(e.at().toEpochMilli());
    return new RefreshTokenFamily(
        id, e.counter(), e.secretHash(), expires, started, List.of(), before, times);
  }

  /** What a token that names this family is worth now. */
  Standing standing(RefreshToken token, Instant now) {
    int age = counter - token.counter();
    if (!now.isBefore(expiresAt) || age < 0) {
      return Standing.UNKNOWN;
    }
    if (age == 0) {
      if (!AccountState.constantTimeEquals(secretHash, token.secretHash())
          && !containsHashOf(more, token)) {
        return Standing.UNKNOWN;
      }
      return recentUses(now).size() < MAX_GENERATIONS ? Standing.CURRENT : Standing.TOO_FAST;
    }
    boolean soon = age <= used.size() && isInWindow(used.get(used.size() - age), now);
    if (!soon) {
      return Standing.SPENT;
    }
    if (age > 1) {
      return Standing.SPENT_RECENTLY;
    }
    if (!containsHashOf(spent, token)) {
      return Standing.UNKNOWN;
    }
    return more.size() < MAX_REPEATS ? Standing.REPEAT_ALLOWED : Standing.SPENT_RECENTLY;
  }

  private List<Long> recentUses(Instant now) {
    // The times are in order, except where the clocks of nodes differ. Only the head is cut off,
    // never a part in the middle.
    int first = 0;
    while (first < used.size() && !isInWindow(used.get(first), now)) {
      first++;
    }
    return used.subList(first, used.size());
  }

  private static boolean isInWindow(long usedAt, Instant now) {
    return now.toEpochMilli() - usedAt < WINDOW.toMillis();
  }

  private static boolean containsHashOf(List<String> hashes, RefreshToken token) {
    return hashes.stream()
        .anyMatch(hash -> AccountState.constantTimeEquals(hash, token.secretHash()));
  }

  @Override
  public String toString() {
    return "RefreshTokenFamily[counter=" + counter + ", expiresAt=" + expiresAt + "]";
  }
}
