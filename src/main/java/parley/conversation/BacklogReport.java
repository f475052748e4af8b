package parley.conversation;

import parley.telemetry.EntityMeters;
import parley.telemetry.OpenWork;

/** Reports how far the dispatch of one conversation is behind, to the meters of its node. */
final class BacklogReport {
  private final EntityMeters meters;
  private final OpenWork.Part waiting;
  private final OpenWork.Part held;

  BacklogReport(EntityMeters meters) {
    this.meters = meters;
    this.waiting = meters.waiting().part();
    this.held = meters.held().part();
  }

  /** Reports the backlog as of now. It counts until the next report. */
  void report(Dispatch.Backlog backlog) {
    waiting.set(backlog.waiting(), backlog.since());
    held.set(backlog.held(), backlog.since());
  }

  /** Counts the users to whom something was sent again. */
  void repeated(int users) {
    if (users > 0) {
      meters.repeated(users);
    }
  }

  /** The conversation leaves this node. */
  void end() {
    waiting.end();
    held.end();
  }
}
