package parley.conversation;

import java.time.Duration;

/**
 * The position of one member or recent former member: which entries and which versions of the inbox
 * row were sent and acknowledged.
 */
final class MemberPosition {
  /** The shortest pause between two answers to a user that starts again. */
  private static final Duration RESTART_ANSWER_PAUSE = Duration.ofMillis(500);

  /** The pause before the first repetition of entries that are not acknowledged. */
  static final Duration FIRST_PAUSE = Duration.ofSeconds(3);

  /**
   * The longest pause between two repetitions. A user that was away for long gets what it missed at
   * the latest this long after its return.
   */
  static final Duration LONGEST_PAUSE = Duration.ofSeconds(12);

  /** Most entries that are sent to a user beyond its acknowledgement. */
  static final int AHEAD = 1_000;

  private long ackedSeq;
  private long ackedVersion;
  private long sentSeq;
  private long sentVersion;

  /** Whether a read of the log for this user is under way. */
  private boolean loading;

  /** The highest seq that the user ever acknowledged. A higher one is progress. */
  private long highestAckedSeq;

  private long highestAckedVersion;

  /**
   * What the user has in memory, and its journal not yet; trusted for {@link
   * Dispatch#HOLDING_TIMEOUT}.
   */
  private long heldSeq;

  private long heldVersion;
  private long heldAt;

  /** How long this is trusted, in milliseconds. */
  private long heldFor;

  /**
   * When the last of these happened: the first outstanding message was sent, the user made
   * progress, or a message was repeated. In epoch milliseconds.
   */
  private long pauseStart;

  /** When something was sent to a user that had confirmed everything before, epoch milliseconds. */
  private long outstandingSince = Long.MAX_VALUE;

  /** The pause before the next repetition, in milliseconds. */
  private long pause = FIRST_PAUSE.toMillis();

  /** Whether the next report of missing entries is answered at once, and not after the pause. */
  private boolean resendAllowed = true;

  /**
   * Whether unacknowledged messages may have carried cursors. Then the next message carries the
   * cursors of all members.
   */
  private boolean resendCursors;

  /** When the user was last answered after it had started again, epoch milliseconds. */
  private long restartAnsweredAt = Long.MIN_VALUE;

  MemberPosition(long acked) {
    this.ackedSeq = acked;
    this.sentSeq = acked;
    this.highestAckedSeq = acked;
  }

  /** The user has everything up to this seq in its journal. */
  long ackedSeq() {
    return ackedSeq;
  }

  /** The first seq that was not sent yet. */
  long nextSeq() {
    return sentSeq + 1;
  }

  /** When something was sent to a user that had confirmed everything before, epoch milliseconds. */
  long outstandingSince() {
    return outstandingSince;
  }

  /** The user has everything up to here, as the journal of the conversation says. */
  void everythingAcknowledged(long seq) {
    ackedSeq = seq;
    sentSeq = seq;
  }

  /** The user left and was added again. The entries in between are not for it. */
  void rejoined(long joinedSeq) {
    if (sentSeq < joinedSeq - 1) {
      everythingAcknowledged(joinedSeq - 1);
    }
  }

  /** Whether the next entries may be sent: none are being read, and not too many are open. */
  boolean mayTakeMore() {
    return !loading && sentSeq - ackedSeq < AHEAD;
  }

  void loadingBegins() {
    loading = true;
  }

  void loadingEnded() {
    loading = false;
  }

  /**
   * A message goes out.
   *
   * @param lastSeq the last entry in it, or 0 if it has none
   */
  void sends(long lastSeq, long version, long now) {
    if (!outstanding()) {
      pauseStart = now;
      outstandingSince = now;
    }
    sentSeq = lastSeq > 0 ? lastSeq : sentSeq;
    sentVersion = version;
  }

  /** Whether this message must carry the cursors of all members. The next one need not. */
  boolean takeResendCursors() {
    boolean resend = resendCursors;
    resendCursors = false;
    return resend;
  }

  /** The next message carries the cursors of all members. */
  void resendCursors() {
    resendCursors = true;
  }

  /** The highest seq that the user has in memory or in its journal, and at most {@code last}. */
  long knownSeq(long last) {
    return Math.clamp(heldSeq, ackedSeq, Math.max(ackedSeq, last));
  }

  /** Whether the user has not acknowledged everything up to this seq, or the newest row. */
  boolean behind(long lastSeq) {
    return ackedSeq < lastSeq || ackedVersion < sentVersion;
  }

  boolean isLoading() {
    return loading;
  }

  /** Whether the user has acknowledged all entries that were sent. */
  boolean nothingOnItsWay() {
    return sentSeq == ackedSeq;
  }

  /** What follows from an answer of the user. */
  enum Next {
    /** An earlier answer of this kind was followed already. The timer repeats the entries. */
    WAIT,
    /** The next entries are sent. */
    CONTINUE,
    /** The same; if there are none, the row is sent again. */
    CONTINUE_WITH_ROW
  }

  /**
   * The user's journal has everything up to a seq, and a row of this version.
   *
   * @param restarted whether the user has started again and has lost what it held
   * @param lastSeq the last seq that this user may get
   * @param lastVersion the newest version of the row
   */
  Next acknowledged(
      long seq, long version, boolean restarted, long lastSeq, long lastVersion, long now) {
    boolean knowsNothing = version == 0 && seq < ackedSeq;
    boolean nothingNew = seq <= ackedSeq && version <= ackedVersion;
    boolean lost = lostHeld(seq, version);
    boolean lacks = knowsNothing || lost || ((nothingNew || restarted) && seq < sentSeq);
    if (lacks && !resendAllowed && !restarted) {
      return Next.WAIT;
    }
    if (knowsNothing) {
      // The user never had the entries, or has lost its journal. Everything after its seq is sent
      // again.
      ackedSeq = seq;
      ackedVersion = 0;
    }
    if (lacks) {
      resendAllowed = false;
      pauseStart = now;
      sentSeq = ackedSeq;
      forgetHeld();
      resendCursors |= lost;
    }
    ackedSeq = Math.min(Math.max(ackedSeq, seq), lastSeq);
    ackedVersion = Math.max(ackedVersion, Math.min(version, lastVersion));
    sentSeq = Math.max(sentSeq, ackedSeq);
    if (ackedSeq > highestAckedSeq || ackedVersion > highestAckedVersion) {
      progressed(now);
    }
    return lost || restarted ? Next.CONTINUE_WITH_ROW : Next.CONTINUE;
  }

  /** Whether the user may not have received something. */
  private boolean outstanding() {
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

  private void progressed(long now) {
    highestAckedSeq = Math.max(highestAckedSeq, ackedSeq);
    highestAckedVersion = Math.max(highestAckedVersion, ackedVersion);
    pauseStart = now;
    pause = FIRST_PAUSE.toMillis();
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
    pause = Math.min(2 * pause, LONGEST_PAUSE.toMillis());
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
      pause = FIRST_PAUSE.toMillis();
    }
    heldAt = now;
    heldFor = trust.toMillis();
  }

  /**
   * Whether a user whose journal holds this much has lost what it held. It writes all that it holds
   * of a conversation at once, so its journal is never behind what it held before.
   */
  private boolean lostHeld(long seq, long version) {
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

  private void forgetHeld() {
    heldSeq = 0;
    heldVersion = 0;
  }
}
