package parley.user;

import parley.model.UserId;
import parley.telemetry.EntityMeters;
import parley.telemetry.OpenWork;

/** Reports what one user has open, and the rows that it writes, to its node. */
final class UserReport {
  private final UserId id;
  private final EntityMeters meters;
  private final RowSamples samples;
  private final OpenWork.Part rows;
  private final OpenWork.Part pushes;
  private int reportedRows;
  private long rowsSince;
  private int reportedPushes;

  UserReport(UserId id, EntityMeters meters, RowSamples samples) {
    this.id = id;
    this.meters = meters;
    this.samples = samples;
    this.rows = meters.unsavedRows().part();
    this.pushes = meters.pendingPushes().part();
  }

  /** Reports the unsaved rows and the pending pushes, if their numbers have changed. */
  void report(UserLive live) {
    int nowRows = live.unsavedChanges.dirtyCount();
    if (nowRows != reportedRows) {
      if (reportedRows == 0 || nowRows < reportedRows) {
        // A flush takes the oldest, so what is left counts as new.
        rowsSince = live.now();
      }
      reportedRows = nowRows;
      rows.set(nowRows, rowsSince);
    }
    int nowPushes = live.pushSchedule.size();
    if (nowPushes != reportedPushes) {
      reportedPushes = nowPushes;
      pushes.set(nowPushes, oldest(live));
    }
  }

  private static long oldest(UserLive live) {
    long oldest = Long.MAX_VALUE;
    for (PendingPush push : live.pushSchedule.all()) {
      oldest = Math.min(oldest, push.at());
    }
    return oldest;
  }

  void recovered(long nanos) {
    meters.recovered("user", nanos);
  }

  /** An event of unsaved changes is handed to the journal. */
  void flushed(UserEvent.Flushed event) {
    int size =
        event.rows().size() + event.hidden().size() + event.cursors().size() + event.gone().size();
    if (size > 0) {
      meters.flushed(size);
    }
    for (VisibleRow row : event.rows()) {
      samples.written(
          new RowSamples.Row(
              id, row.id(), row.joinedSeq(), row.read(), row.lastSeq(), row.unread()));
    }
  }

  /** A device is connected. */
  void attached(boolean again) {
    if (again) {
      meters.reconnected();
    }
  }

  /** The user leaves this node. */
  void end() {
    rows.end();
    pushes.end();
  }
}
