package parley.serial;

import org.apache.pekko.actor.NoSerializationVerificationNeeded;

/**
 * One of an entity's messages that never leaves its node: timers, results of its own reads, the
 * shard's last word. It is a {@link Wire} only because it is a command; {@link LocalSerializer}
 * refuses to write it.
 */
public interface Local extends Wire, NoSerializationVerificationNeeded {}
