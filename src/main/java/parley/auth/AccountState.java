package parley.auth;

import static java.nio.charset.StandardCharsets.US_ASCII;

import com.fasterxml.jackson.annotation.JsonIgnoreProperties;
import java.security.MessageDigest;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import parley.model.UserId;
import parley.serial.Stored;

/**
 * An account as its events made it; also its snapshot. At most {@value #MAX_FAMILIES} live families
 * and as many revoked ones: some 8 KB, and 60 KB where every family is refreshed as often as it may
 * be.
 *
 * @param owner null while nobody has registered the name
 * @param families live ones, the least recently used first
 * @param reused ids and ends of families that were revoked because a spent token came again, the
 *     oldest first: kept so that the token's owner learns why it is out
 * @param untold ids of families that have ended and whose user does not know yet; at most {@value
 *     #MAX_UNTOLD}, whoever would add one more is refused
 */
@JsonIgnoreProperties(ignoreUnknown = true)
record AccountState(
    @Nullable Owner owner,
    List<RefreshTokenFamily> families,
    List<Reused> reused,
    List<String> untold)
    implements Stored {
  /** The login after these ends the family that was refreshed the longest ago. */
  static final int MAX_FAMILIES = 20;

  static final int MAX_UNTOLD = 40;

  /** How long a refresh token lives, from the moment it is issued. */
  static final Duration TOKEN_LIFE = Duration.ofDays(7);

  /** How long a family lives, however often it is refreshed. */
  static final Duration FAMILY_LIFE = Duration.ofDays(90);

  static final AccountState EMPTY = new AccountState(null, List.of(), List.of(), List.of());

  AccountState {
    families = orEmpty(families);
    reused = orEmpty(reused);
    untold = orEmpty(untold);
  }

  record Owner(UserId userId, String displayName, Secret passwordHash) {}

  record Reused(String id, Instant expiresAt) {
    @Override
    public String toString() {
      return "Reused[expiresAt=" + expiresAt + "]";
    }
  }

  /** What a refresh token means to this account now. */
  enum Standing {
    /** One of the newest generation: its use begins the next. */
    GOOD,
    /** One of the generation before, soon after its first use: it gives one more of the newest. */
    AGAIN,
    /** Spent, but so lately that it says nothing of a thief; or the newest has enough tokens. */
    STALE,
    /** The newest of a family that is refreshed too fast. */
    TOO_FAST,
    /** A spent one of a live family: the family must go. */
    SPENT,
    /** Of a family that went this way before. */
    REVOKED,
    /** Nothing that was ever issued, or too long ago, or logged out. */
    UNKNOWN
  }

  AccountState apply(AccountEvent event) {
    AccountState s = withoutExpired(event.at());
    return switch (event) {
      case AccountEvent.Registered e ->
          new AccountState(
              new Owner(e.userId(), e.displayName(), e.passwordHash()),
              newest(List.of(), RefreshTokenFamily.started(e.familyId(), e.secretHash(), e.at())),
              List.of(),
              List.of());
      case AccountEvent.FamilyStarted e ->
          s.with(
                  newest(
                      s.families, RefreshTokenFamily.started(e.familyId(), e.secretHash(), e.at())))
              .withUntold(e.ended(), e.ended() == null);
      case AccountEvent.FamilyRotated e -> s.rotated(e);
      case AccountEvent.FamilyRevoked e -> s.revoked(e);
    };
  }

  /**
   * The standing of {@code token}. A spent token is known by its family's id, which is 128 random
   * bits that only holders of the family's tokens have: so the secrets of long spent ones need not
   * be kept. What gives a token is held against its hash in any case.
   */
  Standing standing(RefreshToken token, Instant now) {
    Optional<RefreshTokenFamily> live = family(token.familyId());
    if (live.isPresent()) {
      return live.get().standing(token, now);
    }
    boolean gone =
        reused.stream().anyMatch(r -> same(r.id, token.familyId()) && now.isBefore(r.expiresAt));
    return gone ? Standing.REVOKED : Standing.UNKNOWN;
  }

  /** The live family of that id. */
  Optional<RefreshTokenFamily> family(String id) {
    return families.stream().filter(f -> same(f.id(), id)).findFirst();
  }

  /** The live family that access tokens call so. */
  Optional<RefreshTokenFamily> familyBySid(String sid) {
    return families.stream().filter(f -> same(RefreshToken.sid(f.id()), sid)).findFirst();
  }

  /** The family that a login at this time ends, or null. */
  @Nullable String makesRoom(Instant now) {
    List<RefreshTokenFamily> live =
        families.stream().filter(f -> now.isBefore(f.expiresAt())).toList();
    return live.size() < MAX_FAMILIES ? null : live.getFirst().id();
  }

  /** Whether one more family may end. */
  boolean mayEnd() {
    return untold.size() < MAX_UNTOLD;
  }

  private AccountState rotated(AccountEvent.FamilyRotated e) {
    RefreshTokenFamily before =
        family(e.familyId())
            .orElseGet(() -> RefreshTokenFamily.started(e.familyId(), e.secretHash(), e.at()));
    return with(newest(without(families, e.familyId()), before.rotated(e)));
  }

  private AccountState revoked(AccountEvent.FamilyRevoked e) {
    List<Reused> gone = new ArrayList<>(reused);
    if (e.reused()) {
      gone.add(new Reused(e.familyId(), e.at().plus(TOKEN_LIFE)));
    }
    AccountState after =
        new AccountState(owner, without(families, e.familyId()), last(gone), untold);
    return e.told() == null ? after : after.withUntold(e.familyId(), e.told());
  }

  private AccountState withUntold(@Nullable String familyId, boolean told) {
    if (familyId == null) {
      return this;
    }
    List<String> changed = new ArrayList<>(untold);
    changed.removeIf(id -> same(id, familyId));
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
        untold);
  }

  private AccountState with(List<RefreshTokenFamily> changed) {
    return new AccountState(owner, changed, reused, untold);
  }

  private static List<RefreshTokenFamily> without(List<RefreshTokenFamily> families, String id) {
    return families.stream().filter(f -> !same(f.id(), id)).toList();
  }

  private static List<RefreshTokenFamily> newest(
      List<RefreshTokenFamily> families, RefreshTokenFamily refreshTokenFamily) {
    List<RefreshTokenFamily> all = new ArrayList<>(families);
    all.add(refreshTokenFamily);
    return last(all);
  }

  private static <T> List<T> last(List<T> all) {
    return all.subList(Math.max(0, all.size() - MAX_FAMILIES), all.size());
  }

  private static <T> List<T> orEmpty(@Nullable List<T> list) {
    return list == null ? List.of() : List.copyOf(list);
  }

  static boolean same(String a, String b) {
    return MessageDigest.isEqual(a.getBytes(US_ASCII), b.getBytes(US_ASCII));
  }
}
