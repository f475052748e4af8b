package parley.archive;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import parley.model.ConversationId;

/**
 * The segments that this node read recently, verified and in their stored form. Bounded by their
 * bytes. A conversation has at most {@value #MAX_PER_CONVERSATION}, so a reader of one whole
 * conversation does not evict the segments of all others.
 */
final class SegmentCache {
  private static final int MAX_PER_CONVERSATION = 3;

  /** Approximate bytes of a cached segment besides its content. */
  private static final int OVERHEAD = 500;

  private final Cache<ConversationId, List<Segment>> recent;

  SegmentCache(ColdLimits limits) {
    recent =
        Caffeine.newBuilder()
            .maximumWeight(limits.cacheBytes())
            .weigher((ConversationId id, List<Segment> segments) -> weight(segments))
            .expireAfterWrite(limits.cacheTime())
            .recordStats()
            .build();
  }

  private static int weight(List<Segment> segments) {
    long weight = 0;
    for (Segment segment : segments) {
      weight += OVERHEAD + segment.bytes().length;
    }
    return (int) Math.min(Integer.MAX_VALUE, weight);
  }

  @Nullable Segment holding(ConversationId id, long seq) {
    List<Segment> segments = recent.getIfPresent(id);
    if (segments != null) {
      for (Segment segment : segments) {
        if (segment.holds(seq)) {
          return segment;
        }
      }
    }
    return null;
  }

  void add(Segment segment) {
    recent
        .asMap()
        .merge(
            segment.manifest().conversationId(),
            List.of(segment),
            (before, added) -> {
              List<Segment> all = new ArrayList<>(added);
              for (Segment one : before) {
                if (all.size() < MAX_PER_CONVERSATION
                    && one.manifest().to() != segment.manifest().to()) {
                  all.add(one);
                }
              }
              return List.copyOf(all);
            });
  }

  /** Drops a conversation's segments, because one of them may have been replaced. */
  void forget(ConversationId id) {
    recent.invalidate(id);
  }

  /** The number of conversations that have segments in the cache. */
  long entries() {
    return recent.estimatedSize();
  }

  /** How many of them were dropped for lack of room, or because of their age. */
  long evictions() {
    return recent.stats().evictionCount();
  }

  /** Approximate bytes in the cache. */
  long bytes() {
    return recent.policy().eviction().map(e -> e.weightedSize().orElse(0)).orElse(0L);
  }
}
