/** Tests of the client port: a real server on a free port, with scripted entities behind it. */
@NullMarked
package parley.http;

import org.jspecify.annotations.NullMarked;
