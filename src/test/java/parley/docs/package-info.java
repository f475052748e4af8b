/** The pages under {@code /docs}. */
@NullMarked
package parley.docs;

import org.jspecify.annotations.NullMarked;
