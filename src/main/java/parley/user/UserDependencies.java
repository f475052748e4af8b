package parley.user;

import java.time.InstantSource;
import parley.telemetry.EntityMeters;
import parley.telemetry.MessageTrail;

/**
 * What all user entities of a node need.
 *
 * @param conversations sends messages to conversations
 * @param logins ends logins at the user's account when their device is removed
 * @param pushing the services that push notifications need
 * @param meters the meters of the node's entities
 * @param samples receives the inbox rows that are written
 * @param trail how single messages are followed
 */
public record UserDependencies(
    UserSettings settings,
    User.Conversations conversations,
    AccountLogins logins,
    InstantSource clock,
    PushDependencies pushing,
    EntityMeters meters,
    RowSamples samples,
    MessageTrail trail) {
  /** Without samples, and follows no messages. */
  public UserDependencies(
      UserSettings settings,
      User.Conversations conversations,
      AccountLogins logins,
      InstantSource clock,
      PushDependencies pushing,
      EntityMeters meters) {
    this(
        settings, conversations, logins, clock, pushing, meters, RowSamples.NONE, MessageTrail.OFF);
  }
}
