/** Marker types that bind messages and events to their serializer. Nothing else lives here. */
@NullMarked
package parley.serial;

import org.jspecify.annotations.NullMarked;
