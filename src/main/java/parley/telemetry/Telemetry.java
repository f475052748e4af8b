package parley.telemetry;

import io.micrometer.core.instrument.Clock;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tags;
import io.micrometer.core.instrument.Timer;
import io.micrometer.core.instrument.binder.jvm.ClassLoaderMetrics;
import io.micrometer.core.instrument.binder.jvm.JvmGcMetrics;
import io.micrometer.core.instrument.binder.jvm.JvmMemoryMetrics;
import io.micrometer.core.instrument.binder.jvm.JvmThreadMetrics;
import io.micrometer.core.instrument.binder.system.FileDescriptorMetrics;
import io.micrometer.core.instrument.binder.system.ProcessorMetrics;
import io.micrometer.core.instrument.binder.system.UptimeMetrics;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import java.time.InstantSource;
import java.util.Collection;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Counts and times what the running server does. There is one instance per node, which is passed to
 * every component that reports. All methods are safe from any thread and never block.
 *
 * <p>The instance is passed and not looked up. So a test reads its own instance, and nothing here
 * needs the actor system, nor do packages that import this one.
 *
 * <p>Times are in nanoseconds, as {@link System#nanoTime()} gives them. Negative times count as
 * zero; they arise between the clocks of two machines.
 */
public final class Telemetry implements AutoCloseable {
  /** Gauge: sockets open on this node. */
  public static final String SOCKETS = "parley.sockets";

  /** Counter: sockets opened on this node. */
  public static final String SOCKETS_OPENED = "parley.sockets.opened";

  /**
   * Counter: sockets that have ended, by {@code code} of the server's closing frame; {@code client}
   * if the server sent none. {@code idle} is a heartbeat that did not come, {@code too_slow} a
   * client that did not read.
   */
  public static final String SOCKETS_CLOSED = "parley.sockets.closed";

  /** Counter: entries accepted into a log, by {@code type}. */
  public static final String MESSAGES_ACCEPTED = "parley.messages.accepted";

  /** Counter: retries answered with the entry that their first attempt made. */
  public static final String MESSAGES_DUPLICATE = "parley.messages.duplicate";

  /** Counter: sends that were refused, by {@code code} as the client saw it. */
  public static final String MESSAGES_REFUSED = "parley.messages.refused";

  /** Counter: refusals of anything, by {@code code} as the client saw it. */
  public static final String REFUSALS = "parley.refusals";

  /** Timer: from a send frame's arrival to its {@code sent}. */
  public static final String SEND_LATENCY = "parley.send.latency";

  /** Timer: from an entry's acceptance to its hand-over to a recipient's socket. */
  public static final String DELIVERY_LATENCY = "parley.delivery.latency";

  /** Timer: from handing an event to the journal to its confirmation, by {@code entity}. */
  public static final String PERSIST_TIME = "parley.persist.time";

  /** Timer: from a change of presence to its hand-over to the socket of a watcher. */
  public static final String PRESENCE_LAG = "parley.presence.lag";

  /** Counter: frames that were not sent or not passed on to shed load, by {@code kind}. */
  public static final String SHED = "parley.shed";

  /** Counter: refusals because a budget was used up, by {@code limit}. */
  public static final String LIMITED = "parley.limited";

  /**
   * Counter: entries added to a log whose last entry was more than {@value #LOG_AHEAD_MILLIS} ms
   * ahead of this node's clock: a clock is or was wrong.
   */
  public static final String LOG_AHEAD = "parley.clock.log_ahead";

  /** Clocks that are kept by NTP differ by less than this. */
  static final long LOG_AHEAD_MILLIS = 2_000;

  /** Gauge: members of the cluster that are up, as this node sees it. */
  public static final String CLUSTER_MEMBERS = "parley.cluster.members";

  /** Gauge: members of the cluster that this node, or a node that told it, cannot reach. */
  public static final String CLUSTER_UNREACHABLE = "parley.cluster.unreachable";

  /**
   * Counter: spans of traces that have ended on this node, by {@code outcome}: {@code exported} to
   * the collector, or {@code dropped}.
   */
  public static final String TRACE_SPANS = "parley.traces.spans";

  /** Counter: log lines that {@link LogLimiter} suppressed in this process. */
  public static final String LOG_SUPPRESSED = "parley.log.suppressed";

  /** Gauge: entries of a cache of this node, by {@code cache}. */
  public static final String CACHE_ENTRIES = "parley.cache.entries";

  /** Counter: entries that a cache dropped for lack of room or because of their age. */
  public static final String CACHE_EVICTIONS = "parley.cache.evictions";

  /** The media type of {@link #scrapeOpenMetrics}. */
  public static final String OPEN_METRICS =
      "application/openmetrics-text; version=1.0.0; charset=utf-8";

  private static final String BY_CLIENT = "client";

  /** The most different values of one label; further values count as {@code other}. */
  static final int LABEL_VALUES = 48;

  private final PrometheusMeterRegistry registry;
  private final Exemplars exemplars = new Exemplars();
  private final MessageTrail trail;
  private final Talkers talkers = new Talkers();
  private final JvmGcMetrics gc = new JvmGcMetrics();
  private final AtomicInteger sockets = new AtomicInteger();
  private final Counter opened;
  private final EntityMeters entities;
  private final Counter duplicates;
  private final Counter logAhead;
  private final Timer send;
  private final Timer delivery;
  private final Labelled<Counter> accepted;
  private final Labelled<Counter> refused;
  private final Labelled<Counter> messagesRefused;
  private final Timer presenceLag;
  private final Labelled<Counter> shed;
  private final Labelled<Counter> limited;
  private final Labelled<Counter> closed;
  private final Labelled<Timer> persist;

  /** The same, and follows no messages. */
  public Telemetry() {
    this(MessageTrail.OFF);
  }

  /**
   * Creates a registry of its own, with the meters of the JVM and the process.
   *
   * @param trail how single messages are followed
   */
  public Telemetry(MessageTrail trail) {
    this.trail = trail;
    registry =
        new PrometheusMeterRegistry(
            PrometheusConfig.DEFAULT, new PrometheusRegistry(), Clock.SYSTEM, exemplars);
    ProcessMeters.showIn(registry);
    registry.gauge(SOCKETS, sockets);
    opened = registry.counter(SOCKETS_OPENED);
    entities = new EntityMeters(registry, InstantSource.system());
    FunctionCounter.builder(LOG_SUPPRESSED, LogLimiter.class, type -> LogLimiter.suppressed())
        .register(registry);
    FunctionCounter.builder(TRACE_SPANS, trail.tracing(), Tracing::exported)
        .tag("outcome", "exported")
        .register(registry);
    FunctionCounter.builder(TRACE_SPANS, trail.tracing(), Tracing::dropped)
        .tag("outcome", "dropped")
        .register(registry);
    duplicates = registry.counter(MESSAGES_DUPLICATE);
    logAhead = registry.counter(LOG_AHEAD);
    send = timer(SEND_LATENCY, "path", "socket");
    delivery = timer(DELIVERY_LATENCY, "path", "socket");
    accepted = new Labelled<>(type -> registry.counter(MESSAGES_ACCEPTED, "type", type));
    refused = new Labelled<>(code -> registry.counter(REFUSALS, "code", code));
    messagesRefused = new Labelled<>(code -> registry.counter(MESSAGES_REFUSED, "code", code));
    presenceLag = Buckets.timer(registry, PRESENCE_LAG, Tags.empty());
    shed = new Labelled<>(kind -> registry.counter(SHED, "kind", kind));
    limited = new Labelled<>(limit -> registry.counter(LIMITED, "limit", limit));
    closed = new Labelled<>(code -> registry.counter(SOCKETS_CLOSED, "code", code));
    persist = new Labelled<>(entity -> timer(PERSIST_TIME, "entity", entity));
    new JvmMemoryMetrics().bindTo(registry);
    new JvmThreadMetrics().bindTo(registry);
    new ClassLoaderMetrics().bindTo(registry);
    new ProcessorMetrics().bindTo(registry);
    new UptimeMetrics().bindTo(registry);
    new FileDescriptorMetrics().bindTo(registry);
    gc.bindTo(registry);
  }

  /**
   * The values of labels that are known beforehand.
   *
   * @param entryTypes types of entries
   * @param errorCodes codes of errors
   * @param closeCodes codes of closing frames
   * @param limits names of budgets
   * @param shed kinds of what is shed
   * @param entities kinds of entities
   */
  public record Expected(
      Collection<String> entryTypes,
      Collection<String> errorCodes,
      Collection<String> closeCodes,
      Collection<String> limits,
      Collection<String> shed,
      Collection<String> entities) {}

  /**
   * Registers the series of label values, so that each is there from the start: a counter that
   * appears with its first increment hides this increment from every rate.
   */
  public void expect(Expected expected) {
    accepted.expect(expected.entryTypes());
    refused.expect(expected.errorCodes());
    messagesRefused.expect(expected.errorCodes());
    closed.expect(expected.closeCodes());
    closed.of(BY_CLIENT);
    limited.expect(expected.limits());
    shed.expect(expected.shed());
    persist.expect(expected.entities());
  }

  /** A socket was opened on this node. */
  public void socketOpened() {
    opened.increment();
    sockets.incrementAndGet();
  }

  /** A socket has ended, by the client or by the server. */
  public void socketClosed() {
    sockets.decrementAndGet();
  }

  /** A socket has ended to which the server had sent no closing frame. */
  public void closedByClient() {
    closed.of(BY_CLIENT).increment();
  }

  /**
   * The server ends a socket.
   *
   * @param code the closing frame's code
   */
  public void closing(String code) {
    closed.of(code).increment();
  }

  /**
   * An entry got its place in a log.
   *
   * @param type the entry's type, as on the wire
   */
  public void accepted(String type) {
    accepted.of(type).increment();
  }

  /** An entry of this user is stored in this conversation, whose entity is on this node. */
  public void stored(String user, String conversation) {
    talkers.stored(user, conversation);
  }

  /** Who stores most entries on this node. */
  public Talkers talkers() {
    return talkers;
  }

  /** A retry was answered with the entry that its first attempt made. */
  public void duplicate() {
    duplicates.increment();
  }

  /**
   * A client was refused something, on a socket or by HTTP.
   *
   * @param code the error code it was given
   */
  public void refused(String code) {
    refused.of(code).increment();
  }

  /**
   * A send was refused, on a socket or by HTTP. It is reported to {@link #refused} as well.
   *
   * @param code the error code the client was given
   */
  public void messageRefused(String code) {
    messagesRefused.of(code).increment();
  }

  /**
   * A budget was used up, and a client was refused for it.
   *
   * @param limit which budget, in lower case with underscores
   */
  public void limited(String limit) {
    limited.of(limit).increment();
  }

  /**
   * Counts an entry whose log is too far ahead of this node's clock.
   *
   * @param millis by how much the log's last entry is ahead of the clock; negative is behind
   */
  public void logAheadBy(long millis) {
    if (millis > LOG_AHEAD_MILLIS) {
      logAhead.increment();
    }
  }

  /**
   * A {@code sent} went out.
   *
   * @param nanos the time since its frame came in
   * @param trace the context of the message, see {@link Traceparent}; null if it is not traced
   */
  public void sent(long nanos, @Nullable String trace) {
    exemplars.record(send, nanos, trace);
  }

  /**
   * An entry was handed to a recipient's socket.
   *
   * @param nanos the time since it was accepted
   * @param trace the context of the message, see {@link Traceparent}; null if it is not traced
   */
  public void delivered(long nanos, @Nullable String trace) {
    exemplars.record(delivery, nanos, trace);
  }

  /**
   * A change of presence was handed to a watcher's socket.
   *
   * @param nanos the time since the change
   */
  public void presenceSeen(long nanos) {
    presenceLag.record(Math.max(0, nanos), TimeUnit.NANOSECONDS);
  }

  /** A frame was not sent or not passed on. */
  public void shed(String kind) {
    shed.of(kind).increment();
  }

  /**
   * The journal has confirmed an event.
   *
   * @param entity the kind of entity; so far only {@code conversation}, whose writes clients wait
   *     for
   * @param nanos the time since the event was handed to the journal
   */
  public void persisted(String entity, long nanos) {
    persist.of(entity).record(Math.max(0, nanos), TimeUnit.NANOSECONDS);
  }

  /**
   * Registers a gauge, such as a queue's length or a cache's size. The value is read at each
   * scrape.
   *
   * @param name lower case words with dots, {@code parley.} first
   */
  public void gauge(String name, Supplier<Number> value) {
    Gauge.builder(name, value).register(registry);
  }

  /**
   * Registers a counter that another component keeps. The value must only grow.
   *
   * @param name lower case words with dots, {@code parley.} first
   */
  public void counter(String name, Supplier<Number> value) {
    FunctionCounter.builder(name, value, count -> count.get().doubleValue()).register(registry);
  }

  /**
   * Registers the meters of a cache that another component keeps.
   *
   * @param cache the value of the label {@code cache}: lower case, with underscores
   * @param entries how many entries it has now
   * @param evictions how many were dropped so far, for lack of room or because of their age
   */
  public void cache(String cache, Supplier<Number> entries, Supplier<Number> evictions) {
    Gauge.builder(CACHE_ENTRIES, entries).tag("cache", cache).register(registry);
    FunctionCounter.builder(CACHE_EVICTIONS, evictions, dropped -> dropped.get().doubleValue())
        .tag("cache", cache)
        .register(registry);
  }

  /** How many sockets are open on this node. */
  public int sockets() {
    return sockets.get();
  }

  /** How single messages are followed. */
  public MessageTrail trail() {
    return trail;
  }

  /** The meters of entities. */
  public EntityMeters entities() {
    return entities;
  }

  /** The registry, for meters that only one package uses. */
  public MeterRegistry registry() {
    return registry;
  }

  /** All meters, in the Prometheus text format 0.0.4. It has no exemplars. */
  public String scrape() {
    return registry.scrape();
  }

  /**
   * All meters with exemplars, in the OpenMetrics text format.
   *
   * @see #OPEN_METRICS
   */
  public String scrapeOpenMetrics() {
    return registry.scrape(OPEN_METRICS);
  }

  @Override
  public void close() {
    gc.close();
    ProcessMeters.leave(registry);
    registry.close();
  }

  private Timer timer(String name, String label, String value) {
    return Buckets.timer(registry, name, Tags.of(label, value));
  }
}
