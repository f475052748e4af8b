/**
 * The pages under {@code /docs}: Markdown files and the two documents of the protocol become HTML
 * that needs no script. {@link parley.docs.Site} is the entry point: it takes texts and returns
 * pages. The package {@code http} decides what is served, when it is rendered and with which
 * headers.
 *
 * <h2>Decision: the reference is rendered from the two documents</h2>
 *
 * Tests compare {@code openapi.json} and {@code asyncapi.json} with the program, so the reference
 * cannot differ from it. Rejected: a ready-made viewer, because each needs a megabyte of script and
 * a policy that allows inline styles.
 *
 * <h2>Decision: pages are rendered when one is first asked for</h2>
 *
 * The running program renders them at the first request for one. Rejected: to render when the
 * program is built, which adds a step to every way to build and run. Rejected: to render at the
 * start, which every start would pay for and only readers need.
 */
@NullMarked
package parley.docs;

import org.jspecify.annotations.NullMarked;
