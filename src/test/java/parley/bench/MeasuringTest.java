package parley.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.HdrHistogram.Histogram;
import org.junit.jupiter.api.Test;
import parley.bench.engine.SendSchedule;
import parley.bench.report.BenchReport;
import parley.bench.report.BenchResult;
import parley.bench.report.Bottleneck;
import parley.bench.report.CpuCost;
import parley.bench.report.CpuTime;
import parley.bench.report.RecordingProfile;

class MeasuringTest {
  private static final long MILLI = 1_000_000;
  private static final CpuTime ZERO = new CpuTime(0, 0, 0, 0, 0, 0, 0);

  /**
   * The schedule has 100 messages a second for 10 seconds. Each is answered after 1 ms, but none is
   * answered in the sixth second. A generator that waits for answers would record one slow answer
   * among 900.
   */
  @Test
  void aPauseDelaysAllMessagesThatWereDueInIt() {
    SendSchedule sendSchedule = new SendSchedule(0, 100);
    Histogram corrected = SendSchedule.histogram();
    Histogram expected = SendSchedule.histogram();
    for (int i = 0; i < 1_000; i++) {
      long intended = sendSchedule.next();
      sendSchedule.advance();
      boolean inPause = intended >= 5_000 * MILLI && intended < 6_000 * MILLI;
      SendSchedule.record(corrected, intended, inPause ? 6_000 * MILLI : intended + MILLI);
    }
    for (int i = 0; i < 900; i++) {
      expected.recordValue(MILLI);
    }
    // HdrHistogram's own correction of coordinated omission gives the same.
    expected.recordValueWithExpectedInterval(1_000 * MILLI, 10 * MILLI);
    for (double percentile : new double[] {50, 89, 92, 95, 99, 99.9}) {
      assertThat((double) corrected.getValueAtPercentile(percentile) / MILLI)
          .as("p%s", percentile)
          .isCloseTo((double) expected.getValueAtPercentile(percentile) / MILLI, within(15.0));
    }
    assertThat(corrected.getValueAtPercentile(99)).isGreaterThan(800 * MILLI);
  }

  @Test
  void theScheduleDoesNotWaitForAnswers() {
    SendSchedule sendSchedule = new SendSchedule(1_000, 3);
    for (int i = 0; i < 300; i++) {
      sendSchedule.advance();
    }
    assertThat(sendSchedule.next()).isEqualTo(1_000 + 100_000_000_000L);
  }

  @Test
  void theBusyCoreIsTheBottleneck() {
    assertThat(Bottleneck.of(0.95, 0.5, 0)).isEqualTo(Bottleneck.GENERATOR);
    assertThat(Bottleneck.of(0.95, 0.5, 0).toString()).isEqualTo("bound by load generator");
    assertThat(Bottleneck.of(0.95, 0.97, 0)).isEqualTo(Bottleneck.SERVER);
    assertThat(Bottleneck.of(0.3, 0.97, 0)).isEqualTo(Bottleneck.SERVER);
    assertThat(Bottleneck.of(0.3, 0.5, 0)).isEqualTo(Bottleneck.NEITHER);
    assertThat(Bottleneck.of(0.95, -1, 0)).isEqualTo(Bottleneck.GENERATOR);
    assertThat(Bottleneck.of(0.3, -1, 0)).isEqualTo(Bottleneck.UNKNOWN);
    // The stand-in of the store runs on the generator's core.
    assertThat(Bottleneck.of(0.3, 0.5, 0.65)).isEqualTo(Bottleneck.STORE);
    assertThat(Bottleneck.of(0.65, 0.5, 0.3)).isEqualTo(Bottleneck.GENERATOR);
    assertThat(Bottleneck.of(0.3, 0.95, 0.65)).isEqualTo(Bottleneck.SERVER);
    assertThat(Bottleneck.of(0.3, 0.5, 0.5)).isEqualTo(Bottleneck.NEITHER);
  }

  @Test
  void processorTimeIsParsedFromTheKernelsFiles() {
    // utime is 250 and stime 50 ticks. The process name contains brackets and spaces.
    String stat = "17 (a) b (c) S 1 1 1 0 -1 4194560 1 0 0 0 250 50 7 8 20 0 30 0 5 6 7";
    assertThat(CpuTime.parse(stat)).isEqualTo(3_000 * MILLI);
    String machine = "cpu  100 1 20 5000 300 2 3 4 0 0\ncpu0 1 2 3\n";
    assertThat(CpuTime.parseMachine(machine)).isEqualTo(1_300 * MILLI);
  }

  @Test
  void loadsAreSharesOfTheTimeSpan() {
    CpuTime span =
        new CpuTime(3_000, 1_500, 2_400, 90, 40, 900, 5_000)
            .since(new CpuTime(1_000, 500, 400, 40, 30, 500, 600));
    assertThat(span.generatorLoad()).isEqualTo(0.5);
    assertThat(span.serverLoad()).isEqualTo(1.0);
    assertThat(span.compiling()).isEqualTo(50);
    assertThat(span.collecting()).isEqualTo(10);
    assertThat(span.storeLoad()).isEqualTo(0.2);
    assertThat(span.otherLoad()).isEqualTo(0.5);
    assertThat(span.bottleneck()).isEqualTo(Bottleneck.SERVER);
  }

  @Test
  void theMedianOfAnEvenNumberIsTheMeanOfTheMiddleTwo() {
    assertThat(BenchReport.median(new double[] {1, 2, 9})).isEqualTo(2);
    assertThat(BenchReport.median(new double[] {1, 2, 4, 9})).isEqualTo(3);
  }

  @Test
  void optionsOfAScenarioTakePrecedence() {
    List<Options> all = Options.parse("seconds=5 pairs, pairs:window=8:seconds=7");
    assertThat(all).extracting(Options::name).containsExactly("pairs", "pairs");
    assertThat(all.get(0).number("window", 1)).isEqualTo(1);
    assertThat(all.get(0).number("seconds", 10)).isEqualTo(5);
    assertThat(all.get(1).number("window", 1)).isEqualTo(8);
    assertThat(all.get(1).number("seconds", 10)).isEqualTo(7);
    assertThat(all.get(1)).hasToString("pairs window=8 seconds=7");
    assertThatThrownBy(() -> Options.parse("pairs:window")).hasMessageContaining("window");
  }

  /** After a rename of a class, its samples would count for another layer. */
  @Test
  void prefixesOfLayersNameExistingClasses() {
    List<String> prefixes =
        RecordingProfile.prefixes().stream().filter(p -> p.startsWith("parley.")).toList();
    assertThat(prefixes)
        .isNotEmpty()
        .allSatisfy(
            prefix -> {
              String name = prefix.substring(prefix.lastIndexOf('.') + 1);
              String of = prefix.substring(0, prefix.lastIndexOf('.'));
              if (name.isEmpty() || Character.isUpperCase(name.charAt(0))) {
                String file = prefix.replace('.', '/');
                String folder = file.substring(0, file.lastIndexOf('/'));
                Path directory = Path.of("src/main/java", folder);
                try (Stream<Path> files = Files.list(directory)) {
                  assertThat(files.map(Path::toString))
                      .anyMatch(path -> path.startsWith("src/main/java/" + file));
                }
              } else {
                assertThat(Class.forName(of).getDeclaredMethods())
                    .anyMatch(method -> method.getName().startsWith(name));
              }
            });
  }

  @Test
  void aSampleBelongsToTheInnermostFrameWithALayer() {
    assertThat(
            RecordingProfile.layer(
                List.of(
                    "sun.nio.ch.SocketDispatcher.write0",
                    "sun.nio.ch.IOUtil.writeFromNativeBuffer",
                    "org.apache.pekko.io.TcpConnection.doWrite")))
        .isEqualTo("frame out: write");
    assertThat(
            RecordingProfile.layer(
                List.of(
                    "java.util.HashMap.get",
                    "org.rocksdb.RocksDB.get",
                    "org.apache.pekko.persistence.typed.internal.Running.onMessage",
                    "org.apache.pekko.dispatch.Mailbox.run")))
        .isEqualTo("journal (RocksDB)");
    assertThat(RecordingProfile.layer(List.of("java.lang.Thread.run"))).isEqualTo("other");
    assertThat(
            List.of(
                    "sun.nio.ch.IOUtil.write",
                    "sun.nio.ch.EPoll.wait",
                    "sun.nio.ch.NativeThread.current",
                    "parley.protocol.FrameReader.read",
                    "parley.protocol.Json.parse",
                    "parley.protocol.FrameWriter.write",
                    "parley.user.UserLive.acked",
                    "parley.user.FlushSchedule.flush",
                    "parley.user.UserLive.start",
                    "parley.conversation.Dispatch.next",
                    "parley.conversation.LogReader.add")
                .stream()
                .map(
                    name ->
                        RecordingProfile.layer(List.of("java.lang.Object.hashCode", name, "x.y"))))
        .containsExactly(
            "frame out: write",
            "select",
            "other",
            "decode: JSON in",
            "decode: JSON in",
            "encode: JSON out",
            "acknowledgement",
            "flush of users",
            "user",
            "dispatch",
            "conversation");
  }

  @Test
  void costsAreDividedBySamplesAndAddUp() {
    CpuTime span = new CpuTime(3_000_000, 1_000_000, 1_000_000, 100_000, 200_000, 0, 0).since(ZERO);
    CpuCost cost = CpuCost.of(span, "message", 10);
    assertThat(cost).isEqualTo(new CpuCost("message", 10, 100, 0.1, 0.2));
    assertThat(
            RecordingProfile.costs(
                    cost,
                    Map.of("session", 3L, "user", 1L, "other", 3L),
                    Map.of("user", 1_000L, "streams", 40L))
                .lines()
                .map(line -> line.strip().replaceAll("  +", "; ")))
        .containsExactly(
            "for one message: us and bytes allocated",
            "streams; 0.0; 4",
            "session; 30.0; 0",
            "user; 10.0; 100",
            "other; 30.0; 0",
            "collecting garbage; 20.0; 0",
            "compiling; 10.0; 0",
            "total; 100.0; 104");
    BenchResult benchResult = new BenchResult().serverTime(span, "message", 10);
    assertThat(benchResult.cpuCost()).isEqualTo(cost);
    assertThat(benchResult.figures()).containsEntry("server (us/message)", 100.0);
    assertThat(benchResult.withoutCpuCost().cpuCost().known()).isFalse();
    assertThat(new BenchResult().serverTime(span, "message", 0).figures()).isEmpty();
  }
}
