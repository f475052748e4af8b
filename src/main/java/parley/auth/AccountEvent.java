package parley.auth;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonSubTypes;
import com.fasterxml.jackson.annotation.JsonTypeInfo;
import java.time.Instant;
import org.jspecify.annotations.Nullable;
import parley.model.UserId;
import parley.serial.Stored;

/**
 * Events of an account: the format of its journal, pinned by golden files. Of a refresh token's
 * secret the events contain only the SHA-256, in base64url.
 */
@JsonTypeInfo(use = JsonTypeInfo.Id.NAME, property = "t")
@JsonSubTypes({
  @JsonSubTypes.Type(value = AccountEvent.Registered.class, name = "registered"),
  @JsonSubTypes.Type(value = AccountEvent.FamilyStarted.class, name = "family_started"),
  @JsonSubTypes.Type(value = AccountEvent.FamilyRotated.class, name = "family_rotated"),
  @JsonSubTypes.Type(value = AccountEvent.FamilyRevoked.class, name = "family_revoked"),
})
public sealed interface AccountEvent extends Stored {
  /** When the event was written, by the clock of the node that wrote it. */
  Instant at();

  /**
   * The name was registered, with a first family of refresh tokens.
   *
   * @param username the entity's id, repeated so that a journal explains itself
   * @param displayName 1 to 64 characters, as given at registration
   * @param passwordHash Argon2id in its standard encoded form
   * @param familyId the first family
   * @param secretHash hash of the secret of its first token, generation 0
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
   * A login started a new family, whose first token has generation 0.
   *
   * @param ended the family that ended to make room, and whose user must be notified; null if none
   *     had to end, or if the event is from a version that notified nobody
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
   * A refresh token was exchanged.
   *
   * @param counter the generation of the new token. The first use of a token of the previous
   *     generation started it
   * @param again whether the generation had started before, so that this is one more token of it. A
   *     version that does not know the field takes this token for the only valid one
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
   * None of the family's tokens is valid any more.
   *
   * @param reused whether the reason is that a spent token was used again
   * @param told false: the user must still be notified. True: the user knows, and this may be the
   *     second event about the family. Null: the event is from a version that notified nobody
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
