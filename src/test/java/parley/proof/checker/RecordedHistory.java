package parley.proof.checker;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.BufferedWriter;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Everything that all clients did and saw, in the order of recording. Append-only and thread-safe.
 * It is also written to a file of JSON lines, so that the history of a failed run can be checked
 * again ({@link RecheckHistory}).
 */
public final class RecordedHistory implements AutoCloseable {
  private static final ObjectMapper MAPPER =
      new ObjectMapper().disable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES);

  private final List<HistoryEvent> events = new ArrayList<>();
  private final @Nullable BufferedWriter file;

  private RecordedHistory(@Nullable BufferedWriter file) {
    this.file = file;
  }

  /** A history in memory only. */
  public static RecordedHistory inMemory() {
    return new RecordedHistory(null);
  }

  public static RecordedHistory to(Path path) {
    try {
      Files.createDirectories(path.toAbsolutePath().getParent());
      return new RecordedHistory(Files.newBufferedWriter(path));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  public static RecordedHistory load(Path path) {
    RecordedHistory recordedHistory = inMemory();
    try {
      for (String line : Files.readAllLines(path)) {
        recordedHistory.add(MAPPER.readValue(line, HistoryEvent.class));
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return recordedHistory;
  }

  public synchronized void add(HistoryEvent historyEvent) {
    events.add(historyEvent);
    if (file != null) {
      try {
        ObjectNode line = MAPPER.valueToTree(historyEvent);
        line.put("at", System.currentTimeMillis());
        file.write(MAPPER.writeValueAsString(line));
        file.newLine();
      } catch (JsonProcessingException e) {
        throw new AssertionError(e);
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
  }

  public synchronized List<HistoryEvent> events() {
    return List.copyOf(events);
  }

  @Override
  public synchronized void close() {
    if (file != null) {
      try {
        file.close();
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
  }
}
