package parley.bench.scenario;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import parley.bench.engine.BenchConversation;
import parley.bench.engine.BenchDevice;
import parley.bench.engine.BenchRun;
import parley.bench.engine.Crowd;
import parley.bench.engine.EventLoop;
import parley.bench.report.BenchResult;
import parley.bench.report.CpuTime;
import parley.bench.report.RunFailedException;

/**
 * A day of pairs and groups, without the hours in which nothing happens. People talk for some
 * messages, then pause for minutes, in which conversations and users fall asleep. Phones come and
 * go; a phone that is away may come when somebody writes. What a person does is drawn by lot, the
 * same in every run with the same {@code seed}.
 */
public final class PeopleDay extends PeopleScenario {
  private static final int GROUP_SIZE = 12;

  /** Means of what is drawn by lot, in seconds. */
  private static final double HERE = 75;

  private static final double AWAY = 200;
  private static final double PAUSE = 240;

  private static final double REACHED = 0.5;
  private static final int MOST_MESSAGES = 10;

  @Override
  public BenchResult play(BenchRun benchRun) {
    int pairs = CostRun.scaled(benchRun, benchRun.options.number("pairs", 30));
    int groups = CostRun.scaled(benchRun, benchRun.options.number("groups", 4));
    return new Town(benchRun, pairs, groups).live();
  }

  /** Somebody's phone. */
  private static final class Phone {
    final BenchDevice device;
    boolean here = true;
    boolean coming;

    Phone(BenchDevice device) {
      this.device = device;
    }
  }

  /** A conversation with the phones of its members. */
  private record Talk(BenchConversation conversation, List<Phone> phones) {}

  /** Everybody, and what they do until the day is over. */
  private static final class Town {
    private final BenchRun benchRun;
    private final Crowd crowd;
    private final EventLoop eventLoop;
    private final CostRun costRun;
    private final SplittableRandom random;
    private final List<Phone> phones = new ArrayList<>();
    private final List<Talk> talks = new ArrayList<>();
    private boolean over;

    Town(BenchRun benchRun, int pairs, int groups) {
      this.benchRun = benchRun;
      crowd = benchRun.crowd;
      eventLoop = crowd.eventLoop;
      costRun = new CostRun(benchRun, "day");
      random = new SplittableRandom(benchRun.options.number("seed", 1));
      List<BenchDevice> all = costRun.users(2 * pairs);
      all.forEach(device -> phones.add(new Phone(device)));
      List<BenchConversation> convs = crowd.acquaint(BenchRun.half(all, 0), BenchRun.half(all, 1));
      for (int i = 0; i < pairs; i++) {
        talks.add(new Talk(convs.get(i), List.of(phones.get(i), phones.get(pairs + i))));
      }
      for (int g = 0; g < groups; g++) {
        List<Phone> members = new ArrayList<>();
        for (int i = 0; i < Math.min(GROUP_SIZE, phones.size()); i++) {
          members.add(phones.get((g * GROUP_SIZE + i) % phones.size()));
        }
        BenchConversation group = crowd.group(members.stream().map(one -> one.device).toList());
        talks.add(new Talk(group, members));
      }
    }

    BenchResult live() {
      phones.forEach(phone -> after(mean(HERE), () -> go(phone)));
      talks.forEach(talk -> after(mean(PAUSE), () -> begin(talk)));
      CpuTime used = costRun.steady(600);
      over = true;
      if (!crowd.until(() -> phones.stream().noneMatch(one -> one.coming), Crowd.PATIENCE)) {
        throw new RunFailedException("a phone does not come");
      }
      crowd.open(
          phones.stream().filter(one -> !one.here).map(one -> one.device).toList(),
          benchRun.atOnce());
      crowd.pass(Duration.ofSeconds(5));
      return costRun.result(used);
    }

    private void go(Phone phone) {
      if (phone.device.isSending()) {
        after(1, () -> go(phone));
      } else if (phone.here) {
        phone.here = false;
        phone.device.leave();
        after(mean(AWAY), () -> come(phone, () -> {}));
      }
    }

    /** The phone connects if it is away; {@code then} runs when it is there. */
    private void come(Phone phone, Runnable then) {
      if (phone.here) {
        then.run();
      } else if (!phone.coming) {
        phone.coming = true;
        crowd.connect(
            phone.device,
            () -> {
              phone.coming = false;
              phone.here = true;
              after(15 + mean(HERE), () -> go(phone));
              then.run();
            });
      }
    }

    private void begin(Talk talk) {
      Phone first = any(talk.phones);
      int messages = random.nextInt(1, MOST_MESSAGES + 1);
      come(first, () -> say(talk, first, messages));
      after(10 + mean(PAUSE), () -> begin(talk));
    }

    private void say(Talk talk, Phone phone, int left) {
      if (phone.here) {
        phone.device.send(talk.conversation, System.nanoTime(), 0);
        Phone other = any(talk.phones);
        if (!other.here && random.nextDouble() < REACHED) {
          after(random.nextDouble(3, 15), () -> come(other, () -> {}));
        }
      }
      List<Phone> here = talk.phones.stream().filter(one -> one.here).toList();
      if (left > 1 && !here.isEmpty()) {
        after(random.nextDouble(2, 8), () -> say(talk, any(here), left - 1));
      }
    }

    private Phone any(List<Phone> of) {
      return of.get(random.nextInt(of.size()));
    }

    private double mean(double seconds) {
      return -Math.log(1 - random.nextDouble()) * seconds;
    }

    private void after(double seconds, Runnable what) {
      eventLoop.at(
          System.nanoTime() + (long) (seconds * 1e9),
          () -> {
            if (!over) {
              what.run();
            }
          });
    }
  }
}
