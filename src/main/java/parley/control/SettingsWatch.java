package parley.control;

import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.function.LongSupplier;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.Behavior;
import org.apache.pekko.actor.typed.javadsl.AbstractBehavior;
import org.apache.pekko.actor.typed.javadsl.ActorContext;
import org.apache.pekko.actor.typed.javadsl.Behaviors;
import org.apache.pekko.actor.typed.javadsl.Receive;
import org.jspecify.annotations.Nullable;

/**
 * Keeps the {@link RuntimeSettings} of a node as the store has them. It asks each {@link
 * #INTERVAL}, and at once when the store tells of a change. Values that end are taken out within
 * {@link #TICK}. If the store does not answer, the values that were read last stay.
 */
final class SettingsWatch extends AbstractBehavior<SettingStore.ToNode> {
  static final Duration TICK = Duration.ofSeconds(1);
  static final Duration INTERVAL = Duration.ofSeconds(10);

  /** Where the values come from; {@link SettingStore#get}. */
  @FunctionalInterface
  interface Source {
    /** Sends a request, whose answers come as messages. */
    void get(long known, @Nullable String after, ActorRef<SettingStore.ToNode> node);
  }

  private final Source source;
  private final RuntimeSettings settings;
  private final InstantSource clock;
  private final LongSupplier nanos;
  private final List<SettingOverride> pages = new ArrayList<>();

  /** The version of the pages that have arrived. */
  private long collecting = RuntimeSettings.NONE;

  /** What the next page must follow; the answers to an earlier request are dropped. */
  private @Nullable String expected;

  private long askedAt;

  private SettingsWatch(
      ActorContext<SettingStore.ToNode> context,
      Source source,
      RuntimeSettings settings,
      InstantSource clock,
      LongSupplier nanos) {
    super(context);
    this.source = source;
    this.settings = settings;
    this.clock = clock;
    this.nanos = nanos;
    ask();
  }

  static Behavior<SettingStore.ToNode> create(
      Source source, RuntimeSettings settings, InstantSource clock, LongSupplier nanos) {
    return Behaviors.setup(
        context ->
            Behaviors.withTimers(
                timers -> {
                  timers.startTimerWithFixedDelay(new SettingStore.Tick(), TICK);
                  return new SettingsWatch(context, source, settings, clock, nanos);
                }));
  }

  @Override
  public Receive<SettingStore.ToNode> createReceive() {
    return newReceiveBuilder()
        .onMessage(SettingStore.Tick.class, tick -> tick())
        .onMessage(SettingStore.News.class, this::news)
        .onMessage(SettingStore.Page.class, this::page)
        .build();
  }

  private Behavior<SettingStore.ToNode> tick() {
    settings.removeEnded(clock.millis());
    // A node that has never had an answer asks more often: its cluster may just be forming.
    Duration interval = settings.version() == RuntimeSettings.NONE ? TICK : INTERVAL;
    if (nanos.getAsLong() - askedAt >= interval.toNanos()) {
      ask();
    }
    return this;
  }

  private Behavior<SettingStore.ToNode> news(SettingStore.News news) {
    if (news.version() != settings.version()) {
      ask();
    }
    return this;
  }

  /** Begins anew: pages of two versions do not fit together. */
  private void ask() {
    askedAt = nanos.getAsLong();
    collecting = RuntimeSettings.NONE;
    expected = null;
    pages.clear();
    source.get(settings.version(), null, getContext().getSelf());
  }

  private Behavior<SettingStore.ToNode> page(SettingStore.Page page) {
    if (page.same()) {
      settings.confirmed();
      return this;
    }
    if (!Objects.equals(page.after(), expected)) {
      return this;
    }
    if (expected != null && page.version() != collecting) {
      ask();
      return this;
    }
    collecting = page.version();
    pages.addAll(page.overrides());
    if (page.more()) {
      expected = page.overrides().getLast().name();
      source.get(RuntimeSettings.NONE, expected, getContext().getSelf());
      return this;
    }
    settings.apply(page.version(), List.copyOf(pages), clock.millis());
    expected = null;
    pages.clear();
    return this;
  }
}
