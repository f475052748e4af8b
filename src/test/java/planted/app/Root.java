package planted.app;

/** Imported by a package, as it must not be. */
public final class Root {}
