package parley.auth;

import static java.nio.charset.StandardCharsets.US_ASCII;

import com.fasterxml.jackson.annotation.JsonIgnoreProperties;
import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonProperty;
import java.security.MessageDigest;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import parley.model.UserId;
import parley.serial.Stored;
import parley.snapshot.RemovalPlan;

/**
 * State of an account, built from its events; also its snapshot. It holds at most {@value
 * #MAX_FAMILIES} live families and as many revoked ones. That is some 8 KB, or 60 KB if every
 * family is refreshed as often as allowed.
 *
 * @param owner null while the name is not registered
 * @param families live families, the least recently used first
 * @param reused ids and expiry times of families that were revoked because a spent token was used
 *     again, the oldest first. They are kept so that the token's owner learns why the login ended
 * @param unconfirmedEnds ids of families that have ended and whose end the user entity has not
 *     confirmed; at most {@value #MAX_UNCONFIRMED_ENDS}. A command that would add one more is
 *     refused
 * @param removal which events may be removed; only in a snapshot
 */
@JsonIgnoreProperties(ignoreUnknown = true)
record AccountState(
    @Nullable Owner owner,
    List<RefreshTokenFamily> families,
    List<Reused> reused,
    @JsonProperty("untold") List<String> unconfirmedEnds,
    @JsonInclude(JsonInclude.Include.NON_NULL) @Nullable RemovalPlan removal)
    implements Stored {
  /** A further login ends the family that was not refreshed for the longest time. */
  static final int MAX_FAMILIES = 20;

  static final int MAX_UNCONFIRMED_ENDS = 40;

  /** How long a refresh token lives, from the moment it is issued. */
  static final Duration TOKEN_LIFE = Duration.ofDays(7);

  /** How long a family lives, however often it is refreshed. */
  static final Duration FAMILY_LIFE = Duration.ofDays(90);

  static final AccountState EMPTY = new AccountState(null, List.of(), List.of(), List.of());

  AccountState(
      @Nullable Owner owner,
      List<RefreshTokenFamily> families,
      List<Reused> reused,
      List<String> unconfirmedEnds) {
    this(owner, families, reused, unconfirmedEnds, null);
  }

  AccountState {
    families = orEmpty(families);
    reused = orEmpty(reused);
    unconfirmedEnds = orEmpty(unconfirmedEnds);
  }

  /** The state as a snapshot stores it. */
  AccountState withRemoval(@Nullable RemovalPlan plan) {
    return new AccountState(owner, families, reused, unconfirmedEnds, plan);
  }

  /** About how many bytes a snapshot has: most of it are hashes of tokens. */
  long snapshotBytes() {
    long bytes = 1_000 + 60L * (reused.size() + unconfirmedEnds.size());
    for (RefreshTokenFamily family : families) {
      bytes +=
          200 + 50L * (family.more().size() + family.spent().size()) + 9L * family.used().size();
    }
    return bytes;
  }

  record Owner(UserId userId, String displayName, Secret passwordHash) {}

  record Reused(String id, Instant expiresAt) {
    @Override
    public String toString() {
      return "Reused[expiresAt=" + expiresAt + "]";
    }
  }

  /** How the account treats a refresh token now. */
  enum Standing {
    /** A token of the newest generation. Its use starts the next generation. */
    CURRENT,
    /**
     * A token of the previous generation, soon after the first use of that generation. Its use
     * gives one more token of the newest generation.
     */
    REPEAT_ALLOWED,
    /**
     * Spent, but too recently to indicate a theft; or the newest generation has its maximum of
     * tokens.
     */
    SPENT_RECENTLY,
    /** A token of the newest generation of a family that is refreshed too often. */
    TOO_FAST,
    /** A spent token of a live family. The family must be revoked. */
    SPENT,
    /** A token of a family that was revoked because a spent token was used. */
    REVOKED,
    /** Never issued, expired or logged out. */
    UNKNOWN
  }

  AccountState apply(AccountEvent event) {
    AccountState s = withoutExpired(event.at());
    return switch (event) {
      case AccountEvent.Registered e ->
          new AccountState(
              new Owner(e.userId(), e.displayName(), e.passwordHash()),
              withNewest(
                  List.of(), RefreshTokenFamily.started(e.familyId(), e.secretHash(), e.at())),
              List.of(),
              List.of());
      case AccountEvent.FamilyStarted e ->
          s.with(
                  withNewest(
                      s.families, RefreshTokenFamily.started(e.familyId(), e.secretHash(), e.at())))
              .withUnconfirmedEnd(e.ended(), e.ended() == null);
      case AccountEvent.FamilyRotated e -> s.rotated(e);
      case AccountEvent.FamilyRevoked e -> s.revoked(e);
    };
  }

  /**
   * What {@code token} is worth now. A spent token is recognised by its family's id, 128 random
   * bits that only holders of the family's tokens have. So the hashes of long spent tokens need not
   * be kept. A token that gives a new token is always compared with its hash.
   */
  Standing standing(RefreshToken token, Instant now) {
    Optional<RefreshTokenFamily> live = family(token.familyId());
    if (live.isPresent()) {
      return live.get().standing(token, now);
    }
    boolean gone =
        reused.stream()
            .anyMatch(r -> constantTimeEquals(r.id, token.familyId()) && now.isBefore(r.expiresAt));
    return gone ? Standing.REVOKED : Standing.UNKNOWN;
  }

  /** The live family with this id. */
  Optional<RefreshTokenFamily> family(String id) {
    return families.stream().filter(f -> constantTimeEquals(f.id(), id)).findFirst();
  }

  /** The live family that access tokens name by this {@code sid}. */
  Optional<RefreshTokenFamily> familyBySid(String sid) {
    return families.stream()
        .filter(f -> constantTimeEquals(RefreshToken.sid(f.id()), sid))
        .findFirst();
  }

  /** The id of the family that a login at this time ends, or null if none has to end. */
  @Nullable String familyEndedByLogin(Instant now) {
    List<RefreshTokenFamily> live =
        families.stream().filter(f -> now.isBefore(f.expiresAt())).toList();
    return live.size() < MAX_FAMILIES ? null : live.getFirst().id();
  }

  boolean isOwnedBy(UserId user) {
    return owner != null && owner.userId().equals(user);
  }

  /** Whether one more unconfirmed end of a family fits into the state. */
  boolean hasRoomForUnconfirmedEnd() {
    return unconfirmedEnds.size() < MAX_UNCONFIRMED_ENDS;
  }

  private AccountState rotated(AccountEvent.FamilyRotated e) {
    RefreshTokenFamily before =
        family(e.familyId())
            .orElseGet(() -> RefreshTokenFamily.started(e.familyId(), e.secretHash(), e.at()));
    return with(withNewest(without(families, e.familyId()), before.rotated(e)));
  }

  private AccountState revoked(AccountEvent.FamilyRevoked e) {
    List<Reused> gone = new ArrayList<>(reused);
    if (e.reused()) {
      gone.add(new Reused(e.familyId(), e.at().plus(TOKEN_LIFE)));
    }
    AccountState after =
        new AccountState(owner, without(families, e.familyId()), keepNewest(gone), unconfirmedEnds);
    return e.told() == null ? after : after.withUnconfirmedEnd(e.familyId(), e.told());
  }

  private AccountState withUnconfirmedEnd(@Nullable String familyId, boolean told) {
    if (familyId == null) {
      return this;
    }
    List<String> changed = new ArrayList<>(unconfirmedEnds);
    changed.removeIf(id -> constantTimeEquals(id, familyId));
    if (!told) {
      changed.add(familyId);
    }
    return new AccountState(owner, families, reused, changed);
  }

  private AccountState withoutExpired(Instant now) {
    return new AccountState(
        owner,
        families.stream().filter(f -> now.isBefore(f.expiresAt())).toList(),
        reused.stream().filter(r -> now.isBefore(r.expiresAt)).toList(),
        unconfirmedEnds);
  }

  private AccountState with(List<RefreshTokenFamily> changed) {
    return new AccountState(owner, changed, reused, unconfirmedEnds);
  }

  private static List<RefreshTokenFamily> without(List<RefreshTokenFamily> families, String id) {
    return families.stream().filter(f -> !constantTimeEquals(f.id(), id)).toList();
  }

  private static List<RefreshTokenFamily> withNewest(
      List<RefreshTokenFamily> families, RefreshTokenFamily refreshTokenFamily) {
    List<RefreshTokenFamily> all = new ArrayList<>(families);
    all.add(refreshTokenFamily);
    return keepNewest(all);
  }

  private static <T> List<T> keepNewest(List<T> all) {
    return all.subList(Math.max(0, all.size() - MAX_FAMILIES), all.size());
  }

  private static <T> List<T> orEmpty(@Nullable List<T> list) {
    return list == null ? List.of() : List.copyOf(list);
  }

  static boolean constantTimeEquals(String a, String b) {
    return MessageDigest.isEqual(a.getBytes(US_ASCII), b.getBytes(US_ASCII));
  }
}
