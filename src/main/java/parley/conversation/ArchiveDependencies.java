package parley.conversation;

import java.time.Duration;
import parley.archive.ColdTier;
import parley.calendar.Calendar;

/**
 * What a conversation needs to archive its old entries; a node without a cold tier has none.
 *
 * @param tier where they go
 * @param hot the age at which they go, at least a day
 * @param pace of this node
 * @param calendar who remembers when to look at a conversation again
 */
public record ArchiveDependencies(
    ColdTier tier, Duration hot, ArchiveRate pace, Calendar calendar) {}
