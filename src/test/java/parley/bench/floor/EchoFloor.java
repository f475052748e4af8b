package parley.bench.floor;

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
import parley.bench.Options;
import parley.bench.engine.BenchSocket;
import parley.bench.engine.ChildProcess;
import parley.bench.engine.EventLoop;
import parley.bench.engine.FrameText;
import parley.bench.engine.JvmOptions;
import parley.bench.engine.SendSchedule;
import parley.bench.report.BenchResult;
import parley.bench.report.CpuTime;
import parley.bench.report.RunFailedException;

/**
 * The best possible rate of the WebSocket library: each connection keeps a window of messages in
 * flight through an {@link EchoServer}. A message of Parley takes at least two such round trips:
 * one for the message and {@code sent}, one for the delivery and its acknowledgement.
 */
public final class EchoFloor implements Floor {
  @Override
  public BenchResult measure(Options options, Path folder, List<String> jvm) throws IOException {
    int connections = options.number("connections", 200);
    int window = options.number("window", 1);
    FrameText payload = new FrameText().fill('.', options.number("bytes", 200));
    Histogram times = SendSchedule.histogram();
    State state = new State(times);
    try (ChildProcess server = ChildProcess.start(EchoServer.class, JvmOptions.options(jvm));
        EventLoop eventLoop = new EventLoop()) {
      int port = Integer.parseInt(server.readLine("port "));
      for (int i = 0; i < connections; i++) {
        EchoClient client = new EchoClient(state, payload, window);
        client.benchSocket =
            BenchSocket.connect(
                eventLoop,
                client,
                new InetSocketAddress(InetAddress.getLoopbackAddress(), port),
                null);
      }
      eventLoop.runFor(Duration.ofSeconds(options.number("warmup", 10)));
      CpuTime before = CpuTime.now(server.pid());
      state.measuring = true;
      eventLoop.runFor(Duration.ofSeconds(options.number("seconds", 10)));
      state.measuring = false;
      CpuTime used = CpuTime.now(server.pid()).since(before);
      if (state.failure != null || state.opened < connections) {
        throw new RunFailedException("echo: " + state.failure + ", " + state.opened + " opened");
      }
      return new BenchResult()
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

  private static final class EchoClient implements BenchSocket.Listener {
    private final State state;
    private final FrameText payload;
    private final int window;
    private final ArrayDeque<Long> sent = new ArrayDeque<>();
    private @Nullable BenchSocket benchSocket;

    EchoClient(State state, FrameText payload, int window) {
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
    public void textReceived(byte[] bytes, int start, int end) {
      if (state.measuring) {
        state.count++;
        SendSchedule.record(state.times, sent.element(), System.nanoTime());
      }
      sent.remove();
      send();
    }

    private void send() {
      sent.add(System.nanoTime());
      Objects.requireNonNull(benchSocket).sendText(payload);
    }

    @Override
    public void inputDrained() {}

    @Override
    public void closed(String why) {
      state.failure = why;
    }
  }
}
