package parley.model;

/**
 * Whether a user is online.
 *
 * @param lastSeenAt when a session of the user was last alive, epoch milliseconds; 0 means never
 */
public record Presence(UserId userId, Status status, long lastSeenAt) {

  /** The status that other users see. */
  public enum Status {
    /** A session is live. */
    ONLINE,
    /** A session is live, and the user has set the status to away. */
    AWAY,
    /** No session is live, or the user hides the presence. */
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
