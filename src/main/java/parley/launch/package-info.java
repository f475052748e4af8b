/**
 * The launcher: the main class of {@code java -jar}, compiled for Java 11. It runs on an older
 * runtime than the program's and looks for a newer one. Imports nothing of the project.
 *
 * <h2>Decision: a second process if {@code java} is old</h2>
 *
 * The program needs Java 21. A launcher compiled for Java 11 finds a newer runtime and starts the
 * program with it. It holds a pipe to the program, so killing the launcher ends the program too.
 * Rejected: Java 17 for everything, because sealed types in {@code switch} let the compiler check
 * the handlers. Rejected: a shell script, because {@code java -jar} should just work.
 */
@NullMarked
package parley.launch;

import org.jspecify.annotations.NullMarked;
