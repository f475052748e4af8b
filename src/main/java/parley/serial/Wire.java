package parley.serial;

/**
 * Something that may travel between nodes of a cluster: Jackson CBOR. Read by a node one version
 * older or newer; how to change one is said in {@link parley.serial}.
 */
public interface Wire {}
