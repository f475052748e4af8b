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

/** One run of a scenario: the server, its virtual users, and the measured time. */
public final class BenchRun implements AutoCloseable {
  /** Concurrent connection attempts while a scenario is set up. */
  public static final int CONCURRENT_CONNECTS = 64;

  private static final Duration SETTLE_AFTER_PINNING = Duration.ofSeconds(5);

  public final Options options;
  public final MeasuredServer measuredServer;
  public final VirtualUsers users;

  private final Path recording;
  private StoreRequests storeRequests = StoreRequests.NONE;
  private Bill bill = Bill.EMPTY;
  private boolean measuring;
  private @Nullable RecordingProfile recordingProfile;

  /**
   * Prepares a run.
   *
   * @param ackMillis for how long devices gather acknowledgements, if the options do not say
   */
  public BenchRun(
      Options options,
      MeasuredServer measuredServer,
      TokenIssuer tokenIssuer,
      Path recording,
      int ackMillis)
      throws IOException {
    this.options = options;
    this.measuredServer = measuredServer;
    this.recording = recording;
    this.users =
        new VirtualUsers(
            measuredServer.uris(),
            tokenIssuer,
            options.number("bytes", 200),
            Duration.ofMillis(options.number("ack", ackMillis)),
            readAfter(options));
  }

  /** Users read after a second, unless the option says otherwise; a negative number is never. */
  private static @Nullable Duration readAfter(Options options) {
    int millis = options.number("read", 1_000);
    return millis < 0 ? null : Duration.ofMillis(millis);
  }

  /**
   * The concurrent connection attempts for this server. Several nodes on one core get fewer: they
   * are not warm yet, and the shards of new users have to be allocated to nodes first.
   */
  public int concurrentConnects() {
    return measuredServer.uris().size() == 1 ? CONCURRENT_CONNECTS : CONCURRENT_CONNECTS / 8;
  }

  /** Whether the measured time runs. */
  public boolean measuring() {
    return measuring;
  }

  /**
   * Runs the warm-up and then the measured time, and returns the processor time of the latter.
   * Several nodes on one core warm up longer, in proportion to their number, and on both cores,
   * because each node compiles the same code.
   */
  public CpuTime measure() {
    users.runFor(
        Duration.ofSeconds(options.number("warmup", 10))
            .multipliedBy(measuredServer.uris().size()));
    if (measuredServer.uris().size() > 1) {
      measuredServer.pin();
      users.runFor(SETTLE_AFTER_PINNING);
    }
    CpuTime before = startMeasuring();
    users.runFor(Duration.ofSeconds(options.number("seconds", 10)));
    return stopMeasuring(before);
  }

  /** Starts the measured time. */
  public CpuTime startMeasuring() {
    measuredServer.startRecording();
    storeRequests = measuredServer.storeRequests();
    bill = measuredServer.bill();
    measuring = true;
    return measuredServer.cpu();
  }

  /** Ends the measured time and returns its processor time. */
  public CpuTime stopMeasuring(CpuTime before) {
    CpuTime used = measuredServer.cpu().since(before);
    measuring = false;
    storeRequests = measuredServer.storeRequests().since(storeRequests);
    bill = measuredServer.bill().since(bill);
    recordingProfile = measuredServer.stopRecording(recording);
    return used;
  }

  /** The requests to the store in the measured time. */
  public StoreRequests storeRequests() {
    return storeRequests;
  }

  /** The bill of the store for the measured time. */
  public Bill bill() {
    return bill;
  }

  /**
   * Waits for messages in flight, checks that each was delivered and stored once, and adds the
   * totals to the result.
   *
   * @throws RunFailedException if a message was lost or stored twice
   */
  public BenchResult verified(BenchResult benchResult) {
    users.awaitInFlight();
    VirtualUsers.DeliveryTotals totals = users.deliveryTotals();
    benchResult.note(totals.stored() + " stored, " + totals.delivered() + " delivered");
    if (totals.redelivered() > 0) {
      benchResult.note(totals.redelivered() + " delivered more than once");
    }
    Map<String, Long> refusals = new TreeMap<>(users.refusals());
    if (!refusals.isEmpty()) {
      benchResult.note("refused and sent again: " + refusals);
    }
    if (!totals.isConsistent()) {
      throw new RunFailedException("messages were lost or stored twice: " + totals);
    }
    return benchResult.with("lost", (double) totals.lost());
  }

  /** The first half of the devices, in most scenarios the senders. */
  public static List<BenchDevice> firstHalf(List<BenchDevice> all) {
    return all.subList(0, all.size() / 2);
  }

  /** The second half of the devices, in most scenarios the receivers. */
  public static List<BenchDevice> secondHalf(List<BenchDevice> all) {
    return all.subList(all.size() / 2, all.size());
  }

  /** The layers and methods that used the time; null if the run was not recorded. */
  public @Nullable RecordingProfile profile() {
    return recordingProfile;
  }

  @Override
  public void close() throws IOException {
    users.close();
    measuredServer.close();
  }
}
