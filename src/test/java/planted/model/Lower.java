package planted.model;

import planted.protocol.Upper;

/** Imports upwards, and closes a cycle with it. */
public record Lower(Upper upper) {}
