package parley.app;

import java.time.InstantSource;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.ActorSystem;
import org.apache.pekko.actor.typed.Props;
import org.jspecify.annotations.Nullable;
import parley.push.ApnsAccess;
import parley.push.FcmAccess;
import parley.push.PushLimits;
import parley.push.PushProviders;
import parley.push.PushService;
import parley.settings.HostPort;
import parley.settings.Settings;
import parley.settings.SettingsException;
import parley.telemetry.Telemetry;

/**
 * The providers of push notifications as the settings have them. Read before anything is started,
 * as a key that is none ends the start.
 *
 * @param apns null where it is off
 * @param fcm null where it is off
 */
record PushProviderFactory(@Nullable ApnsAccess apns, @Nullable FcmAccess fcm) {
  /**
   * What a user's entity needs to push.
   *
   * @param providers which platforms there are
   * @param push where notifications go; ends with the node, and closes the providers
   */
  record Sender(PushProviders providers, ActorRef<PushService.Command> push) {}

  /**
   * Reads the keys; blocks.
   *
   * @throws SettingsException where a file is not what it should be, by the name of its variable
   */
  static PushProviderFactory read(Settings settings) throws SettingsException {
    try {
      return new PushProviderFactory(apns(settings.apns()), fcm(settings.fcm()));
    } catch (IllegalArgumentException e) {
      throw new SettingsException(e);
    }
  }

  /** Starts the actor of this node. */
  Sender start(ActorSystem<?> node, Telemetry telemetry, InstantSource clock) {
    PushLimits pushLimits = PushLimits.from(node.settings().config());
    PushProviders pushProviders = PushProviders.from(apns, fcm, pushLimits, node, clock);
    return new Sender(
        pushProviders,
        node.systemActorOf(
            PushService.create(pushProviders, pushLimits, telemetry), "push", Props.empty()));
  }

  private static @Nullable ApnsAccess apns(Settings.@Nullable Apns apns) {
    if (apns == null) {
      return null;
    }
    HostPort endpoint = apns.endpoint();
    return ApnsAccess.read(
        apns.keyFile(),
        apns.keyId(),
        apns.teamId(),
        apns.topic(),
        apns.sandbox(),
        endpoint == null ? null : new ApnsAccess.Endpoint(endpoint.host(), endpoint.port()),
        apns.caFile());
  }

  private static @Nullable FcmAccess fcm(Settings.@Nullable Fcm fcm) {
    return fcm == null ? null : FcmAccess.read(fcm.credentialsFile(), fcm.endpoint());
  }
}
