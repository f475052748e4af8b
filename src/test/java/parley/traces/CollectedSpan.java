package parley.traces;

import java.util.Map;

/**
 * A span as a collector got it.
 *
 * @param parentId empty for the root
 * @param node the node that recorded it
 * @param startNanos since 1970, by the clock of the node
 * @param failed whether it is marked as failed
 */
public record CollectedSpan(
    String traceId,
    String spanId,
    String parentId,
    String name,
    String node,
    long startNanos,
    long endNanos,
    boolean failed,
    Map<String, String> attributes) {}
