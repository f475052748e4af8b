/**
 * What {@code java -jar} meets first, compiled for Java 11 so that an older runtime than the
 * program's can still run it and look for a newer one. Imports nothing of the project.
 */
@NullMarked
package parley.launch;

import org.jspecify.annotations.NullMarked;
