package parley.bench;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.List;
import java.util.Objects;
import org.HdrHistogram.Histogram;
import org.jspecify.annotations.Nullable;

/**
 * What the socket library can do at the best: N connections keep W messages on their way through an
 * {@link EchoServer}. One message of Parley is two such passes at the least: one in and {@code
 * sent} back, one out and the acknowledgement back.
 */
final class EchoFloor implements Floor {
  @Override
  public Result measure(Options options, Path folder, List<String> jvm) throws IOException {
    int connections = options.number("connections", 200);
    int window = options.number("window", 1);
    Text payload = new Text().fill('.', options.number("bytes", 200));
    Histogram times = Pace.histogram();
    State state = new State(times);
    try (Child server = Child.start(EchoServer.class, Jvm.options(jvm));
        Loop loop = new Loop()) {
      int port = Integer.parseInt(server.line("port "));
      for (int i = 0; i < connections; i++) {
        Echoer echoer = new Echoer(state, payload, window);
        echoer.wire =
            Wire.connect(
                loop, echoer, new InetSocketAddress(InetAddress.getLoopbackAddress(), port), null);
      }
      loop.pass(Duration.ofSeconds(options.number("warmup", 10)));
      Cpu before = Cpu.now(server.pid());
      state.measuring = true;
      loop.pass(Duration.ofSeconds(options.number("seconds", 10)));
      state.measuring = false;
      Cpu used = Cpu.now(server.pid()).since(before);
      if (state.failure != null || state.opened < connections) {
        throw new RunFailedException("echo: " + state.failure + ", " + state.opened + " opened");
      }
      return new Result()
          .with("echoes/s", state.count / used.seconds())
          .latencies("echo", times)
          .cpu(used, "echo", state.count);
    }
  }

  private static final class State {
    final Histogram times;
    boolean measuring;
    long count;
    int opened;
    @Nullable String failure;

    State(Histogram times) {
      this.times = times;
    }
  }

  private static final class Echoer implements Wire.User {
    private final State state;
    private final Text payload;
    private final int window;
    private final ArrayDeque<Long> sent = new ArrayDeque<>();
    private @Nullable Wire wire;

    Echoer(State state, Text payload, int window) {
      this.state = state;
      this.payload = payload;
      this.window = window;
    }

    @Override
    public void opened() {
      state.opened++;
      for (int i = 0; i < window; i++) {
        send();
      }
    }

    @Override
    public void text(byte[] bytes, int start, int end) {
      if (state.measuring) {
        state.count++;
        Pace.record(state.times, sent.element(), System.nanoTime());
      }
      sent.remove();
      send();
    }

    private void send() {
      sent.add(System.nanoTime());
      Objects.requireNonNull(wire).text(payload);
    }

    @Override
    public void drained() {}

    @Override
    public void closed(String why) {
      state.failure = why;
    }
  }
}
