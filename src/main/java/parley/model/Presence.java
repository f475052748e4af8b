package parley.model;

/**
 * Whether somebody is there.
 *
 * @param lastSeenAt when a session of theirs was last alive, epoch milliseconds; 0 is never
 */
public record Presence(UserId userId, Status status, long lastSeenAt) {

  /** What others see. */
  public enum Status {
    /** A session is live. */
    ONLINE,
    /** A session is live; the user says to be away. */
    AWAY,
    /** No session, or the user does not want to be seen. */
    OFFLINE;

    /** The name on the wire. */
    public String wireName() {
      return switch (this) {
        case ONLINE -> "online";
        case AWAY -> "away";
        case OFFLINE -> "offline";
      };
    }
  }
}
