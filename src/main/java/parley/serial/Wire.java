package parley.serial;

/** Something that may travel between nodes of a cluster: Jackson CBOR. */
public interface Wire {}
