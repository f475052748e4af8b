package parley.serial;

/**
 * Data in a journal or snapshot store: Jackson CBOR under a stable name. Every later version must
 * read what was once written under such a type: fields may be added (absent ones arrive as null or
 * zero), never renamed or removed.
 */
public interface Stored {}
