package parley.whole;

import static java.nio.charset.StandardCharsets.US_ASCII;

import java.io.File;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import org.HdrHistogram.ConcurrentHistogram;
import org.HdrHistogram.Histogram;
import parley.client.ClientIds;
import parley.client.ParleyClient;
import parley.client.ParleySocket;
import parley.client.ServerProcess;
import parley.client.TestAccount;

/**
 * Fifty people chat while somebody opens connections from eight addresses of this machine, begins
 * heads and bodies on them and lets them trickle. Ends by itself and prints, before and during the
 * attack, how long a message took until {@code sent}, and at the end the server's log, its
 * descriptors and who was refused.
 *
 * <pre>
 *   java -cp … parley.whole.EdgeAttack [seconds, 60] [descriptors of the server, 1024]
 * </pre>
 *
 * The server is a process of its own on the loopback address with few descriptors. Loopback is
 * exempt from the limit by address, so what it shows is the time for heads and bodies, the limit of
 * the port, and what the accept loop does.
 */
public final class EdgeAttack {
  private static final int PEOPLE = 50;
  private static final int MOST_ATTACKING = 3_000;
  private static final int A_SECOND = 300;
  private static final long TRICKLE_NANOS = TimeUnit.SECONDS.toNanos(1);

  private static final List<String> BEGINNINGS =
      List.of(
          "",
          "G",
          "GET / HTTP/1.1\r\nHost: x\r\nX: ",
          "POST /v1/auth/login HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
              + "Content-Length: 5000\r\n\r\n{");

  private EdgeAttack() {}

  /** Runs the attack. */
  public static void main(String[] args) throws Exception {
    Duration time = Duration.ofSeconds(args.length > 0 ? Integer.parseInt(args[0]) : 60);
    String descriptors = args.length > 1 ? args[1] : "1024";
    Path folder = Files.createTempDirectory("edge-attack-");
    Path log = folder.resolve("server.log");
    ServerProcess server =
        ServerProcess.prepare(
                folder.resolve("data"),
                Map.of("PARLEY_DRAIN_SECONDS", "1"),
                // Sets the soft and the hard limit; otherwise the JVM raises its own to the hard
                // one.
                List.of("prlimit", "--nofile=" + descriptors + ":" + descriptors),
                List.of())
            .alsoTo(log);
    server.launch();
    try (server;
        ParleyClient client = new ParleyClient(server.uri());
        ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      Chat chat = new Chat(client);
      chat.begin(threads);
      pass(Duration.ofSeconds(5));
      chat.clear();
      pass(Duration.ofSeconds(10));
      chat.print("before");
      long logged = size(log);
      chat.clear();
      Attack attack = new Attack(server.uri());
      long mostOpen = 0;
      long end = System.nanoTime() + time.toNanos();
      while (System.nanoTime() - end < 0) {
        attack.step();
        mostOpen = Math.max(mostOpen, open(server.pid()));
        pass(Duration.ofMillis(20));
      }
      chat.print("during");
      System.out.printf(
          "connections begun %d, ended by the server %d; descriptors of the server at most %d of %s;"
              + " log %d bytes; alive %s%n",
          attack.begun, attack.ended, mostOpen, descriptors, size(log) - logged, server.isAlive());
      metrics(server.management());
      attack.leave();
      chat.clear();
      pass(Duration.ofSeconds(5));
      chat.print("after");
      chat.end();
    }
  }

  private static void pass(Duration time) {
    LockSupport.parkNanos(time.toNanos());
  }

  private static long size(Path log) throws IOException {
    return Files.exists(log) ? Files.size(log) : 0;
  }

  private static long open(long pid) {
    String[] all = new File("/proc/" + pid + "/fd").list();
    return all == null ? -1 : all.length;
  }

  private static void metrics(URI management) {
    try (ParleyClient operator = new ParleyClient(management)) {
      operator
          .get("/metrics", null)
          .text()
          .lines()
          .filter(line -> line.startsWith("parley_connections") || line.startsWith("parley_accept"))
          .filter(line -> !line.endsWith(" 0.0"))
          .forEach(System.out::println);
    } catch (RuntimeException e) {
      System.out.println("no metrics: " + e.getMessage());
    }
  }

  /** Pairs of users, each of whom writes to the other twice a second. */
  private static final class Chat {
    private final List<ParleySocket> sockets = new ArrayList<>();
    private final List<String> conversations = new ArrayList<>();
    private final Histogram micros = new ConcurrentHistogram(3);
    private final AtomicLong failed = new AtomicLong();
    private volatile boolean over;

    Chat(ParleyClient client) {
      for (int pair = 0; pair < PEOPLE / 2; pair++) {
        TestAccount ann = client.register(ClientIds.username("ann"));
        TestAccount ben = client.register(ClientIds.username("ben"));
        String conversation = client.direct(ann, ben.userId());
        for (TestAccount one : List.of(ann, ben)) {
          sockets.add(client.connectSynced(one, "phone"));
          conversations.add(conversation);
        }
      }
    }

    void begin(ExecutorService threads) {
      for (int person = 0; person < sockets.size(); person++) {
        ParleySocket socket = sockets.get(person);
        String conversation = conversations.get(person);
        var unused = threads.submit(() -> write(socket, conversation));
      }
    }

    private void write(ParleySocket socket, String conversation) {
      while (!over) {
        long start = System.nanoTime();
        try {
          socket.text(conversation, "hello");
          micros.recordValue((System.nanoTime() - start) / 1_000);
        } catch (RuntimeException | AssertionError e) {
          failed.incrementAndGet();
        }
        pass(Duration.ofMillis(500));
      }
    }

    void clear() {
      micros.reset();
      failed.set(0);
    }

    void print(String when) {
      System.out.printf(
          "%s: %d messages, %d failed, p50 %.1f ms, p99 %.1f ms, longest %.1f ms%n",
          when,
          micros.getTotalCount(),
          failed.get(),
          micros.getValueAtPercentile(50) / 1e3,
          micros.getValueAtPercentile(99) / 1e3,
          micros.getMaxValue() / 1e3);
    }

    void end() {
      over = true;
      sockets.forEach(ParleySocket::close);
    }
  }

  /** Connections that send slowly: a bounded number, and so many new ones a second. */
  private static final class Attack {
    private final InetSocketAddress server;
    private final Deque<SocketChannel> all = new ArrayDeque<>();
    private final long start = System.nanoTime();
    private long trickledAt = start;
    private long begun;
    private long ended;
    private int next;

    Attack(URI server) {
      this.server = new InetSocketAddress(server.getHost(), server.getPort());
    }

    void step() throws IOException {
      long now = System.nanoTime();
      long due = (now - start) * A_SECOND / 1_000_000_000L;
      while (begun < due && all.size() < MOST_ATTACKING) {
        begin();
      }
      begun = Math.max(begun, due);
      if (now - trickledAt >= TRICKLE_NANOS) {
        trickledAt = now;
        trickle();
      }
    }

    private void begin() throws IOException {
      SocketChannel channel = SocketChannel.open();
      begun++;
      try {
        channel.bind(new InetSocketAddress("127.0.0." + (2 + begun % 8), 0));
        // Never waits: if no connection is accepted, the kernel's queue is full.
        channel.configureBlocking(false);
        channel.connect(server);
        all.add(channel);
      } catch (IOException e) {
        ended++;
        channel.close();
      }
    }

    /** Sends a byte on each connection, and forgets those that the server has ended. */
    private void trickle() throws IOException {
      ByteBuffer read = ByteBuffer.allocate(4_096);
      for (Iterator<SocketChannel> each = all.iterator(); each.hasNext(); ) {
        SocketChannel channel = each.next();
        boolean gone;
        try {
          gone = channel.isConnected() && channel.read(read.clear()) < 0;
          if (channel.isConnected() && !gone) {
            channel.write(bytes("y"));
          } else if (!gone && channel.finishConnect()) {
            channel.write(bytes(BEGINNINGS.get(next++ % BEGINNINGS.size())));
          }
        } catch (IOException e) {
          gone = true;
        }
        if (gone) {
          ended++;
          each.remove();
          channel.close();
        }
      }
    }

    private static ByteBuffer bytes(String text) {
      return ByteBuffer.wrap(text.getBytes(US_ASCII));
    }

    void leave() throws IOException {
      for (SocketChannel channel : all) {
        channel.close();
      }
      all.clear();
    }
  }
}
