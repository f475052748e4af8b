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
 * and as many revoked ones: some 8 KB.
 *
 * @param owner null while nobody has registered the name
 * @param families live ones, the least recently used first
 * @param reused ids and ends of families that were revoked because a spent token came again, the
 *     oldest first: kept so that the token's owner learns why it is out
 */
@JsonIgnoreProperties(ignoreUnknown = true)
record AccountState(@Nullable Owner owner, List<Family> families, List<Reused> reused)
    implements Stored {
  static final int MAX_FAMILIES = 20;

  /** How long a refresh token lives, from the moment it is issued. */
  static final Duration TOKEN_LIFE = Duration.ofDays(7);

  static final AccountState EMPTY = new AccountState(null, List.of(), List.of());

  AccountState {
    families = families == null ? List.of() : List.copyOf(families);
    reused = reused == null ? List.of() : List.copyOf(reused);
  }

  record Owner(UserId userId, String displayName, Secret passwordHash) {}

  /** One line of refresh tokens: only the one with {@code counter} is good. */
  record Family(String id, int counter, String secretHash, Instant expiresAt) {
    @Override
    public String toString() {
      return "Family[counter=" + counter + ", expiresAt=" + expiresAt + "]";
    }
  }

  record Reused(String id, Instant expiresAt) {
    @Override
    public String toString() {
      return "Reused[expiresAt=" + expiresAt + "]";
    }
  }

  /** What a refresh token means to this account now. */
  enum Standing {
    /** The newest of a live family. */
    GOOD,
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
              newest(List.of(), family(e.familyId(), 0, e.secretHash(), e.at())),
              List.of());
      case AccountEvent.FamilyStarted e ->
          s.with(newest(s.families, family(e.familyId(), 0, e.secretHash(), e.at())));
      case AccountEvent.FamilyRotated e ->
          s.with(
              newest(
                  without(s.families, e.familyId()),
                  family(e.familyId(), e.counter(), e.secretHash(), e.at())));
      case AccountEvent.FamilyRevoked e -> s.revoked(e);
    };
  }

  /**
   * The standing of {@code token}. A spent token is known by its family's id, which is 128 random
   * bits that only holders of the family's tokens have: so the secrets of spent ones need not be
   * kept.
   */
  Standing standing(RefreshToken token, Instant now) {
    Optional<Family> live = family(token.familyId());
    if (live.isPresent()) {
      Family family = live.get();
      if (!now.isBefore(family.expiresAt) || token.counter() > family.counter) {
        return Standing.UNKNOWN;
      }
      if (token.counter() < family.counter) {
        return Standing.SPENT;
      }
      return same(token.secretHash(), family.secretHash) ? Standing.GOOD : Standing.UNKNOWN;
    }
    boolean gone =
        reused.stream().anyMatch(r -> same(r.id, token.familyId()) && now.isBefore(r.expiresAt));
    return gone ? Standing.REVOKED : Standing.UNKNOWN;
  }

  private Optional<Family> family(String id) {
    return families.stream().filter(f -> same(f.id, id)).findFirst();
  }

  private AccountState revoked(AccountEvent.FamilyRevoked event) {
    if (!event.reused()) {
      return with(without(families, event.familyId()));
    }
    List<Reused> gone = new ArrayList<>(reused);
    gone.add(new Reused(event.familyId(), event.at().plus(TOKEN_LIFE)));
    return new AccountState(owner, without(families, event.familyId()), last(gone));
  }

  private AccountState withoutExpired(Instant now) {
    return new AccountState(
        owner,
        families.stream().filter(f -> now.isBefore(f.expiresAt)).toList(),
        reused.stream().filter(r -> now.isBefore(r.expiresAt)).toList());
  }

  private AccountState with(List<Family> changed) {
    return new AccountState(owner, changed, reused);
  }

  private static Family family(String id, int counter, String secretHash, Instant at) {
    return new Family(id, counter, secretHash, at.plus(TOKEN_LIFE));
  }

  private static List<Family> without(List<Family> families, String id) {
    return families.stream().filter(f -> !same(f.id, id)).toList();
  }

  private static List<Family> newest(List<Family> families, Family family) {
    List<Family> all = new ArrayList<>(families);
    all.add(family);
    return last(all);
  }

  private static <T> List<T> last(List<T> all) {
    return all.subList(Math.max(0, all.size() - MAX_FAMILIES), all.size());
  }

  private static boolean same(String a, String b) {
    return MessageDigest.isEqual(a.getBytes(US_ASCII), b.getBytes(US_ASCII));
  }
}
