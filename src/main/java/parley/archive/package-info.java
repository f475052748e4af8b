/**
 * The cold tier: old entries as compressed segments, in files or in S3. What is stored, in which
 * form, how it is written safely and read again. Not here: which entries go and when, and what
 * becomes of their events (the conversation decides).
 */
@NullMarked
package parley.archive;

import org.jspecify.annotations.NullMarked;
