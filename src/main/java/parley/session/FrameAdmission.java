package parley.session;

import org.jspecify.annotations.Nullable;
import parley.model.ErrorCode;
import parley.model.Refusal;
import parley.protocol.ClientFrame;
import parley.protocol.ServerFrame.CloseCode;

/**
 * Decides which frames of a client a session carries out. It refuses frames that are bad or over
 * the budget of frames, and ends the connection after {@link #BAD_FRAMES} bad frames in a row.
 */
final class FrameAdmission {
  /** Bad frames in a row after which the connection ends. */
  static final int BAD_FRAMES = 20;

  private final SessionDependencies dependencies;
  private final OutgoingFrames out;
  private final ClientLogin clientLogin;
  private final FrameBudget budget;
  private final SessionLifecycle lifecycle;
  private int badFrames;

  FrameAdmission(
      SessionDependencies dependencies,
      OutgoingFrames out,
      ClientLogin clientLogin,
      FrameBudget budget,
      SessionLifecycle lifecycle) {
    this.dependencies = dependencies;
    this.out = out;
    this.clientLogin = clientLogin;
    this.budget = budget;
    this.lifecycle = lifecycle;
  }

  /** Returns the first frame if it is a hello; otherwise refuses it and returns null. */
  ClientFrame.@Nullable Hello admitFirst(ClientFrame frame) {
    if (!(frame instanceof ClientFrame.Hello first)) {
      refuseBad(frame.id(), ErrorCode.HELLO_REQUIRED, "the first frame is hello");
      return null;
    }
    badFrames = 0;
    return first;
  }

  /** Whether a live session carries out this frame. If not, the frame was refused. */
  boolean admits(ClientFrame frame) {
    String wrong = violation(frame);
    if (wrong != null) {
      refuseBad(frame.id(), ErrorCode.BAD_FRAME, wrong);
      return false;
    }
    badFrames = 0;
    return !takesFromFrameBudget(frame) || !tooManyFrames(frame.id());
  }

  // Returns why a well-formed frame is a bad frame in this session, or null.
  private @Nullable String violation(ClientFrame frame) {
    if (frame instanceof ClientFrame.Hello) {
      return "op: hello has been said";
    }
    if (frame instanceof ClientFrame.Post post && clientLogin.me().equals(post.to())) {
      return "to must be another user";
    }
    return null;
  }

  /**
   * Whether the frame takes from the budget of frames. Posts have a budget of their own;
   * acknowledgements, pings and tokens are free, because a connection cannot live without them.
   */
  private static boolean takesFromFrameBudget(ClientFrame frame) {
    return switch (frame) {
      case ClientFrame.Post f -> false;
      case ClientFrame.Ack f -> false;
      case ClientFrame.Ping f -> false;
      case ClientFrame.Auth f -> false;
      case ClientFrame.Hello f -> true;
      case ClientFrame.Read f -> true;
      case ClientFrame.Typing f -> true;
      case ClientFrame.Watch f -> true;
      case ClientFrame.Inbox f -> true;
      case ClientFrame.History f -> true;
    };
  }

  /**
   * Takes a frame from the budget. If the budget is used up, refuses the frame and returns true.
   */
  private boolean tooManyFrames(@Nullable Long id) {
    long nanos = dependencies.ticker().nanos();
    long wait = budget.tryTake(nanos);
    if (wait > 0) {
      budget.refused(nanos, wait);
      dependencies.meters().limited(FrameBudget.FRAMES);
      out.refuse(id, Refusal.rateLimited("too many frames", wait));
    }
    return wait > 0;
  }

  /**
   * Refuses a bad frame. Too many in a row end the connection.
   *
   * @param id the frame's id, or null if it has none
   */
  void refuseBad(@Nullable Long id, ErrorCode code, String message) {
    if (!tooManyFrames(id)) {
      out.refuse(id, Refusal.of(code, message));
    }
    if (code == ErrorCode.BAD_FRAME && ++badFrames >= BAD_FRAMES) {
      lifecycle.close(CloseCode.PROTOCOL, "too many bad frames in a row", 0);
    }
  }
}
