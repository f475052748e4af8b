package parley.auth;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonSubTypes;
import com.fasterxml.jackson.annotation.JsonTypeInfo;
import java.time.Instant;
import org.jspecify.annotations.Nullable;
import parley.model.UserId;
import parley.serial.Stored;

/**
 * What has happened to an account: the format of its journal, pinned by golden files. Refresh
 * secrets appear as SHA-256 only, in base64url.
 */
@JsonTypeInfo(use = JsonTypeInfo.Id.NAME, property = "t")
@JsonSubTypes({
  @JsonSubTypes.Type(value = AccountEvent.Registered.class, name = "registered"),
  @JsonSubTypes.Type(value = AccountEvent.FamilyStarted.class, name = "family_started"),
  @JsonSubTypes.Type(value = AccountEvent.FamilyRotated.class, name = "family_rotated"),
  @JsonSubTypes.Type(value = AccountEvent.FamilyRevoked.class, name = "family_revoked"),
})
public sealed interface AccountEvent extends Stored {
  /** When, by the clock of the node that wrote it. */
  Instant at();

  /**
   * The account exists from here on, with its first family of refresh tokens.
   *
   * @param username the entity's id, repeated so that a journal explains itself
   * @param displayName 1 to 64 characters, as given at registration
   * @param passwordHash Argon2id in its standard encoded form
   * @param familyId the first family
   * @param secretHash of its first token, counter 0
   */
  record Registered(
      UserId userId,
      String username,
      String displayName,
      Secret passwordHash,
      String familyId,
      String secretHash,
      Instant at)
      implements AccountEvent {
    @Override
    public String toString() {
      return "Registered[" + userId + ", at=" + at + "]";
    }
  }

  /**
   * A login: a new family, its first token of generation 0.
   *
   * @param ended the family that made room and whose user is to be told; null where none had to, or
   *     where a version wrote it that told nobody
   */
  record FamilyStarted(
      String familyId,
      String secretHash,
      Instant at,
      @JsonInclude(JsonInclude.Include.NON_NULL) @Nullable String ended)
      implements AccountEvent {
    FamilyStarted(String familyId, String secretHash, Instant at) {
      this(familyId, secretHash, at, null);
    }

    @Override
    public String toString() {
      return "FamilyStarted[at=" + at + "]";
    }
  }

  /**
   * A refresh.
   *
   * @param counter the generation of the new token: the first use of a token of the generation
   *     before has begun it
   * @param again whether the generation had begun before, and this is one more token of it. A
   *     version that does not know the field takes this token for the only good one
   */
  record FamilyRotated(
      String familyId,
      int counter,
      String secretHash,
      Instant at,
      @JsonInclude(JsonInclude.Include.NON_DEFAULT) boolean again)
      implements AccountEvent {
    FamilyRotated(String familyId, int counter, String secretHash, Instant at) {
      this(familyId, counter, secretHash, at, false);
    }

    @Override
    public String toString() {
      return "FamilyRotated[counter=" + counter + ", again=" + again + ", at=" + at + "]";
    }
  }

  /**
   * None of the family's tokens is good any more.
   *
   * @param reused whether a spent token was used again
   * @param told false: the user is to be told; true: it knows, and this may be the second event
   *     about the family; null where a version wrote it that told nobody
   */
  record FamilyRevoked(
      String familyId,
      boolean reused,
      Instant at,
      @JsonInclude(JsonInclude.Include.NON_NULL) @Nullable Boolean told)
      implements AccountEvent {
    FamilyRevoked(String familyId, boolean reused, Instant at) {
      this(familyId, reused, at, null);
    }

    @Override
    public String toString() {
      return "FamilyRevoked[reused=" + reused + ", told=" + told + ", at=" + at + "]";
    }
  }
}
