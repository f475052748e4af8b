package parley.conversation;

import java.util.List;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import parley.model.ConversationId;
import parley.model.Entry;
import parley.model.EntryBody;
import parley.model.UserId;

/** Measures how long a conversation's state takes to apply an event. */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class StateJmh {
  private static final UserId ANN = new UserId("u_01K9ABCDEFGHJKMNPQRSTVWXYZ");
  private static final UserId BEN = new UserId("u_01K9ABCDEFGHJKMNPQRSTVWXY0");
  private static final ConversationId CHAT = ConversationId.direct(ANN, BEN);
  private static final String CONTENT = ".".repeat(200);
  private static final long AT = 1_790_000_000_000L;

  private ConversationState state = new ConversationState(CHAT);

  /** A conversation of two with ten thousand entries. */
  @Setup(Level.Iteration)
  public void fill() {
    state = new ConversationState(CHAT);
    state.apply(
        new ConversationEvent.DirectOpened(
            new ConversationEvent.Person(ANN, "Ann", null, 1),
            new ConversationEvent.Person(BEN, "Ben", null, 1),
            AT));
    for (int i = 0; i < 10_000; i++) {
      state.apply(next(1));
    }
  }

  /** Makes and applies an event with one entry. */
  @Benchmark
  public Object appendOne() {
    state.apply(next(1));
    return state;
  }

  /** Makes and applies an event with sixteen entries, as when many waited for the store. */
  @Benchmark
  public Object appendSixteen() {
    state.apply(next(16));
    return state;
  }

  /** A member's cursors move to the end. */
  @Benchmark
  public Object moveCursor() {
    long seq = state.lastSeq();
    state.apply(
        new ConversationEvent.CursorsMoved(
            List.of(new ConversationEvent.CursorMove(BEN, seq, seq, 0))));
    return state;
  }

  private ConversationEvent next(int entries) {
    Entry[] all = new Entry[entries];
    for (int i = 0; i < entries; i++) {
      long seq = state.lastSeq() + 1 + i;
      // An id in the form of a ULID, which carries its time.
      String name = "01K9ABCDEF%016d".formatted(seq);
      all[i] =
          new Entry(seq, name, ANN, AT + seq, name, new EntryBody.Text(CONTENT, null, null, false));
    }
    return new ConversationEvent.EntriesAppended(List.of(all), null, state.lastSeq());
  }
}
