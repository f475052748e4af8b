package parley.bench.report;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import jdk.jfr.consumer.RecordedEvent;
import jdk.jfr.consumer.RecordedFrame;
import jdk.jfr.consumer.RecordedThread;
import jdk.jfr.consumer.RecordingFile;
import org.jspecify.annotations.Nullable;
import parley.bench.engine.MeasuredServer;

/**
 * The evaluation of a flight recording: processor time and allocation by layer. Single methods say
 * little, because the time is spread over many of them. A sample belongs to the layer of its
 * innermost frame that has a layer. So JDK code under a store driver counts for the store, and
 * sending a message to an actor counts for the actors.
 */
public final class RecordingProfile {
  private static final String CPU_SAMPLE = "jdk.CPUTimeSample";
  private static final String SAMPLE = "jdk.ExecutionSample";
  private static final String ALLOCATED = "jdk.ObjectAllocationSample";
  private static final String OTHER = "other";
  private static final String PERIOD_FIELD = "samplingPeriod";
  private static final int TOP_METHODS = 25;

  /** The interval between samples of processor time, see {@link MeasuredServer#startRecording}. */
  public static final int PERIOD_MILLIS = 2;

  /** Prefixes of class and method names by layer. The first match counts. */
  private static final Map<String, List<String>> LAYERS = layers();

  private final Map<String, Long> byLayer = new HashMap<>();
  private final Map<String, Long> byMethod = new HashMap<>();
  private final Map<String, Long> byThread = new HashMap<>();
  private final Map<String, Long> bytesByLayer = new HashMap<>();
  private final Set<Long> threadsWithSamples = new HashSet<>();
  private final Path file;
  private boolean byProcessorTime;
  private int samples;
  private double pauseMillis;

  // In the order in which a message passes the layers. The first match counts, so more specific
  // layers come first.
  private static Map<String, List<String>> layers() {
    Map<String, List<String>> all = new LinkedHashMap<>();
    all.put(
        "frame in: read",
        List.of(
            "sun.nio.ch.SocketDispatcher.read",
            "sun.nio.ch.SocketChannelImpl.read",
            "sun.nio.ch.IOUtil.read"));
    all.put(
        "frame out: write",
        List.of(
            "sun.nio.ch.SocketDispatcher.write",
            "sun.nio.ch.SocketChannelImpl.write",
            "sun.nio.ch.IOUtil.write"));
    all.put(
        "select",
        List.of(
            "sun.nio.ch.EPoll", "sun.nio.ch.SelectorImpl", "org.apache.pekko.io.SelectionHandler"));
    all.put("TCP", List.of("org.apache.pekko.io."));
    all.put("streams", List.of("org.apache.pekko.stream."));
    all.put(
        "WebSocket frames and their stage", List.of("parley.websocket.", "parley.session.Socket"));
    all.put(
        "decode: JSON in",
        List.of(
            "parley.protocol.FrameReader",
            "parley.protocol.JsonFields",
            "parley.protocol.Json.parse"));
    all.put("encode: JSON out", List.of("parley.protocol.", "parley.session.FrameCache"));
    all.put(
        "acknowledgement",
        List.of(
            "parley.session.UserLossCheck",
            "parley.session.DeliveryTracker.ack",
            "parley.session.DeliveryTracker.takeAcks",
            "parley.user.UserLive.ack",
            "parley.user.LiveSessions.ack",
            "parley.user.DeviceCursors",
            "parley.conversation.CursorMoves"));
    all.put("session", List.of("parley.session."));
    all.put("dispatch", List.of("parley.conversation.Dispatch", "parley.user.DeliveryResult"));
    all.put("conversation", List.of("parley.conversation."));
    all.put(
        "flush of users",
        List.of(
            "parley.user.UnsavedChanges",
            "parley.user.FlushSchedule",
            "parley.user.UserLive.nextEvent",
            "parley.user.UserLive.settle"));
    all.put("user", List.of("parley.user."));
    all.put("serialization", List.of("org.apache.pekko.serialization.", "parley.serial."));
    all.put("journal (RocksDB)", List.of("parley.journal.", "org.rocksdb."));
    all.put("AWS SDK", List.of("com.amazonaws.", "org.apache.http."));
    all.put("DynamoDB plugin", List.of("org.apache.pekko.persistence.dynamodb."));
    all.put("persistence", List.of("org.apache.pekko.persistence."));
    all.put(
        "tokens, TLS, hashes", List.of("com.nimbusds.", "sun.security.", "com.amazon.corretto."));
    all.put("rest of Parley", List.of("parley."));
    all.put("HTTP", List.of("org.apache.pekko.http."));
    all.put("sharding, cluster", List.of("org.apache.pekko.cluster.", "org.apache.pekko.remote."));
    all.put(
        "timers",
        List.of(
            "org.apache.pekko.actor.LightArrayRevolverScheduler",
            "org.apache.pekko.actor.typed.internal.TimerSchedulerImpl"));
    all.put("actors: mailboxes and turns", List.of("org.apache.pekko.", "java.util.concurrent."));
    return all;
  }

  private RecordingProfile(Path file) {
    this.file = file;
  }

  /** Reads a recording. */
  public static RecordingProfile of(Path file) {
    RecordingProfile recordingProfile = new RecordingProfile(file);
    List<RecordedEvent> cpu = new ArrayList<>();
    List<RecordedEvent> execution = new ArrayList<>();
    try (RecordingFile recording = new RecordingFile(file)) {
      while (recording.hasMoreEvents()) {
        RecordedEvent event = recording.readEvent();
        switch (event.getEventType().getName()) {
          case CPU_SAMPLE -> cpu.add(event);
          case SAMPLE -> execution.add(event);
          case ALLOCATED -> recordingProfile.allocated(event);
          case "jdk.GarbageCollection" ->
              recordingProfile.pauseMillis += event.getDuration("sumOfPauses").toNanos() / 1e6;
          default -> {}
        }
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    recordingProfile.byProcessorTime = !cpu.isEmpty();
    (cpu.isEmpty() ? execution : cpu).forEach(recordingProfile::add);
    return recordingProfile;
  }

  private void add(RecordedEvent event) {
    List<String> names = stack(event);
    if (names.isEmpty()) {
      return;
    }
    // The period of a delayed sample is a multiple of the configured one.
    long weight = event.hasField(PERIOD_FIELD) ? event.getDuration(PERIOD_FIELD).toNanos() : 1;
    samples++;
    byLayer.merge(layer(names), weight, Long::sum);
    byMethod.merge(names.get(0), weight, Long::sum);
    byThread.merge(thread(event), weight, Long::sum);
  }

  /**
   * Adds an allocation sample. It stands for the bytes that its thread allocated since the sample
   * before. The first sample of a thread is ignored, because it includes allocations before the
   * recording.
   */
  private void allocated(RecordedEvent event) {
    RecordedThread thread = event.getThread("eventThread");
    if (thread == null || threadsWithSamples.add(thread.getId())) {
      return;
    }
    bytesByLayer.merge(layer(stack(event)), event.getLong("weight"), Long::sum);
  }

  /** Returns the method names of the stack, innermost first. */
  private static List<String> stack(RecordedEvent event) {
    List<String> names = new ArrayList<>();
    if (event.getStackTrace() != null) {
      for (RecordedFrame frame : event.getStackTrace().getFrames()) {
        names.add(frame.getMethod().getType().getName() + "." + frame.getMethod().getName());
      }
    }
    return names;
  }

  private static String thread(RecordedEvent event) {
    String field = event.hasField("sampledThread") ? "sampledThread" : "eventThread";
    @Nullable RecordedThread thread = event.getThread(field);
    String name = thread == null ? null : thread.getJavaName();
    return name == null ? "other" : name.replaceAll("[-_]?\\d+$", "");
  }

  /** All prefixes of all layers. */
  public static List<String> prefixes() {
    return LAYERS.values().stream().flatMap(List::stream).toList();
  }

  /**
   * Returns the layer of a stack.
   *
   * @param stack method names, innermost first
   */
  public static String layer(List<String> stack) {
    for (String name : stack) {
      for (Map.Entry<String, List<String>> layer : LAYERS.entrySet()) {
        if (layer.getValue().stream().anyMatch(name::startsWith)) {
          return layer.getKey();
        }
      }
    }
    return OTHER;
  }

  /**
   * Returns tables of layers, threads and methods. If the number of items is known, the layers have
   * their cost per item.
   *
   * <p>Samples cover threads that run Java code or native code under it, not the JVM's own work. So
   * they show how Java code shares the time that compilation and collection leave, but not how much
   * time that is. Before Java 25 samples do not cover system calls either, so the table has no
   * costs.
   */
  public String table(BenchResult benchResult) {
    StringBuilder text = new StringBuilder();
    text.append(file.toAbsolutePath()).append(System.lineSeparator());
    text.append(samples).append(" samples of running Java code; garbage collection pauses ");
    text.append(String.format(Locale.ROOT, "%.0f ms%n", pauseMillis));
    if (benchResult.cpuCost().known() && byProcessorTime) {
      text.append(costs(benchResult.cpuCost(), byLayer, bytesByLayer));
    } else {
      table(text, "layer", byLayer, LAYERS.size() + 1);
    }
    table(text, "threads", byThread, 10);
    table(text, "method", byMethod, TOP_METHODS);
    return text.toString();
  }

  /**
   * Returns the cost of one item by layer: the time without compilation and collection, divided in
   * proportion to the samples.
   *
   * @param weights the weight of the samples of each layer
   * @param bytes bytes allocated by each layer for all items
   */
  public static String costs(CpuCost cost, Map<String, Long> weights, Map<String, Long> bytes) {
    double compiling = cost.micros() * cost.compiling();
    double collecting = cost.micros() * cost.collecting();
    double java = cost.micros() - compiling - collecting;
    double all = Math.max(1, sum(weights));
    StringBuilder text = new StringBuilder();
    text.append("  for one ").append(cost.each()).append(": us and bytes allocated\n");
    List<String> names = new ArrayList<>(LAYERS.keySet());
    names.add(OTHER);
    for (String name : names) {
      double share = weights.getOrDefault(name, 0L) / all;
      cost(text, name, share * java, bytes.getOrDefault(name, 0L) / (double) cost.count());
    }
    cost(text, "collecting garbage", collecting, 0);
    cost(text, "compiling", compiling, 0);
    cost(text, "total", cost.micros(), sum(bytes) / (double) cost.count());
    return text.toString();
  }

  private static long sum(Map<String, Long> of) {
    return of.values().stream().mapToLong(Long::longValue).sum();
  }

  private static void cost(StringBuilder text, String name, double micros, double bytes) {
    if (micros >= 0.05 || bytes >= 1) {
      text.append(String.format(Locale.ROOT, "    %-34s %7.1f %,10.0f%n", name, micros, bytes));
    }
  }

  private void table(StringBuilder text, String title, Map<String, Long> counts, int limit) {
    long all = Math.max(1, sum(counts));
    text.append("  ").append(title).append('\n');
    counts.entrySet().stream()
        .sorted(Map.Entry.comparingByValue(Comparator.reverseOrder()))
        .limit(limit)
        .forEach(
            one ->
                text.append(
                    String.format(
                        Locale.ROOT,
                        "    %5.1f %%  %s%n",
                        100.0 * one.getValue() / all,
                        one.getKey())));
  }
}
