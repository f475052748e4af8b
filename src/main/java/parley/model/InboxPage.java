package parley.model;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A page of an inbox, newest first.
 *
 * @param nextCursor opaque position of the next page, or null at the end
 */
public record InboxPage(List<InboxRow> conversations, @Nullable String nextCursor) {}
