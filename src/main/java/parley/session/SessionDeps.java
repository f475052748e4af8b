package parley.session;

import java.util.function.Supplier;

/**
 * What every session of a node shares.
 *
 * @param entities users and conversations
 * @param authenticator judges tokens
 * @param rate messages per user
 * @param meters what is counted
 * @param ticker the time
 * @param sessionIds makes ids that are unique everywhere
 * @param epoch the name of the store's history, told in each welcome
 * @param settings times and bounds
 */
public record SessionDeps(
    EntityRefs entities,
    Authenticator authenticator,
    MessageRate rate,
    SessionMeters meters,
    Ticker ticker,
    Supplier<String> sessionIds,
    String epoch,
    SessionSettings settings) {}
