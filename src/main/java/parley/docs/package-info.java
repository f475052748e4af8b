/**
 * The pages under {@code /docs}: Markdown files and the two documents of the protocol become HTML
 * that needs no script. {@link parley.docs.Site} is the whole of it: texts in, pages out. What is
 * served, when it is rendered and with which headers is {@code http}'s business.
 *
 * <p><b>Decision: the reference is rendered from {@code openapi.json} and {@code
 * asyncapi.json}.</b> Both are held against the program by its tests, so the reference cannot say
 * anything else. A ready-made viewer was rejected: each needs a megabyte of script, and a policy
 * that allows inline styles.
 *
 * <p><b>Decision: pages are rendered in the running program, when somebody first asks for one.</b>
 * At build time would need a step of its own in every way to build and run; at the start it would
 * cost each start what only a reader needs.
 */
@NullMarked
package parley.docs;

import org.jspecify.annotations.NullMarked;
