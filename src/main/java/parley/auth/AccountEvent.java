package parley.auth;

import com.fasterxml.jackson.annotation.JsonSubTypes;
import com.fasterxml.jackson.annotation.JsonTypeInfo;
import java.time.Instant;
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

  /** A login: a new family, its first token with counter 0. */
  record FamilyStarted(String familyId, String secretHash, Instant at) implements AccountEvent {
    @Override
    public String toString() {
      return "FamilyStarted[at=" + at + "]";
    }
  }

  /** A refresh: the token before {@code counter} is spent, this one is good. */
  record FamilyRotated(String familyId, int counter, String secretHash, Instant at)
      implements AccountEvent {
    @Override
    public String toString() {
      return "FamilyRotated[counter=" + counter + ", at=" + at + "]";
    }
  }

  /**
   * None of the family's tokens is good any more.
   *
   * @param reused whether a spent token was used again (else: a logout)
   */
  record FamilyRevoked(String familyId, boolean reused, Instant at) implements AccountEvent {
    @Override
    public String toString() {
      return "FamilyRevoked[reused=" + reused + ", at=" + at + "]";
    }
  }
}
