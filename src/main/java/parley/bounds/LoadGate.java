package parley.bounds;

/**
 * Says whether something is left out because the node is under load. What people miss least is left
 * out first; messages are not in the list, so they are never refused by it. Called from many
 * threads; never blocks.
 */
@FunctionalInterface
public interface LoadGate {
  /** A gate that leaves nothing out. */
  LoadGate OPEN = what -> false;

  /** What may be left out, in this order: each at its level and above, the first at 1. */
  enum Shed {
    /** Notices that somebody is typing. */
    TYPING(1),
    /** Changes of presence. */
    PRESENCE(2),
    /** Pages of history that a client asks for. */
    HISTORY(3),
    /** New sockets. */
    CONNECTIONS(4);

    private final int level;

    Shed(int level) {
      this.level = level;
    }

    /** The level of load from which on it is left out. */
    public int level() {
      return level;
    }
  }

  /** How long a client waits before it asks again for what was left out, milliseconds. */
  long RETRY_MILLIS = 5_000;

  /** Whether to leave this out now. Counts it, if so. */
  boolean sheds(Shed what);
}
