package parley.bench;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import jdk.jfr.consumer.RecordedEvent;
import jdk.jfr.consumer.RecordedFrame;
import jdk.jfr.consumer.RecordedThread;
import jdk.jfr.consumer.RecordingFile;
import org.jspecify.annotations.Nullable;

/**
 * Where a recording says the time went: not by method, of which none stands out in a program of
 * many layers, but by layer. A sample belongs to the layer of its innermost frame that is of any:
 * what a store's driver does in the JDK counts for the store, and a message that a session sends to
 * an actor counts for the actors.
 */
final class Profile {
  private static final String CPU_SAMPLE = "jdk.CPUTimeSample";
  private static final String SAMPLE = "jdk.ExecutionSample";
  private static final int TOP = 25;

  /** Layers by the beginnings of class names; of two that fit the first. */
  private static final Map<String, List<String>> LAYERS = layers();

  private final Map<String, Integer> byLayer = new HashMap<>();
  private final Map<String, Integer> byMethod = new HashMap<>();
  private final Map<String, Integer> byThread = new HashMap<>();
  private int samples;
  private double pauseMillis;

  private static Map<String, List<String>> layers() {
    Map<String, List<String>> all = new LinkedHashMap<>();
    all.put("JSON of frames", List.of("parley.protocol."));
    all.put("WebSocket frames", List.of("parley.websocket."));
    all.put(
        "events and wire to bytes", List.of("org.apache.pekko.serialization.", "parley.serial."));
    all.put("journal (RocksDB)", List.of("parley.journal.", "org.rocksdb."));
    all.put("AWS SDK", List.of("com.amazonaws.", "org.apache.http."));
    all.put("DynamoDB plugin", List.of("org.apache.pekko.persistence.dynamodb."));
    all.put("persistence", List.of("org.apache.pekko.persistence."));
    all.put("tokens, TLS, hashes", List.of("com.nimbusds.", "sun.security."));
    all.put("socket stage", List.of("parley.session.Socket"));
    all.put("session", List.of("parley.session."));
    all.put("conversation", List.of("parley.conversation."));
    all.put("user", List.of("parley.user."));
    all.put("rest of Parley", List.of("parley."));
    all.put("HTTP", List.of("org.apache.pekko.http."));
    all.put("TCP", List.of("org.apache.pekko.io.", "sun.nio.ch."));
    all.put("streams", List.of("org.apache.pekko.stream."));
    all.put("sharding, cluster", List.of("org.apache.pekko.cluster.", "org.apache.pekko.remote."));
    all.put("actors", List.of("org.apache.pekko.", "java.util.concurrent."));
    return all;
  }

  /** Reads a recording. */
  static Profile of(Path file) {
    Profile profile = new Profile();
    List<RecordedEvent> cpu = new ArrayList<>();
    List<RecordedEvent> plain = new ArrayList<>();
    try (RecordingFile recording = new RecordingFile(file)) {
      while (recording.hasMoreEvents()) {
        RecordedEvent event = recording.readEvent();
        switch (event.getEventType().getName()) {
          case CPU_SAMPLE -> cpu.add(event);
          case SAMPLE -> plain.add(event);
          case "jdk.GarbageCollection" ->
              profile.pauseMillis += event.getDuration("sumOfPauses").toNanos() / 1e6;
          default -> {}
        }
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    (cpu.isEmpty() ? plain : cpu).forEach(profile::add);
    return profile;
  }

  private void add(RecordedEvent event) {
    if (event.getStackTrace() == null) {
      return;
    }
    List<String> names = new ArrayList<>();
    for (RecordedFrame frame : event.getStackTrace().getFrames()) {
      names.add(frame.getMethod().getType().getName() + "." + frame.getMethod().getName());
    }
    if (names.isEmpty()) {
      return;
    }
    samples++;
    byLayer.merge(layer(names), 1, Integer::sum);
    byMethod.merge(names.get(0), 1, Integer::sum);
    byThread.merge(thread(event), 1, Integer::sum);
  }

  private static String thread(RecordedEvent event) {
    String field = event.hasField("sampledThread") ? "sampledThread" : "eventThread";
    @Nullable RecordedThread thread = event.getThread(field);
    String name = thread == null ? null : thread.getJavaName();
    return name == null ? "other" : name.replaceAll("[-_]?\\d+$", "");
  }

  /** The layer of a stack of method names, the innermost first. */
  static String layer(List<String> stack) {
    for (String name : stack) {
      for (Map.Entry<String, List<String>> layer : LAYERS.entrySet()) {
        if (layer.getValue().stream().anyMatch(name::startsWith)) {
          return layer.getKey();
        }
      }
    }
    return "other";
  }

  /** Three tables: layers, threads, methods. */
  String table() {
    StringBuilder text = new StringBuilder();
    text.append(samples).append(" samples of running Java code; collector pauses ");
    text.append(String.format(Locale.ROOT, "%.0f ms%n", pauseMillis));
    table(text, "layer", byLayer, LAYERS.size() + 1);
    table(text, "threads", byThread, 10);
    table(text, "method", byMethod, TOP);
    return text.toString();
  }

  private void table(StringBuilder text, String title, Map<String, Integer> counts, int most) {
    text.append("  ").append(title).append('\n');
    counts.entrySet().stream()
        .sorted(Map.Entry.comparingByValue(Comparator.reverseOrder()))
        .limit(most)
        .forEach(
            one ->
                text.append(
                    String.format(
                        Locale.ROOT,
                        "    %5.1f %%  %s%n",
                        100.0 * one.getValue() / Math.max(1, samples),
                        one.getKey())));
  }
}
