package planted.util;

/** In a package nobody planned. */
public final class Helper {}
