package parley.calendar;

import java.util.List;
import org.jspecify.annotations.Nullable;
import parley.model.ConversationId;
import parley.serial.Stored;

/**
 * A {@link CalendarBucket} as the snapshot store keeps it, by the rules of {@link
 * CalendarBucketEvent}.
 *
 * @param ids who is to be looked at; null is nobody
 */
record CalendarBucketSnapshot(@Nullable List<ConversationId> ids) implements Stored {}
