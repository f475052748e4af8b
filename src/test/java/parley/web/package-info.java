/** The web client in a real browser: what people see, against the packaged server. */
@NullMarked
package parley.web;

import org.jspecify.annotations.NullMarked;
