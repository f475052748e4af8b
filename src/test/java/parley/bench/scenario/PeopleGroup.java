package parley.bench.scenario;

import java.time.Duration;
import java.util.List;
import parley.bench.engine.BenchConversation;
import parley.bench.engine.BenchDevice;
import parley.bench.engine.BenchRun;
import parley.bench.engine.Metronome;
import parley.bench.report.BenchResult;
import parley.bench.report.CpuTime;

/**
 * A group of which a few members are connected and write in turn, a message every {@code every}
 * milliseconds. The others are away until the end, when they fetch what came.
 */
public final class PeopleGroup extends PeopleScenario {
  @Override
  public BenchResult play(BenchRun benchRun) {
    CostRun costRun = new CostRun(benchRun, "group");
    int members = CostRun.scaled(benchRun, benchRun.options.number("members", 50));
    int connected = Math.min(members, benchRun.options.number("connected", 10));
    int every = benchRun.options.number("every", 3_000);
    List<BenchDevice> all = costRun.users(members);
    BenchConversation group = benchRun.crowd.group(all);
    benchRun.crowd.pass(Duration.ofSeconds(5));
    List<BenchDevice> here = all.subList(0, connected);
    List<BenchDevice> away = all.subList(connected, members);
    away.forEach(BenchDevice::leave);
    costRun.asleep();
    Metronome metronome =
        Metronome.start(
            benchRun.crowd.eventLoop,
            1000.0 / every,
            (number, intended) ->
                here.get((int) (number % connected)).send(group, intended, connected - 1));
    CpuTime used = costRun.steady();
    metronome.stop();
    benchRun.crowd.open(away, benchRun.atOnce());
    benchRun.crowd.pass(Duration.ofSeconds(5));
    return costRun.result(used);
  }
}
