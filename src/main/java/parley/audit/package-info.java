/**
 * The audit log: what operators have changed by the management port. Who, what, when, from where,
 * and what came of it.
 *
 * <pre>
 *   management port --Start--&gt; AuditLog     a record of the intention; only then the change begins
 *   management port --Finish-&gt; AuditLog     its result
 * </pre>
 *
 * <h2>Decision: one entity holds the newest records</h2>
 *
 * Context: operators make a few changes a day, and ask for the last ones. Decision: one
 * event-sourced entity writes an event before and an event after each change, and keeps the newest
 * {@value parley.audit.AuditLog#RECORDS} records in memory, none older than {@link
 * parley.audit.AuditLog#RETENTION}. The order of its events is the order of the records. Each
 * record is also a line of the node's log (the logger {@code parley.audit}, which is not limited),
 * where it is kept as long as the operator keeps logs. Rejected: to read the journal for each
 * question (a result would have to be searched behind its change, among those of others); a table
 * of its own (the application knows no tables).
 *
 * <h2>What if</h2>
 *
 * <ul>
 *   <li>The process dies before the first event: nothing was changed, and nothing is recorded.
 *       After it: the record stays as started, and the change may or may not have happened. After
 *       the change and before the second event: the same. So no change is without a record.
 *   <li>The log is slow, away, or its write fails: the change is refused, and nothing was done. If
 *       only the result cannot be written, the caller gets the result, and the record stays as
 *       started.
 *   <li>Cost: two events for each change of an operator. Messages and users cost nothing here.
 *   <li>A stranger has no access to the port. An operator has a budget of changes, and can push out
 *       old records only by as many changes as are kept; those are in the nodes' logs, and the
 *       pushed out ones too.
 *   <li>Texts are cut at fixed lengths ({@link parley.audit.AuditLog}), so a page fits into a
 *       message between nodes.
 *   <li>Erasure: records hold ids of users, what an operator wrote as a reason, and the name of an
 *       account if an operator named its marks. They end after {@link
 *       parley.audit.AuditLog#RETENTION}: a page shows no older one, and the next change drops it.
 *   <li>Nodes of a version without this log do not have its role, and never run it. What a change
 *       did ({@code detail}) is written only while all nodes can read it. Meter: {@code
 *       parley_audit_failures_total}.
 * </ul>
 */
@NullMarked
package parley.audit;

import org.jspecify.annotations.NullMarked;
