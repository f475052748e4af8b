package parley.serial;

import org.apache.pekko.actor.NoSerializationVerificationNeeded;

/**
 * A message of an entity that never leaves its node: a timer, a result of the entity's own reads,
 * the stop message of its shard. It is a {@link Wire} only because it is a command; {@link
 * LocalSerializer} refuses to write it.
 */
public interface Local extends Wire, NoSerializationVerificationNeeded {}
