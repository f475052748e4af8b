package parley.audit;

import com.fasterxml.jackson.annotation.JsonInclude;

/**
 * A change that an operator has made, or has begun. Part of the snapshot of the log and of its
 * answers: fields may be added, never renamed or removed.
 *
 * @param nr its number; a later change has a higher one
 * @param at when it began, epoch milliseconds
 * @param who the name of the token, the subject of the certificate, or {@code loopback}
 * @param address where the request came from
 * @param action the change, as method and template of the path
 * @param target what was changed
 * @param detail what the body of the change said; empty if it had none
 * @param status the HTTP status of the answer; 0 while there is none
 * @param finishedAt when it was answered, epoch milliseconds; 0 while it is not
 */
@JsonInclude(JsonInclude.Include.NON_DEFAULT)
public record AuditRecord(
    long nr,
    long at,
    String who,
    String address,
    String action,
    String target,
    String detail,
    int status,
    long finishedAt) {
  /** Absent texts are empty. */
  public AuditRecord {
    who = who == null ? "" : who;
    address = address == null ? "" : address;
    action = action == null ? "" : action;
    target = target == null ? "" : target;
    detail = detail == null ? "" : detail;
  }

  AuditRecord finished(int result, long time) {
    return new AuditRecord(nr, at, who, address, action, target, detail, result, time);
  }
}
