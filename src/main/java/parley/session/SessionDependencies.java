package parley.session;

import java.util.function.Supplier;
import parley.bounds.LoadGate;
import parley.telemetry.MessageTrail;

/**
 * Dependencies that all sessions of a node share.
 *
 * @param entities references to user and conversation entities
 * @param authenticator verifies tokens
 * @param rate message rate of each user
 * @param meters counters of sessions
 * @param ticker clock
 * @param sessionIds creates ids that are unique everywhere
 * @param epoch name of the store's history, sent in each welcome
 * @param settings times and bounds
 * @param trail how single messages are followed
 * @param load what is left out when the node is under load
 */
public record SessionDependencies(
    EntityRefs entities,
    Authenticator authenticator,
    MessageRate rate,
    SessionMeters meters,
    Ticker ticker,
    Supplier<String> sessionIds,
    String epoch,
    SessionSettings settings,
    MessageTrail trail,
    LoadGate load) {
  /** Dependencies that follow no messages, of a node that sheds no load. */
  public SessionDependencies(
      EntityRefs entities,
      Authenticator authenticator,
      MessageRate rate,
      SessionMeters meters,
      Ticker ticker,
      Supplier<String> sessionIds,
      String epoch,
      SessionSettings settings) {
    this(
        entities,
        authenticator,
        rate,
        meters,
        ticker,
        sessionIds,
        epoch,
        settings,
        MessageTrail.OFF,
        LoadGate.OPEN);
  }
}
