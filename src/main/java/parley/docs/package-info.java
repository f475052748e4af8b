/**
 * The pages under {@code /docs}: Markdown files and the two documents of the protocol become HTML
 * that needs no script. {@link parley.docs.Site} is the entry point: it takes texts and returns
 * pages. The package {@code http} decides what is served, when it is rendered and with which
 * headers.
 *
 * <p><b>Decision: the reference is rendered from {@code openapi.json} and {@code
 * asyncapi.json}.</b> Tests compare both documents with the program, so the reference cannot differ
 * from it. Rejected: a ready-made viewer, because each needs a megabyte of script and a policy that
 * allows inline styles.
 *
 * <p><b>Decision: pages are rendered in the running program, at the first request for one.</b>
 * Rendering at build time would add a step to every way to build and run. Rendering at the start
 * would cost every start time that only readers need.
 */
@NullMarked
package parley.docs;

import org.jspecify.annotations.NullMarked;
