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
 * {@link PortSettings#idleTimeout}, not every second.
 */
final class RequestGuardLogic extends TimerGraphStageLogic {
  /** How long a client may take to receive the last answer of a connection that the guard ends. */
  private static final Duration CLOSE_TIMEOUT = Duration.ofSeconds(10);

  private static final String TIMER = "late";
  private static final ByteString SWITCHING = ByteString.fromString("HTTP/1.1 101 ");

  private enum AwaitedPart {
    NOTHING,
    HEAD,
    BODY,
    END
  }

  private final Inlet<SslTlsOutbound> fromHttp;
  private final Outlet<ByteString> toNet;
  private final Inlet<ByteString> fromNet;
  private final Outlet<SslTlsInbound> toHttp;
  private final PortSettings limits;
  private final PortMeters meters;
  private final SSLSession session;
  private final OpenConnection connection;

  /** Null after the switch to another protocol. */
  private @Nullable RequestFraming framing = new RequestFraming();

  // The beginning of a head; bytes after a request for another protocol; the refusal that goes to
  // the library next.
  private byte @Nullable [] heldHead;
  private int heldBytes;
  private @Nullable ByteString bytesAfterUpgrade;
  private @Nullable ByteString pendingRefusal;
  private boolean finishRequested;
  private boolean inputClosed;

  // Times in nanoseconds of System.nanoTime.
  private long lastBytesAt;
  private AwaitedPart awaited = AwaitedPart.HEAD;
  private long deadline;
  private long timerAt;
  private boolean timerSet;

  RequestGuardLogic(
      BidiShape<SslTlsOutbound, ByteString, ByteString, SslTlsInbound> shape,
      PortSettings limits,
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
    handleIncomingBytes();
    handleOutgoingBytes();
  }

  private void handleIncomingBytes() {
    setHandler(
        fromNet,
        new AbstractInHandler() {
          @Override
          public void onPush() {
            lastBytesAt = System.nanoTime();
            ByteString bytes = grab(fromNet);
            if (framing == null) {
              push(toHttp, new SessionBytes(session, bytes));
            } else if (inputClosed) {
              // Discards the bytes: closing with unread bytes would reset the connection and lose
              // the answer.
              pull(fromNet);
            } else {
              processBytes(framing, bytes);
            }
          }

          @Override
          public void onUpstreamFinish() {
            if (pendingRefusal == null && bytesAfterUpgrade == null) {
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
            feedLibrary();
          }

          @Override
          public void onDownstreamFinish(Throwable cause) {
            if (!inputClosed) {
              cancel(fromNet, cause);
            }
          }
        });
  }

  private void handleOutgoingBytes() {
    setHandler(
        fromHttp,
        new AbstractInHandler() {
          @Override
          public void onPush() {
            lastBytesAt = System.nanoTime();
            if (grab(fromHttp) instanceof SendBytes bytes) {
              push(toNet, bytes.bytes());
              if (framing != null && framing.isUpgradePending()) {
                checkProtocolSwitch(bytes.bytes());
              }
            } else {
              pull(fromHttp);
            }
          }

          @Override
          public void onUpstreamFinish() {
            complete(toNet);
            if (inputClosed) {
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
  private void checkProtocolSwitch(ByteString answer) {
    if (connection.isSwitching() && answer.startsWith(SWITCHING, 0)) {
      framing = null;
      awaited = AwaitedPart.NOTHING;
      if (isAvailable(toHttp)) {
        feedLibrary();
      }
    }
  }

  @Override
  public void preStart() {
    lastBytesAt = System.nanoTime();
    deadline = lastBytesAt + limits.headTimeout().toNanos();
    schedule();
    var signals = createAsyncCallback(this::onSignal);
    connection.streamStarted(signals::invoke);
  }

  @Override
  public void postStop() {
    connection.end();
  }

  private void onSignal(Signal signal) {
    RequestFraming current = framing;
    switch (signal) {
      case SWITCH_DECLINED -> {
        boolean asked = current != null && current.isUpgradePending();
        if (current != null) {
          current.upgradeDeclined();
        }
        if (asked) {
          if (finishRequested) {
            closeInput(null);
          } else if (isAvailable(toHttp)) {
            feedLibrary();
          }
        }
      }
      case FINISH -> {
        finishRequested = true;
        if (current != null && current.isBetweenRequests() && !inputClosed) {
          closeInput(null);
        }
      }
      case CUT -> failStage(new ConnectionEnded("the server stops"));
    }
  }

  /** Called when the library wants bytes. */
  private void feedLibrary() {
    RequestFraming current = framing;
    if (inputClosed) {
      ByteString refusal = pendingRefusal;
      if (refusal != null) {
        pendingRefusal = null;
        push(toHttp, new SessionBytes(session, refusal));
        complete(toHttp);
      }
    } else if (current != null && current.isUpgradePending()) {
      // These bytes wait until the handler has decided about their protocol: at most one read of
      // them.
      return;
    } else if (bytesAfterUpgrade != null) {
      ByteString bytes = bytesAfterUpgrade;
      bytesAfterUpgrade = null;
      if (current == null) {
        push(toHttp, new SessionBytes(session, bytes));
      } else {
        processBytes(current, bytes);
      }
    } else if (isClosed(fromNet)) {
      complete(toHttp);
    } else if (!hasBeenPulled(fromNet)) {
      pull(fromNet);
    }
  }

  /** Passes on the complete and valid part of these bytes and of the bytes held back. */
  private void processBytes(RequestFraming now, ByteString bytes) {
    byte[] array = bytes.toArrayUnsafe();
    int at = 0;
    int good = 0;
    int head = 0;
    boolean inBody = false;
    while (at < array.length && !now.isUpgradePending() && !now.isRefused()) {
      inBody = now.isInBody();
      if (now.isBetweenRequests()) {
        head = at;
      }
      at = now.advance(array, at, array.length);
      if (now.isHeadComplete()) {
        if (heldBytes > 0 && good == 0) {
          holdBack(array, 0, at);
          now.read(heldHead(), 0, heldBytes);
        } else {
          now.read(array, head, at);
        }
        // The head is complete: the next wait is a new one, with its own deadline.
        awaited = AwaitedPart.NOTHING;
        good = now.isRefused() ? good : at;
      } else if (inBody) {
        good = at;
      }
    }
    ByteString passed = bytesToPassOn(bytes, good);
    if (now.isRefused()) {
      meters.malformed.increment();
      refuseRequest(now, passed, inBody);
      return;
    }
    if (now.isInHead()) {
      holdBack(array, good, array.length);
    } else if (at < array.length) {
      bytesAfterUpgrade = bytes.drop(at);
    }
    if (passed != null) {
      push(toHttp, new SessionBytes(session, passed));
    }
    waitForRest(now);
    if (finishRequested && now.isBetweenRequests()) {
      closeInput(null);
    } else if (passed == null) {
      feedLibrary();
    }
  }

  /**
   * The bytes to pass on: the head that was held back, if it is complete now, and these bytes up to
   * {@code good}. Null if there are none.
   */
  private @Nullable ByteString bytesToPassOn(ByteString bytes, int good) {
    if (good == 0) {
      return null;
    }
    if (heldBytes == 0) {
      return good == bytes.size() ? bytes : bytes.take(good);
    }
    // The held bytes already include those that completed the head.
    ByteString whole = ByteString.fromArrayUnsafe(heldHead(), 0, heldBytes);
    ByteString rest = bytes.slice(heldHeadEnd, good);
    heldHead = null;
    heldBytes = 0;
    return rest.isEmpty() ? whole : whole.concat(rest);
  }

  /** Index in the newest bytes at which the held head ends. */
  private int heldHeadEnd;

  private void holdBack(byte[] bytes, int from, int to) {
    int size = heldBytes + to - from;
    byte[] larger = heldHead;
    if (larger == null) {
      larger = new byte[Math.max(512, size)];
    } else if (larger.length < size) {
      larger = Arrays.copyOf(larger, Math.max(size, 2 * larger.length));
    }
    System.arraycopy(bytes, from, larger, heldBytes, to - from);
    heldHead = larger;
    heldBytes = size;
    heldHeadEnd = to;
  }

  private byte[] heldHead() {
    byte[] bytes = heldHead;
    return bytes == null ? new byte[0] : bytes;
  }

  private void refuseRequest(RequestFraming now, @Nullable ByteString passed, boolean inBody) {
    if (inBody) {
      // The library already reads this request: its body ends early, which the reader notices.
      if (passed != null) {
        push(toHttp, new SessionBytes(session, passed));
      }
      closeInput(null);
    } else {
      ByteString refusal =
          (now.isTooLarge() ? GuardRefusal.TOO_LARGE : GuardRefusal.MALFORMED).replacementRequest();
      closeInput(passed == null ? refusal : passed.concat(refusal));
    }
  }

  /**
   * Accepts no more requests. The library answers the requests it has, then this refusal if there
   * is one, and closes the connection.
   */
  private void closeInput(@Nullable ByteString refusal) {
    inputClosed = true;
    heldHead = null;
    heldBytes = 0;
    bytesAfterUpgrade = null;
    if (!isClosed(toHttp)) {
      if (refusal == null) {
        complete(toHttp);
      } else if (isAvailable(toHttp)) {
        push(toHttp, new SessionBytes(session, refusal));
        complete(toHttp);
      } else {
        pendingRefusal = refusal;
      }
    }
    if (!isClosed(fromNet) && !hasBeenPulled(fromNet)) {
      pull(fromNet);
    }
    if (!finishRequested) {
      waitFor(AwaitedPart.END, CLOSE_TIMEOUT);
    }
  }

  // ---- time

  private void waitForRest(RequestFraming now) {
    if (now.isInHead()) {
      waitFor(AwaitedPart.HEAD, limits.headTimeout());
    } else if (now.isInBody()) {
      waitFor(AwaitedPart.BODY, limits.bodyTimeout());
    } else {
      awaited = AwaitedPart.NOTHING;
    }
  }

  /** Starts a new deadline, unless the guard already waits for the same thing. */
  private void waitFor(AwaitedPart what, Duration time) {
    if (awaited != what) {
      awaited = what;
      deadline = System.nanoTime() + time.toNanos();
      schedule();
    }
  }

  private void schedule() {
    long idle = lastBytesAt + limits.idleTimeout().toNanos();
    long next = awaited == AwaitedPart.NOTHING || idle - deadline < 0 ? idle : deadline;
    if (!timerSet || next - timerAt < 0) {
      timerSet = true;
      timerAt = next;
      // Adds 1 ms: a timer that fires early would be set again and again.
      long nanos = Math.max(0, next - System.nanoTime()) + 1_000_000;
      scheduleOnce(TIMER, Duration.ofNanos(nanos));
    }
  }

  @Override
  public void onTimer(Object key) {
    timerSet = false;
    long now = System.nanoTime();
    if (now - lastBytesAt >= limits.idleTimeout().toNanos()) {
      failStage(new ConnectionEnded("the connection was silent for " + limits.idleTimeout()));
      return;
    }
    if (awaited != AwaitedPart.NOTHING && now - deadline >= 0) {
      onDeadlinePassed();
    }
    schedule();
  }

  private void onDeadlinePassed() {
    switch (awaited) {
      case HEAD -> {
        meters.lateHeads.increment();
        closeInput(heldBytes == 0 ? null : GuardRefusal.TOO_LATE.replacementRequest());
      }
      case BODY -> {
        meters.lateBodies.increment();
        closeInput(null);
      }
      case END -> failStage(new ConnectionEnded("the answer was not received"));
      case NOTHING -> {}
    }
  }

  /** Loads every class that a refusal needs. */
  static void loadClasses() {
    for (GuardRefusal refusal : GuardRefusal.values()) {
      Objects.requireNonNull(refusal.replacementRequest());
    }
    Objects.requireNonNull(new ConnectionEnded("").getMessage());
  }

  /** The server ends a connection. This is expected, so the exception has no stack trace. */
  private static final class ConnectionEnded extends TimeoutException {
    private static final long serialVersionUID = 1L;

    ConnectionEnded(String why) {
      super(why);
    }

    @Override
    public synchronized Throwable fillInStackTrace() {
      return this;
    }
  }
}
