package parley.model;

import com.fasterxml.jackson.annotation.JsonProperty;

/**
 * The place of an entry in the trace of its message, for messages between nodes. Most entries have
 * none.
 *
 * @param seq the entry
 * @param context a text as {@code parley.telemetry.Traceparent} has it
 */
public record EntryTrace(@JsonProperty("s") long seq, @JsonProperty("x") String context) {}
