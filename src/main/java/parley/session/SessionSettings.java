package parley.session;

import java.time.Duration;
import parley.protocol.FrameWriter;

/**
 * Times and bounds of a connection.
 *
 * @param helloTimeout time from the opening to a hello
 * @param answerTimeout time for a token's verdict, and for the user entity's answer to an attach
 * @param idleTimeout longest time without a frame of the client
 * @param repeatAfter time after which a write without an answer is sent to its conversation once
 *     more
 * @param requestTimeout time for the answer of a conversation or user to a client's request
 * @param tokenGrace time that a session outlives its token
 * @param ackDelay time for which acknowledgements are gathered
 * @param checkEvery interval at which the session checks whether messages between it and its user
 *     entity were lost
 * @param watchRenewal interval at which presence watches are renewed; well under their lease
 * @param pageRest shortest wait before a failed page is requested again
 * @param slowBytes bytes in the outbound buffer above which a client is slow
 * @param drainedBytes bytes at which a slow client has recovered, and above which no frame is read
 *     from it
 * @param replayBytes bytes from which on nothing is replayed
 * @param slowPatience how long a client may stay slow before its connection is closed
 * @param slowGrace if a client was slow for no longer than this, it still gets the missed entries;
 *     otherwise a gap announces them
 * @param resumeEvery interval at which a session that lost its user entity attaches again
 * @param resumePatience how long it tries before it closes the connection, so that the client
 *     reconnects
 * @param closePatience time to send the last frame; a slow client gets one second
 */
public record SessionSettings(
    Duration helloTimeout,
    Duration answerTimeout,
    Duration idleTimeout,
    Duration repeatAfter,
    Duration requestTimeout,
    Duration tokenGrace,
    Duration ackDelay,
    Duration checkEvery,
    Duration watchRenewal,
    Duration pageRest,
    long slowBytes,
    long drainedBytes,
    long replayBytes,
    Duration slowPatience,
    Duration slowGrace,
    Duration resumeEvery,
    Duration resumePatience,
    Duration closePatience) {
  /** The values of the protocol. */
  public static SessionSettings standard() {
    return new SessionSettings(
        /* helloTimeout= */ Duration.ofSeconds(10),
        /* answerTimeout= */ Duration.ofSeconds(10),
        /* idleTimeout= */ Duration.ofMillis(FrameWriter.IDLE_TIMEOUT_MILLIS),
        /* repeatAfter= */ Duration.ofSeconds(3),
        /* requestTimeout= */ Duration.ofSeconds(15),
        /* tokenGrace= */ Duration.ofSeconds(60),
        /* ackDelay= */ Duration.ofMillis(25),
        /* checkEvery= */ Duration.ofSeconds(20),
        /* watchRenewal= */ Duration.ofSeconds(60),
        /* pageRest= */ Duration.ofMillis(500),
        /* slowBytes= */ 1024 * 1024,
        /* drainedBytes= */ 512 * 1024,
        /* replayBytes= */ 256 * 1024,
        /* slowPatience= */ Duration.ofSeconds(10),
        /* slowGrace= */ Duration.ofSeconds(1),
        /* resumeEvery= */ Duration.ofSeconds(2),
        /* resumePatience= */ Duration.ofSeconds(60),
        /* closePatience= */ Duration.ofSeconds(5));
  }
}
