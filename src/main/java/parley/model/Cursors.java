package parley.model;

/**
 * How far a member is: both cumulative, neither ever goes back, and read implies delivered.
 *
 * @param delivered highest seq one of the member's devices has
 * @param read highest seq the member has read
 */
public record Cursors(long delivered, long read) {}
