package parley.bench.scenario;

import java.time.Duration;
import java.util.List;
import parley.bench.engine.BenchConversation;
import parley.bench.engine.BenchDevice;
import parley.bench.engine.BenchRun;
import parley.bench.engine.FixedRateTimer;
import parley.bench.report.BenchResult;
import parley.bench.report.CpuTime;

/**
 * A group of which a few members are connected and write in turn, one message every {@code every}
 * milliseconds. The other members stay offline until the end, when they fetch their messages.
 */
public final class PeopleGroup extends PeopleScenario {
  @Override
  public BenchResult run(BenchRun benchRun) {
    CostMeasurement measurement = new CostMeasurement(benchRun, "group");
    int members = CostMeasurement.scaled(benchRun, benchRun.options.number("members", 50));
    int connected = Math.min(members, benchRun.options.number("connected", 10));
    int every = benchRun.options.number("every", 3_000);
    List<BenchDevice> all = measurement.connectUsers(members);
    BenchConversation group = benchRun.users.createGroup(all);
    benchRun.users.runFor(Duration.ofSeconds(5));
    List<BenchDevice> online = all.subList(0, connected);
    List<BenchDevice> offline = all.subList(connected, members);
    offline.forEach(BenchDevice::disconnect);
    measurement.awaitPassivation();
    FixedRateTimer timer =
        FixedRateTimer.start(
            benchRun.users.eventLoop,
            1000.0 / every,
            (number, intended) ->
                online.get((int) (number % connected)).send(group, intended, connected - 1));
    CpuTime used = measurement.measureSteadyLoad();
    timer.stop();
    benchRun.users.connectAll(offline, benchRun.concurrentConnects());
    benchRun.users.runFor(Duration.ofSeconds(5));
    return measurement.result(used);
  }
}
