package parley.serial;

/**
 * A message that may travel between nodes of a cluster: Jackson CBOR. Nodes one version older or
 * newer read it. {@link parley.serial} tells how to change one.
 */
public interface Wire {
  /**
   * Size in bytes at which a message of many parts (entries, rows) is split: half of the
   * transport's frame (256 KiB). So a message whose size was estimated and not measured still fits.
   */
  int CHUNK_BYTES = 128 * 1024;
}
