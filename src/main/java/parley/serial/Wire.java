package parley.serial;

/**
 * Something that may travel between nodes of a cluster: Jackson CBOR. Read by a node one version
 * older or newer; how to change one is said in {@link parley.serial}.
 */
public interface Wire {
  /**
   * Where a message of many parts (entries, rows) is cut, in bytes: half of the transport's frame
   * (256 KiB), so that what was weighed and not measured still fits.
   */
  int CHUNK_BYTES = 128 * 1024;
}
