package parley.serial;

/**
 * Something a journal or snapshot store keeps: Jackson CBOR under a stable name. What was once
 * written under such a type must be readable for ever: fields may be added (absent ones arrive as
 * null or zero), never renamed or removed.
 */
public interface Stored {}
