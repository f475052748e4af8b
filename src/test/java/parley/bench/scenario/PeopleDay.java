package parley.bench.scenario;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import parley.bench.engine.BenchConversation;
import parley.bench.engine.BenchDevice;
import parley.bench.engine.BenchRun;
import parley.bench.engine.EventLoop;
import parley.bench.engine.VirtualUsers;
import parley.bench.report.BenchResult;
import parley.bench.report.CpuTime;
import parley.bench.report.RunFailedException;

/**
 * A simulated day of pairs and groups without its inactive hours. Users exchange some messages and
 * then pause for minutes, so that conversations and users are passivated. Phones disconnect and
 * reconnect. A message may make an offline phone connect. All random choices depend only on {@code
 * seed}.
 */
public final class PeopleDay extends PeopleScenario {
  private static final int GROUP_SIZE = 12;

  /** Means of exponentially distributed times. */
  private static final double MEAN_ONLINE_SECONDS = 75;

  private static final double MEAN_OFFLINE_SECONDS = 200;
  private static final double MEAN_PAUSE_SECONDS = 240;

  /** The probability that a message makes an offline phone connect. */
  private static final double CONNECT_PROBABILITY = 0.5;

  /** The most messages of a chat before its next pause. */
  private static final int MAX_MESSAGES = 10;

  @Override
  public BenchResult run(BenchRun benchRun) {
    int pairs = CostMeasurement.scaled(benchRun, benchRun.options.number("pairs", 30));
    int groups = CostMeasurement.scaled(benchRun, benchRun.options.number("groups", 4));
    return new Day(benchRun, pairs, groups).run();
  }

  /** A user's phone. */
  private static final class Phone {
    final BenchDevice device;
    boolean online = true;
    boolean connecting;

    Phone(BenchDevice device) {
      this.device = device;
    }
  }

  /** A conversation and the phones of its members. */
  private record Chat(BenchConversation conversation, List<Phone> phones) {}

  /** The phones, their chats, and what happens until the end of the measured time. */
  private static final class Day {
    private final BenchRun benchRun;
    private final VirtualUsers users;
    private final EventLoop eventLoop;
    private final CostMeasurement measurement;
    private final SplittableRandom random;
    private final List<Phone> phones = new ArrayList<>();
    private final List<Chat> chats = new ArrayList<>();
    private boolean ended;

    Day(BenchRun benchRun, int pairs, int groups) {
      this.benchRun = benchRun;
      users = benchRun.users;
      eventLoop = users.eventLoop;
      measurement = new CostMeasurement(benchRun, "day");
      random = new SplittableRandom(benchRun.options.number("seed", 1));
      List<BenchDevice> all = measurement.connectUsers(2 * pairs);
      all.forEach(device -> phones.add(new Phone(device)));
      List<BenchConversation> conversations =
          users.startConversations(BenchRun.firstHalf(all), BenchRun.secondHalf(all));
      for (int i = 0; i < pairs; i++) {
        chats.add(new Chat(conversations.get(i), List.of(phones.get(i), phones.get(pairs + i))));
      }
      for (int g = 0; g < groups; g++) {
        List<Phone> members = new ArrayList<>();
        for (int i = 0; i < Math.min(GROUP_SIZE, phones.size()); i++) {
          members.add(phones.get((g * GROUP_SIZE + i) % phones.size()));
        }
        BenchConversation group =
            users.createGroup(members.stream().map(phone -> phone.device).toList());
        chats.add(new Chat(group, members));
      }
    }

    BenchResult run() {
      phones.forEach(phone -> runAfter(exponential(MEAN_ONLINE_SECONDS), () -> disconnect(phone)));
      chats.forEach(chat -> runAfter(exponential(MEAN_PAUSE_SECONDS), () -> startChat(chat)));
      CpuTime used = measurement.measureSteadyLoad(600);
      ended = true;
      if (!users.runUntil(
          () -> phones.stream().noneMatch(phone -> phone.connecting),
          VirtualUsers.ARRIVAL_TIMEOUT)) {
        throw new RunFailedException("a phone did not connect");
      }
      users.connectAll(
          phones.stream().filter(phone -> !phone.online).map(phone -> phone.device).toList(),
          benchRun.concurrentConnects());
      users.runFor(Duration.ofSeconds(5));
      return measurement.result(used);
    }

    private void disconnect(Phone phone) {
      if (phone.device.hasMessagesInFlight()) {
        runAfter(1, () -> disconnect(phone));
      } else if (phone.online) {
        phone.online = false;
        phone.device.disconnect();
        runAfter(exponential(MEAN_OFFLINE_SECONDS), () -> connect(phone, () -> {}));
      }
    }

    /** Connects an offline phone. {@code then} runs when the phone is online. */
    private void connect(Phone phone, Runnable then) {
      if (phone.online) {
        then.run();
      } else if (!phone.connecting) {
        phone.connecting = true;
        users.connect(
            phone.device,
            () -> {
              phone.connecting = false;
              phone.online = true;
              runAfter(15 + exponential(MEAN_ONLINE_SECONDS), () -> disconnect(phone));
              then.run();
            });
      }
    }

    private void startChat(Chat chat) {
      Phone first = randomPhone(chat.phones);
      int messages = random.nextInt(1, MAX_MESSAGES + 1);
      connect(first, () -> sendMessage(chat, first, messages));
      runAfter(10 + exponential(MEAN_PAUSE_SECONDS), () -> startChat(chat));
    }

    private void sendMessage(Chat chat, Phone phone, int left) {
      if (phone.online) {
        phone.device.send(chat.conversation, System.nanoTime(), 0);
        Phone other = randomPhone(chat.phones);
        if (!other.online && random.nextDouble() < CONNECT_PROBABILITY) {
          runAfter(random.nextDouble(3, 15), () -> connect(other, () -> {}));
        }
      }
      List<Phone> online = chat.phones.stream().filter(member -> member.online).toList();
      if (left > 1 && !online.isEmpty()) {
        runAfter(random.nextDouble(2, 8), () -> sendMessage(chat, randomPhone(online), left - 1));
      }
    }

    private Phone randomPhone(List<Phone> candidates) {
      return candidates.get(random.nextInt(candidates.size()));
    }

    /** Draws from an exponential distribution. */
    private double exponential(double meanSeconds) {
      return -Math.log(1 - random.nextDouble()) * meanSeconds;
    }

    /** Runs an action later, unless the measured time is over by then. */
    private void runAfter(double seconds, Runnable action) {
      eventLoop.runAt(
          System.nanoTime() + (long) (seconds * 1e9),
          () -> {
            if (!ended) {
              action.run();
            }
          });
    }
  }
}
