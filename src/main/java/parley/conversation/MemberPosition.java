package parley.conversation;

import java.time.Duration;

/**
 * The position of one member or recent former member: which entries and which versions of the inbox
 * row were sent and acknowledged.
 */
final class MemberPosition {
  /** The shortest pause between two answers to a user that starts again. */
  private static final Duration RESTART_ANSWER_PAUSE = Duration.ofMillis(500);

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

  /** How long this is trusted, in milliseconds. */
  private long heldFor;

  /**
   * When the last of these happened: the first outstanding message was sent, the user made
   * progress, or a message was repeated. In epoch milliseconds.
   */
  long pauseStart;

  /** When something was sent to a user that had confirmed everything before, epoch milliseconds. */
  long outstandingSince = Long.MAX_VALUE;

  /** The pause before the next repetition, in milliseconds. */
  long pause = Dispatch.FIRST_PAUSE.toMillis();

  /** Whether the next report of missing entries is answered at once, and not after the pause. */
  boolean resendAllowed = true;

  /**
   * Whether unacknowledged messages may have carried cursors. Then the next message carries the
   * cursors of all members.
   */
  boolean resendCursors;

  /** When the user was last answered after it had started again, epoch milliseconds. */
  private long restartAnsweredAt = Long.MIN_VALUE;

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
    return !outstanding() && now >= heldAt && now - heldAt < heldFor;
  }

  /** How far an entry has come. */
  ConversationInspection.DispatchStatus statusOf(long seq, long now) {
    if (seq <= ackedSeq) {
      return ConversationInspection.DispatchStatus.ACKNOWLEDGED;
    }
    boolean trusted = now >= heldAt && now - heldAt < heldFor;
    if (seq <= heldSeq && trusted) {
      return ConversationInspection.DispatchStatus.HELD;
    }
    return seq <= sentSeq
        ? ConversationInspection.DispatchStatus.SENT
        : ConversationInspection.DispatchStatus.WAITING;
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
  void holds(long seq, long version, long now, Duration trust) {
    long seqHeld = Math.min(seq, sentSeq);
    long versionHeld = Math.min(version, sentVersion);
    if (seqHeld > heldSeq || versionHeld > heldVersion) {
      heldSeq = Math.max(heldSeq, seqHeld);
      heldVersion = Math.max(heldVersion, versionHeld);
      pauseStart = now;
      pause = Dispatch.FIRST_PAUSE.toMillis();
    }
    heldAt = now;
    heldFor = trust.toMillis();
  }

  /**
   * Whether a user whose journal holds this much has lost what it held. It writes all that it holds
   * of a conversation at once, so its journal is never behind what it held before.
   */
  boolean lostHeld(long seq, long version) {
    return seq < heldSeq || version < heldVersion;
  }

  /**
   * Whether a user that has started again is answered at once: not twice in a second, so that a
   * user which always fails in the same message does not get it without a pause.
   */
  boolean mayAnswerRestart(long now) {
    boolean may =
        restartAnsweredAt == Long.MIN_VALUE
            || now < restartAnsweredAt
            || now - restartAnsweredAt >= RESTART_ANSWER_PAUSE.toMillis();
    if (may) {
      restartAnsweredAt = now;
    }
    return may;
  }

  void forgetHeld() {
    heldSeq = 0;
    heldVersion = 0;
  }
}
