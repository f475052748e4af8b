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
 * The access to push providers as the settings have it, and the start of the actor that uses it.
 * Read before anything is started, because an invalid key ends the start.
 *
 * @param apns null if APNs is off
 * @param fcm null if FCM is off
 */
record PushProviderFactory(@Nullable ApnsAccess apns, @Nullable FcmAccess fcm) {
  /**
   * The running push actor and its platforms.
   *
   * @param providers which platforms can be pushed to
   * @param push the actor that sends notifications; stops with the node, and closes the providers
   */
  record Sender(PushProviders providers, ActorRef<PushService.Command> push) {}

  /**
   * Reads the keys; blocks.
   *
   * @throws SettingsException if a file is invalid; the message names its variable
   */
  static PushProviderFactory read(Settings settings) throws SettingsException {
    try {
      return new PushProviderFactory(apns(settings.apns()), fcm(settings.fcm()));
    } catch (IllegalArgumentException e) {
      throw new SettingsException(e);
    }
  }

  /** Starts the push actor of this node. */
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
