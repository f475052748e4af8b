package parley.session;

import java.time.Duration;

/**
 * The times and bounds of a connection.
 *
 * @param helloTimeout from the opening to a hello
 * @param answerTimeout for a token's verdict and for the user's answer to an attach
 * @param idleTimeout without a frame of the client
 * @param repeatAfter without an answer a write is told its conversation once more
 * @param requestTimeout for what a client asked of a conversation or user
 * @param tokenGrace how long a session outlives its token
 * @param ackDelay how long acknowledgements are gathered
 * @param checkEvery how often the user is asked whether anything was lost on the way
 * @param watchRenewal how often a presence watch is renewed; well under its lease
 * @param pageRest the shortest rest after a page that did not come
 * @param slowBytes the buffer at which a client is slow
 * @param drainedBytes the buffer at which it no longer is, and above which nothing is read from it
 * @param replayBytes the buffer above which nothing is replayed
 * @param slowPatience how long a slow client lives
 * @param slowGrace a client slow for less has not missed anything: it gets it late
 * @param resumeEvery how often a session that lost its user asks for it again
 * @param resumePatience how long it does, before it tells its client to connect anew
 * @param closePatience how long a last frame may take; a slow client's may take a second
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
  /** What the protocol says. */
  public static SessionSettings standard() {
    return new SessionSettings(
        Duration.ofSeconds(10),
        Duration.ofSeconds(10),
        Duration.ofSeconds(60),
        Duration.ofSeconds(3),
        Duration.ofSeconds(15),
        Duration.ofSeconds(60),
        Duration.ofMillis(25),
        Duration.ofSeconds(20),
        Duration.ofSeconds(60),
        Duration.ofMillis(500),
        1024 * 1024,
        512 * 1024,
        256 * 1024,
        Duration.ofSeconds(10),
        Duration.ofSeconds(1),
        Duration.ofSeconds(2),
        Duration.ofSeconds(60),
        Duration.ofSeconds(5));
  }
}
