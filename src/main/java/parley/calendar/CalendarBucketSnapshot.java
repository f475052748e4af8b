package parley.calendar;

import java.util.List;
import org.jspecify.annotations.Nullable;
import parley.model.ConversationId;
import parley.serial.Stored;

/**
 * The snapshot of a {@link CalendarBucket}, by the rules of {@link CalendarBucketEvent}.
 *
 * @param ids the conversations to look at; null means none
 */
record CalendarBucketSnapshot(@Nullable List<ConversationId> ids) implements Stored {}
