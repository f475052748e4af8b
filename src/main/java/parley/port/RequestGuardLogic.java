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
 * One connection at work. Heads are held back until they are whole and good; bodies pass as they
 * come; after a switch to another protocol everything passes, and only silence is looked at.
 *
 * <p>There is one timer, which is set to the nearest time at which something could be late: an idle
 * connection wakes once in {@link PortLimits#idle}, not every second.
 */
final class RequestGuardLogic extends TimerGraphStageLogic {
  /** How long a client may take to receive the answer to what was refused. */
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

  /** Null once another protocol is spoken. */
  private @Nullable RequestFraming framing = new RequestFraming();

  // The beginning of a head; what came behind a request for another protocol; what goes in next.
  private byte @Nullable [] held;
  private int heldBytes;
  private @Nullable ByteString behind;
  private @Nullable ByteString last;
  private boolean finishing;
  private boolean ending;

  // Times of System.nanoTime.
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
              // Thrown away, so that the answer is not reset together with what nobody has read.
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

  /** Looks whether this is the answer that grants another protocol. */
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

  /** The library wants bytes. */
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
      // Until somebody has decided what these bytes are, they wait: no more than one read of them.
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

  /** Passes on what is whole and good of these bytes and of what was held back. */
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
        // Whatever comes next is the next thing to wait for.
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

  /** What may go in: the head that was held back, if it is whole, and these bytes up to there. */
  private @Nullable ByteString passed(ByteString bytes, int good) {
    if (good == 0) {
      return null;
    }
    if (heldBytes == 0) {
      return good == bytes.size() ? bytes : bytes.take(good);
    }
    // The head with the bytes that made it whole was put together to be read.
    ByteString whole = ByteString.fromArrayUnsafe(held(), 0, heldBytes);
    ByteString rest = bytes.slice(headEnd, good);
    held = null;
    heldBytes = 0;
    return rest.isEmpty() ? whole : whole.concat(rest);
  }

  /** Where, in the bytes that came last, the head that was held back has its end. */
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
      // The request is being read: it ends early, which its reader sees.
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

  /** No more requests: the library answers what it has, this last, and ends the connection. */
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

  /** Begins to wait, where it does not wait for that already. */
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
      // Never early, or it would be set again and again.
      long nanos = Math.max(0, next - System.nanoTime()) + 1_000_000;
      scheduleOnce(TIMER, Duration.ofNanos(nanos));
    }
  }

  @Override
  public void onTimer(Object key) {
    timed = false;
    long now = System.nanoTime();
    if (now - lastBytes >= limits.idle().toNanos()) {
      failStage(new Ended("nothing was said for " + limits.idle()));
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

  /** Everything a refusal needs is loaded once this has run. */
  static void load() {
    for (GuardRefusal refusal : GuardRefusal.values()) {
      Objects.requireNonNull(refusal.request());
    }
    Objects.requireNonNull(new Ended("").getMessage());
  }

  /** The end of a connection that the server has decided. Expected, so without a stack trace. */
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
