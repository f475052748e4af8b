package parley.admin;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.spi.LoggingEventBuilder;
import parley.telemetry.LogEvents;

/**
 * The lines about changes of operators in the log of the node. They have a logger of their own,
 * {@link LogEvents#AUDIT_LOGGER}, which passes no {@link parley.telemetry.LogLimiter} and has a
 * level of its own in {@code logback.xml} that no setting changes: none is left out. The budget of
 * changes ({@link AdminGate}) bounds them.
 *
 * <p>The target is in the message only, where the names of accounts are replaced by their hash. The
 * body of a change is not in the log: a reason may name people.
 */
final class AuditLines {
  private static final Logger LOG = LoggerFactory.getLogger(LogEvents.AUDIT_LOGGER);

  private AuditLines() {}

  /** Who makes which change of what. */
  record Change(String who, String from, String action, String target) {}

  /** The change is recorded, and is about to be made. */
  static void begins(long nr, Change change) {
    line("audit_change_begins", change)
        .addKeyValue("nr", nr)
        .log(
            "Audit {}: {} from {} begins: {} {}",
            nr,
            change.who(),
            change.from(),
            change.action(),
            change.target());
  }

  /**
   * The change was answered.
   *
   * @param stored whether the audit log has the result
   */
  static void ended(long nr, Change change, int status, boolean stored) {
    line("audit_change_ended", change)
        .addKeyValue("nr", nr)
        .addKeyValue("status", status)
        .addKeyValue("stored", stored)
        .log(
            "Audit {}: {}: {}: {}{}",
            nr,
            change.who(),
            change.action(),
            status,
            stored ? "" : ", which could not be stored");
  }

  /** The change is about to be made, although the audit log does not answer. */
  static void beginsUnstored(Change change) {
    line("audit_change_begins", change)
        .addKeyValue("stored", false)
        .log(
            "Audit: {} from {} begins, which could not be stored: {} {}",
            change.who(),
            change.from(),
            change.action(),
            change.target());
  }

  /** Such a change was answered. */
  static void endedUnstored(Change change, int status) {
    line("audit_change_ended", change)
        .addKeyValue("status", status)
        .addKeyValue("stored", false)
        .log("Audit: {}: {}: {}", change.who(), change.action(), status);
  }

  /** The change was refused, because the audit log does not answer. */
  static void refused(Change change) {
    line("audit_change_refused", change)
        .log(
            "Audit: {} from {} was refused: {} {}: the audit log does not answer",
            change.who(),
            change.from(),
            change.action(),
            change.target());
  }

  private static LoggingEventBuilder line(String event, Change change) {
    return LOG.atInfo()
        .addKeyValue(LogEvents.EVENT, event)
        .addKeyValue("who", change.who())
        .addKeyValue("from", change.from())
        .addKeyValue("action", change.action());
  }
}
