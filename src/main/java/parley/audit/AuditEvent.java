package parley.audit;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonSubTypes;
import com.fasterxml.jackson.annotation.JsonTypeInfo;
import parley.serial.Stored;

/** Events in the journal of the audit log. Readable for ever. */
@JsonTypeInfo(use = JsonTypeInfo.Id.NAME, property = "t")
@JsonSubTypes({
  @JsonSubTypes.Type(value = AuditEvent.ChangeStarted.class, name = "started"),
  @JsonSubTypes.Type(value = AuditEvent.ChangeFinished.class, name = "finished"),
})
sealed interface AuditEvent extends Stored {
  /**
   * A change was about to be made; see {@link AuditRecord}.
   *
   * @param at epoch milliseconds
   * @param detail written only while all nodes can read it; see {@code
   *     parley.cluster.Capability.AUDIT_DETAILS}
   */
  @JsonInclude(JsonInclude.Include.NON_DEFAULT)
  record ChangeStarted(
      long nr, long at, String who, String address, String action, String target, String detail)
      implements AuditEvent {
    public ChangeStarted {
      who = who == null ? "" : who;
      address = address == null ? "" : address;
      action = action == null ? "" : action;
      target = target == null ? "" : target;
      detail = detail == null ? "" : detail;
    }
  }

  /**
   * A change was answered.
   *
   * @param at epoch milliseconds
   * @param status the HTTP status of the answer
   */
  record ChangeFinished(long nr, long at, int status) implements AuditEvent {}
}
