/**
 * Settings that operators change while the cluster runs: limits, bounds, flags and log levels. What
 * they do is in the packages that read them; here is what they are called, where their values are
 * stored, and how each node gets them.
 *
 * <pre>
 *   PUT /admin/settings/{name} --Put--&gt; SettingStore (one entity) --News--&gt; SettingsWatch of each node
 *                                            ^                                  | Get, each 10 s too
 *                                            `----------------------------------'
 *   hot path &lt;-- one volatile read -- RuntimeSettings &lt;-- Page -- SettingsWatch
 * </pre>
 *
 * <h2>Decision: one entity holds the values, and nodes read it</h2>
 *
 * Context: an operator changes a limit in the middle of the night, and it must hold on every node
 * within seconds, and after a restart of all of them. Decision: an event-sourced entity keeps the
 * values, like the audit log; nodes ask it each ten seconds and are told of changes. Nothing on the
 * way of a message asks anybody. Rejected: Pekko's distributed data (a second store that has to be
 * durable on each node's disk, which pods do not have); a table of its own (the application knows
 * no tables); a file or the environment (needs a restart, or access to each machine).
 *
 * <h2>What if</h2>
 *
 * <ul>
 *   <li>The process dies: before the event nothing was changed; after it the change is durable, and
 *       nodes find it within ten seconds.
 *   <li>The store is slow, away, or its write fails: the change is answered 503. Nodes go on with
 *       the values that they have. A node that starts then begins with the values of its
 *       environment, goes on without waiting for long, and asks each second.
 *   <li>A message is lost: the next request of the node finds the new version.
 *   <li>Cost: nothing for each message but a volatile read, and for the limit of one user or
 *       conversation a look-up in a small map while there is any. A small message of each node each
 *       ten seconds.
 *   <li>Bounds: {@link parley.control.SettingStore#OVERRIDES} values in all, of them {@link
 *       parley.control.SettingCatalog#OWN_LIMITS} users, as many conversations, and {@link
 *       parley.control.SettingCatalog#LEVELS} loggers. At the bound the change is refused.
 *   <li>Values that end do so by the clock of each node.
 *   <li>A node of an older version without this package does not have its role, and never runs the
 *       entity. While there is one, changes are refused, because it would not follow them. Names
 *       and values are stored as texts: a node that does not know one keeps it, passes it on, and
 *       does not use it.
 *   <li>A stranger has no access to the port. Names may hold ids of users, and no content. An
 *       operator removes them; a user that is erased leaves at most its own limit, a number.
 *   <li>Meters: {@code parley_settings_overrides}, {@code parley_settings_age}.
 * </ul>
 */
@NullMarked
package parley.control;

import org.jspecify.annotations.NullMarked;
