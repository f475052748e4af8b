/** Tests of what travels between nodes and what is stored: form, size, versions. */
@NullMarked
package parley.serial;

import org.jspecify.annotations.NullMarked;
