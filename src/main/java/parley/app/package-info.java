/** The program: settings, start, shutdown. Imported by nothing. */
@NullMarked
package parley.app;

import org.jspecify.annotations.NullMarked;
