package parley.port;

import java.time.Duration;
import java.util.Arrays;
import java.util.Objects;
import java.util.concurrent.TimeoutException;
import javax.net.ssl.SSLSession;
import org.apache.pekko.stream.BidiShape;
import org.apache.pekko.stream.Inlet;
import org.apache.pekko.stream.Outlet;
import org.apache.pekko.stream.TLSProtocol.SendBytes;
import org.apache.pekko.stream.TLSProtocol.SessionBytes;
import org.apache.pekko.stream.TLSProtocol.SslTlsInbound;
import org.apache.pekko.stream.TLSProtocol.SslTlsOutbound;
import org.apache.pekko.stream.stage.AbstractInHandler;
import org.apache.pekko.stream.stage.AbstractOutHandler;
import org.apache.pekko.stream.stage.TimerGraphStageLogic;
import org.apache.pekko.util.ByteString;
import org.jspecify.annotations.Nullable;
import parley.port.OpenConnection.Signal;

/**
 * The running guard of one connection. It holds heads back until they are complete and valid, and
 * passes bodies on as they arrive. After a switch to another protocol it passes everything and
 * checks only for silence.
 *
 * <p>There is one timer, set to the earliest possible deadline. So an idle connection wakes once in
 * {@link PortLimits#idle}, not every second.
 */
final class RequestGuardLogic extends TimerGraphStageLogic {
  /** How long a client may take to receive the last answer of a connection that the guard ends. */
  private static final Duration LINGER = Duration.ofSeconds(10);

  private static final String TIMER = "late";
  private static final ByteString SWITCHING = ByteString.fromString("HTTP/1.1 101 ");

  private enum Waiting {
    NOTHING,
    HEAD,
    BODY,
    END
  }

  private final Inlet<SslTlsOutbound> fromHttp;
  private final Outlet<ByteString> toNet;
  private final Inlet<ByteString> fromNet;
  private final Outlet<SslTlsInbound> toHttp;
  private final PortLimits limits;
  private final PortMeters meters;
  private final SSLSession session;
  private final OpenConnection connection;

  /** Null after the switch to another protocol. */
  private @Nullable RequestFraming framing = new RequestFraming();

  // The beginning of a head; bytes after a request for another protocol; the refusal that goes to
  // the library next.
  private byte @Nullable [] held;
  private int heldBytes;
  private @Nullable ByteString behind;
  private @Nullable ByteString last;
  private boolean finishing;
  private boolean ending;

  // Times in nanoseconds of System.nanoTime.
  private long lastBytes;
  private Waiting waiting = Waiting.HEAD;
  private long deadline;
  private long timerAt;
  private boolean timed;

  RequestGuardLogic(
      BidiShape<SslTlsOutbound, ByteString, ByteString, SslTlsInbound> shape,
      PortLimits limits,
      PortMeters meters,
      SSLSession session,
      OpenConnection connection) {
    super(shape);
    this.fromHttp = shape.in1();
    this.toNet = shape.out1();
    this.fromNet = shape.in2();
    this.toHttp = shape.out2();
    this.limits = limits;
    this.meters = meters;
    this.session = session;
    this.connection = connection;
    inward();
    outward();
  }

  private void inward() {
    setHandler(
        fromNet,
        new AbstractInHandler() {
          @Override
          public void onPush() {
            lastBytes = System.nanoTime();
            ByteString bytes = grab(fromNet);
            if (framing == null) {
              push(toHttp, new SessionBytes(session, bytes));
            } else if (ending) {
              // Discards the bytes: closing with unread bytes would reset the connection and lose
              // the answer.
              pull(fromNet);
            } else {
              take(framing, bytes);
            }
          }

          @Override
          public void onUpstreamFinish() {
            if (last == null && behind == null) {
              complete(toHttp);
            }
          }

          @Override
          public void onUpstreamFailure(Throwable cause) {
            fail(toHttp, cause);
          }
        });
    setHandler(
        toHttp,
        new AbstractOutHandler() {
          @Override
          public void onPull() {
            more();
          }

          @Override
          public void onDownstreamFinish(Throwable cause) {
            if (!ending) {
              cancel(fromNet, cause);
            }
          }
        });
  }

  private void outward() {
    setHandler(
        fromHttp,
        new AbstractInHandler() {
          @Override
          public void onPush() {
            lastBytes = System.nanoTime();
            if (grab(fromHttp) instanceof SendBytes bytes) {
              push(toNet, bytes.bytes());
              if (framing != null && framing.isAsked()) {
                decided(bytes.bytes());
              }
            } else {
              pull(fromHttp);
            }
          }

          @Override
          public void onUpstreamFinish() {
            complete(toNet);
            if (ending) {
              cancel(fromNet);
            }
          }

          @Override
          public void onUpstreamFailure(Throwable cause) {
            fail(toNet, cause);
          }
        });
    setHandler(
        toNet,
        new AbstractOutHandler() {
          @Override
          public void onPull() {
            if (!isClosed(fromHttp) && !hasBeenPulled(fromHttp)) {
              pull(fromHttp);
            }
          }

          @Override
          public void onDownstreamFinish(Throwable cause) {
            cancel(fromHttp, cause);
          }
        });
  }

  /** Checks whether this answer grants the switch to another protocol. */
  private void decided(ByteString answer) {
    if (connection.isSwitching() && answer.startsWith(SWITCHING, 0)) {
      framing = null;
      waiting = Waiting.NOTHING;
      if (isAvailable(toHttp)) {
        more();
      }
    }
  }

  @Override
  public void preStart() {
    lastBytes = System.nanoTime();
    deadline = lastBytes + limits.head().toNanos();
    schedule();
    var signals = createAsyncCallback(this::told);
    connection.runs(signals::invoke);
  }

  @Override
  public void postStop() {
    connection.end();
  }

  private void told(Signal signal) {
    RequestFraming current = framing;
    switch (signal) {
      case STAYS_HTTP -> {
        boolean asked = current != null && current.isAsked();
        if (current != null) {
          current.staysHttp();
        }
        if (asked) {
          if (finishing) {
            end(null);
          } else if (isAvailable(toHttp)) {
            more();
          }
        }
      }
      case FINISH -> {
        finishing = true;
        if (current != null && current.isBetween() && !ending) {
          end(null);
        }
      }
      case CUT -> failStage(new Ended("the server stops"));
    }
  }

  /** Called when the library wants bytes. */
  private void more() {
    RequestFraming current = framing;
    if (ending) {
      ByteString refusal = last;
      if (refusal != null) {
        last = null;
        push(toHttp, new SessionBytes(session, refusal));
        complete(toHttp);
      }
    } else if (current != null && current.isAsked()) {
      // These bytes wait until the handler has decided about their protocol: at most one read of
      // them.
      return;
    } else if (behind != null) {
      ByteString bytes = behind;
      behind = null;
      if (current == null) {
        push(toHttp, new SessionBytes(session, bytes));
      } else {
        take(current, bytes);
      }
    } else if (isClosed(fromNet)) {
      complete(toHttp);
    } else if (!hasBeenPulled(fromNet)) {
      pull(fromNet);
    }
  }

  /** Passes on the complete and valid part of these bytes and of the bytes held back. */
  private void take(RequestFraming now, ByteString bytes) {
    byte[] array = bytes.toArrayUnsafe();
    int at = 0;
    int good = 0;
    int head = 0;
    boolean inBody = false;
    while (at < array.length && !now.isAsked() && !now.isRefused()) {
      inBody = now.isInBody();
      if (now.isBetween()) {
        head = at;
      }
      at = now.advance(array, at, array.length);
      if (now.isHeadWhole()) {
        if (heldBytes > 0 && good == 0) {
          hold(array, 0, at);
          now.read(held(), 0, heldBytes);
        } else {
          now.read(array, head, at);
        }
        // The head is complete: the next wait is a new one, with its own deadline.
        waiting = Waiting.NOTHING;
        good = now.isRefused() ? good : at;
      } else if (inBody) {
        good = at;
      }
    }
    ByteString passed = passed(bytes, good);
    if (now.isRefused()) {
      meters.malformed.increment();
      refused(now, passed, inBody);
      return;
    }
    if (now.isInHead()) {
      hold(array, good, array.length);
    } else if (at < array.length) {
      behind = bytes.drop(at);
    }
    if (passed != null) {
      push(toHttp, new SessionBytes(session, passed));
    }
    waitForRest(now);
    if (finishing && now.isBetween()) {
      end(null);
    } else if (passed == null) {
      more();
    }
  }

  /**
   * The bytes to pass on: the head that was held back, if it is complete now, and these bytes up to
   * {@code good}. Null if there are none.
   */
  private @Nullable ByteString passed(ByteString bytes, int good) {
    if (good == 0) {
      return null;
    }
    if (heldBytes == 0) {
      return good == bytes.size() ? bytes : bytes.take(good);
    }
    // The held bytes already include those that completed the head.
    ByteString whole = ByteString.fromArrayUnsafe(held(), 0, heldBytes);
    ByteString rest = bytes.slice(headEnd, good);
    held = null;
    heldBytes = 0;
    return rest.isEmpty() ? whole : whole.concat(rest);
  }

  /** Index in the newest bytes at which the held head ends. */
  private int headEnd;

  private void hold(byte[] bytes, int from, int to) {
    int size = heldBytes + to - from;
    byte[] larger = held;
    if (larger == null) {
      larger = new byte[Math.max(512, size)];
    } else if (larger.length < size) {
      larger = Arrays.copyOf(larger, Math.max(size, 2 * larger.length));
    }
    System.arraycopy(bytes, from, larger, heldBytes, to - from);
    held = larger;
    heldBytes = size;
    headEnd = to;
  }

  private byte[] held() {
    byte[] bytes = held;
    return bytes == null ? new byte[0] : bytes;
  }

  private void refused(RequestFraming now, @Nullable ByteString passed, boolean inBody) {
    if (inBody) {
      // The library already reads this request: its body ends early, which the reader notices.
      if (passed != null) {
        push(toHttp, new SessionBytes(session, passed));
      }
      end(null);
    } else {
      ByteString refusal =
          (now.isTooLarge() ? GuardRefusal.TOO_LARGE : GuardRefusal.MALFORMED).request();
      end(passed == null ? refusal : passed.concat(refusal));
    }
  }

  /**
   * Accepts no more requests. The library answers the requests it has, then this refusal if there
   * is one, and closes the connection.
   */
  private void end(@Nullable ByteString refusal) {
    ending = true;
    held = null;
    heldBytes = 0;
    behind = null;
    if (!isClosed(toHttp)) {
      if (refusal == null) {
        complete(toHttp);
      } else if (isAvailable(toHttp)) {
        push(toHttp, new SessionBytes(session, refusal));
        complete(toHttp);
      } else {
        last = refusal;
      }
    }
    if (!isClosed(fromNet) && !hasBeenPulled(fromNet)) {
      pull(fromNet);
    }
    if (!finishing) {
      waitFor(Waiting.END, LINGER);
    }
  }

  // ---- time

  private void waitForRest(RequestFraming now) {
    if (now.isInHead()) {
      waitFor(Waiting.HEAD, limits.head());
    } else if (now.isInBody()) {
      waitFor(Waiting.BODY, limits.body());
    } else {
      waiting = Waiting.NOTHING;
    }
  }

  /** Starts a new deadline, unless the guard already waits for the same thing. */
  private void waitFor(Waiting what, Duration time) {
    if (waiting != what) {
      waiting = what;
      deadline = System.nanoTime() + time.toNanos();
      schedule();
    }
  }

  private void schedule() {
    long idle = lastBytes + limits.idle().toNanos();
    long next = waiting == Waiting.NOTHING || idle - deadline < 0 ? idle : deadline;
    if (!timed || next - timerAt < 0) {
      timed = true;
      timerAt = next;
      // Adds 1 ms: a timer that fires early would be set again and again.
      long nanos = Math.max(0, next - System.nanoTime()) + 1_000_000;
      scheduleOnce(TIMER, Duration.ofNanos(nanos));
    }
  }

  @Override
  public void onTimer(Object key) {
    timed = false;
    long now = System.nanoTime();
    if (now - lastBytes >= limits.idle().toNanos()) {
      failStage(new Ended("the connection was silent for " + limits.idle()));
      return;
    }
    if (waiting != Waiting.NOTHING && now - deadline >= 0) {
      late();
    }
    schedule();
  }

  private void late() {
    switch (waiting) {
      case HEAD -> {
        meters.lateHeads.increment();
        end(heldBytes == 0 ? null : GuardRefusal.TOO_LATE.request());
      }
      case BODY -> {
        meters.lateBodies.increment();
        end(null);
      }
      case END -> failStage(new Ended("the answer was not received"));
      case NOTHING -> {}
    }
  }

  /** Loads every class that a refusal needs. */
  static void load() {
    for (GuardRefusal refusal : GuardRefusal.values()) {
      Objects.requireNonNull(refusal.request());
    }
    Objects.requireNonNull(new Ended("").getMessage());
  }

  /** The server ends a connection. This is expected, so the exception has no stack trace. */
  private static final class Ended extends TimeoutException {
    private static final long serialVersionUID = 1L;

    Ended(String why) {
      super(why);
    }

    @Override
    public synchronized Throwable fillInStackTrace() {
      return this;
    }
  }
}
