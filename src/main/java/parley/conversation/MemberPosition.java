package parley.conversation;

/**
 * The position of one member or recent former member: which entries and which versions of the inbox
 * row were sent and acknowledged.
 */
final class MemberPosition {
  long ackedSeq;
  long ackedVersion;
  long sentSeq;
  long sentVersion;
  boolean loading;

  /** The highest seq that the user ever acknowledged. A higher one is progress. */
  long highestAckedSeq;

  long highestAckedVersion;

  /**
   * What the user has in memory, and its journal not yet; trusted for {@link
   * Dispatch#HOLDING_TIMEOUT}.
   */
  long heldSeq;

  long heldVersion;
  long heldAt;

  /**
   * When the last of these happened: the first outstanding message was sent, the user made
   * progress, or a message was repeated. In epoch milliseconds.
   */
  long pauseStart;

  /** The pause before the next repetition, in milliseconds. */
  long pause = Dispatch.FIRST_PAUSE.toMillis();

  /** Whether the next report of missing entries is answered at once, and not after the pause. */
  boolean resendAllowed = true;

  /**
   * Whether unacknowledged messages may have carried cursors. Then the next message carries the
   * cursors of all members.
   */
  boolean resendCursors;

  MemberPosition(long acked) {
    this.ackedSeq = acked;
    this.sentSeq = acked;
    this.highestAckedSeq = acked;
  }

  /** Whether the user may not have received something. */
  boolean outstanding() {
    return sentSeq > Math.max(ackedSeq, heldSeq)
        || sentVersion > Math.max(ackedVersion, heldVersion);
  }

  /** Whether the user has confirmed lately that it has everything that was sent. */
  boolean held(long now) {
    return !outstanding() && now >= heldAt && now - heldAt < Dispatch.HOLDING_TIMEOUT.toMillis();
  }

  void progressed(long now) {
    highestAckedSeq = Math.max(highestAckedSeq, ackedSeq);
    highestAckedVersion = Math.max(highestAckedVersion, ackedVersion);
    pauseStart = now;
    pause = Dispatch.FIRST_PAUSE.toMillis();
    resendAllowed = true;
  }

  boolean late(long now) {
    return now - pauseStart > pause || now < pauseStart;
  }

  /** The timer repeats what is not acknowledged. */
  void repeated(long now) {
    sentSeq = ackedSeq;
    forgetHeld();
    pauseStart = now;
    pause = Math.min(2 * pause, Dispatch.LONGEST_PAUSE.toMillis());
    resendAllowed = true;
    resendCursors = true;
  }

  /** The user says what it has in memory. Nothing beyond what was sent is believed. */
  void holds(long seq, long version, long now) {
    long seqHeld = Math.min(seq, sentSeq);
    long versionHeld = Math.min(version, sentVersion);
    if (seqHeld > heldSeq || versionHeld > heldVersion) {
      heldSeq = Math.max(heldSeq, seqHeld);
      heldVersion = Math.max(heldVersion, versionHeld);
      pauseStart = now;
      pause = Dispatch.FIRST_PAUSE.toMillis();
    }
    heldAt = now;
  }

  /**
   * Whether a user whose journal holds this much has lost what it held. It writes all that it holds
   * of a conversation at once, so its journal is never behind what it held before.
   */
  boolean lostHeld(long seq, long version) {
    return seq < heldSeq || version < heldVersion;
  }

  void forgetHeld() {
    heldSeq = 0;
    heldVersion = 0;
  }
}
