package parley.bench;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** What one run of a scenario plays on: the program, the crowd, and the time that is measured. */
final class Stage implements AutoCloseable {
  /** Connections made at once while a scenario is set up. */
  static final int AT_ONCE = 64;

  private static final Duration PINNED = Duration.ofSeconds(5);

  final Options options;
  final Program program;
  final Crowd crowd;

  private final Path recording;
  private Asked asked = Asked.NOTHING;
  private boolean measuring;
  private @Nullable Profile profile;

  /**
   * Sets the stage.
   *
   * @param ackMillis how long acknowledgements are gathered where the options do not say
   */
  Stage(Options options, Program program, Tokens tokens, Path recording, int ackMillis)
      throws IOException {
    this.options = options;
    this.program = program;
    this.recording = recording;
    this.crowd =
        new Crowd(
            program.uris(),
            tokens,
            options.number("bytes", 200),
            Duration.ofMillis(options.number("ack", ackMillis)));
  }

  /**
   * The same for this program: few where several nodes share a core, which are not warm yet and
   * must agree where everybody lives.
   */
  int atOnce() {
    return program.uris().size() == 1 ? AT_ONCE : AT_ONCE / 8;
  }

  /** Whether what happens now counts. */
  boolean measuring() {
    return measuring;
  }

  /**
   * Plays for the warm-up, then for the time that counts, and gives what both cores did in it.
   * Nodes that share a core warm up so many times as long, and on both cores: each has the same to
   * compile.
   */
  Cpu measure() {
    crowd.pass(
        Duration.ofSeconds(options.number("warmup", 10)).multipliedBy(program.uris().size()));
    if (program.uris().size() > 1) {
      program.pin();
      crowd.pass(PINNED);
    }
    Cpu before = begin();
    crowd.pass(Duration.ofSeconds(options.number("seconds", 10)));
    return end(before);
  }

  /** From now on it counts. */
  Cpu begin() {
    program.record();
    asked = program.asked();
    measuring = true;
    return program.cpu();
  }

  /** No longer; what both cores did. */
  Cpu end(Cpu before) {
    Cpu used = program.cpu().since(before);
    measuring = false;
    asked = program.asked().since(asked);
    profile = program.recorded(recording);
    return used;
  }

  /** What the store was asked in the time that was measured. */
  Asked asked() {
    return asked;
  }

  /** Waits for what is on its way, and adds the account of what arrived. */
  Result settled(Result result) {
    crowd.settle();
    Crowd.Account account = crowd.account();
    result.note(account.stored() + " stored, " + account.delivered() + " delivered");
    if (account.repeated() > 0) {
      result.note(account.repeated() + " repeated");
    }
    Map<String, Long> errors = new TreeMap<>(crowd.errors());
    if (!errors.isEmpty()) {
      result.note("refused and sent again: " + errors);
    }
    if (!account.clean()) {
      throw new RunFailedException("not everything arrived once: " + account);
    }
    return result.with("lost", (double) account.lost());
  }

  /** The two halves of a list of devices: who sends, and to whom. */
  static List<Device> half(List<Device> all, int which) {
    int middle = all.size() / 2;
    return which == 0 ? all.subList(0, middle) : all.subList(middle, all.size());
  }

  /** Where the time went, where it was recorded. */
  @Nullable Profile profile() {
    return profile;
  }

  @Override
  public void close() throws IOException {
    crowd.close();
    program.close();
  }
}
