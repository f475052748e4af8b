package parley.user;

import org.jspecify.annotations.Nullable;
import parley.bounds.BoundedMap;

/**
 * How the latest pushes of a user have ended, for operators: the last one for each device and
 * conversation, at most {@value #KEPT}. In memory only; dead letters are also in their store. It
 * costs nothing for a user without pushes.
 */
final class RecentPushes {
  /** The most outcomes that are kept; the oldest goes. */
  static final int KEPT = 50;

  /**
   * The end of a push.
   *
   * @param seq the newest entry that the push was about
   * @param at epoch milliseconds
   * @param tries failures before this end
   * @param deadLetterFor why the push became a dead letter; null if the provider has accepted it
   */
  record Outcome(long seq, long at, int tries, @Nullable String deadLetterFor) {}

  private final BoundedMap<PendingPush.Key, Outcome> outcomes = BoundedMap.byAge(KEPT);

  void sent(PendingPush.Key key, long seq, int tries, long now) {
    outcomes.putLast(key, new Outcome(seq, now, tries, null));
  }

  void deadLettered(PendingPush.Key key, long seq, int tries, String reason, long now) {
    outcomes.putLast(key, new Outcome(seq, now, tries, reason));
  }

  /** The last push to the device about this entry or a later one; null if none is known. */
  @Nullable Outcome covering(PendingPush.Key key, long seq) {
    Outcome last = outcomes.get(key);
    return last != null && last.seq() >= seq ? last : null;
  }
}
