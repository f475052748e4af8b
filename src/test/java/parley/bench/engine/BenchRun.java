package parley.bench.engine;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import parley.bench.Options;
import parley.bench.bill.Bill;
import parley.bench.report.BenchResult;
import parley.bench.report.CpuTime;
import parley.bench.report.RecordingProfile;
import parley.bench.report.RunFailedException;
import parley.bench.report.StoreRequests;

/** The stage of one run of a scenario: the program, the crowd of devices, and the measured time. */
public final class BenchRun implements AutoCloseable {
  /** Connections made at once while a scenario is set up. */
  public static final int AT_ONCE = 64;

  private static final Duration PINNED = Duration.ofSeconds(5);

  public final Options options;
  public final MeasuredServer measuredServer;
  public final Crowd crowd;

  private final Path recording;
  private StoreRequests storeRequests = StoreRequests.NOTHING;
  private Bill bill = Bill.NOTHING;
  private boolean measuring;
  private @Nullable RecordingProfile recordingProfile;

  /**
   * Prepares a run.
   *
   * @param ackMillis how long acknowledgements are gathered where the options do not say
   * @param readMillis after how long users read where the options do not say; -1 if they never do
   */
  public BenchRun(
      Options options,
      MeasuredServer measuredServer,
      TokenIssuer tokenIssuer,
      Path recording,
      int ackMillis,
      int readMillis)
      throws IOException {
    this.options = options;
    this.measuredServer = measuredServer;
    this.recording = recording;
    this.crowd =
        new Crowd(
            measuredServer.uris(),
            tokenIssuer,
            options.number("bytes", 200),
            Duration.ofMillis(options.number("ack", ackMillis)),
            readMillis < 0 ? null : Duration.ofMillis(options.number("read", readMillis)));
  }

  /**
   * The same for this program: few where several nodes share a core, which are not warm yet and
   * must agree where everybody lives.
   */
  public int atOnce() {
    return measuredServer.uris().size() == 1 ? AT_ONCE : AT_ONCE / 8;
  }

  /** Whether what happens now counts. */
  public boolean measuring() {
    return measuring;
  }

  /**
   * Plays for the warm-up, then for the time that counts, and gives what both cores did in it.
   * Nodes that share a core warm up so many times as long, and on both cores: each has the same to
   * compile.
   */
  public CpuTime measure() {
    crowd.pass(
        Duration.ofSeconds(options.number("warmup", 10))
            .multipliedBy(measuredServer.uris().size()));
    if (measuredServer.uris().size() > 1) {
      measuredServer.pin();
      crowd.pass(PINNED);
    }
    CpuTime before = begin();
    crowd.pass(Duration.ofSeconds(options.number("seconds", 10)));
    return end(before);
  }

  /** From now on it counts. */
  public CpuTime begin() {
    measuredServer.record();
    storeRequests = measuredServer.asked();
    bill = measuredServer.bill();
    measuring = true;
    return measuredServer.cpu();
  }

  /** No longer; what both cores did. */
  public CpuTime end(CpuTime before) {
    CpuTime used = measuredServer.cpu().since(before);
    measuring = false;
    storeRequests = measuredServer.asked().since(storeRequests);
    bill = measuredServer.bill().since(bill);
    recordingProfile = measuredServer.recorded(recording);
    return used;
  }

  /** What the store was asked in the time that was measured. */
  public StoreRequests asked() {
    return storeRequests;
  }

  /** What the store cost in the time that was measured, by what it was for. */
  public Bill bill() {
    return bill;
  }

  /** Waits for what is on its way, and adds the account of what arrived. */
  public BenchResult settled(BenchResult benchResult) {
    crowd.settle();
    Crowd.Account account = crowd.account();
    benchResult.note(account.stored() + " stored, " + account.delivered() + " delivered");
    if (account.repeated() > 0) {
      benchResult.note(account.repeated() + " repeated");
    }
    Map<String, Long> errors = new TreeMap<>(crowd.errors());
    if (!errors.isEmpty()) {
      benchResult.note("refused and sent again: " + errors);
    }
    if (!account.clean()) {
      throw new RunFailedException("not everything arrived once: " + account);
    }
    return benchResult.with("lost", (double) account.lost());
  }

  /** The two halves of a list of devices: who sends, and to whom. */
  public static List<BenchDevice> half(List<BenchDevice> all, int which) {
    int middle = all.size() / 2;
    return which == 0 ? all.subList(0, middle) : all.subList(middle, all.size());
  }

  /** Where the time went, where it was recorded. */
  public @Nullable RecordingProfile profile() {
    return recordingProfile;
  }

  @Override
  public void close() throws IOException {
    crowd.close();
    measuredServer.close();
  }
}
