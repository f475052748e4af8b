package parley.conversation;

import java.time.Duration;
import parley.archive.ColdTier;
import parley.calendar.Calendar;

/**
 * What a conversation needs to archive its old entries. A node without a cold tier has {@link
 * NoArchive} instead.
 *
 * @param tier the store for archived entries
 * @param hotAge the age at which entries are archived, at least a day
 * @param rate the rate limit of this node
 * @param calendar remembers when a conversation has something to archive again
 */
public record ArchiveDependencies(
    ColdTier tier, Duration hotAge, ArchiveRate rate, Calendar calendar)
    implements ConversationArchive {}
