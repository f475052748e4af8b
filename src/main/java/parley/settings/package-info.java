/**
 * Everything that the environment decides: the {@code PARLEY_*} variables, read once at the start
 * and checked before anything is opened. A wrong setting ends the process with one line that names
 * the variable. No secret is kept here, only the names of the files that hold them.
 */
@NullMarked
package parley.settings;

import org.jspecify.annotations.NullMarked;
