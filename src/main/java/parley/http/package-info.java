/**
 * The client port: REST calls, the way to the socket, the documents and the web client. Every call
 * is read by {@code protocol}, told to the entity it concerns and answered with what that says;
 * nothing is decided here but who is asking, how much may be asked, and how an answer or a problem
 * looks as HTTP. {@link parley.http.Routes} is the table of contents.
 */
@NullMarked
package parley.http;

import org.jspecify.annotations.NullMarked;
