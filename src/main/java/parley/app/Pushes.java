package parley.app;

import java.time.InstantSource;
import java.util.EnumSet;
import java.util.Set;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.ActorSystem;
import org.apache.pekko.actor.typed.Props;
import org.apache.pekko.actor.typed.SupervisorStrategy;
import org.apache.pekko.actor.typed.javadsl.Behaviors;
import org.apache.pekko.cluster.sharding.typed.javadsl.ClusterSharding;
import org.jspecify.annotations.Nullable;
import parley.push.ApnsAccess;
import parley.push.DeadLetters;
import parley.push.FcmAccess;
import parley.push.Limits;
import parley.push.Platform;
import parley.push.Providers;
import parley.push.Push;
import parley.session.Entities;
import parley.telemetry.Telemetry;
import parley.user.PushMeters;
import parley.user.PushSettings;
import parley.user.Pushing;
import parley.user.Reminder;
import parley.user.UserPush;

/**
 * Push notifications of a node, put together.
 *
 * @param pushing what users need for it
 * @param admin the dead letters for operators
 */
record Pushes(Pushing pushing, AdminRoutes admin) {
  static Pushes start(
      ActorSystem<?> node,
      ClusterSharding sharding,
      Entities entities,
      Settings settings,
      InstantSource clock,
      Telemetry telemetry)
      throws SettingsException {
    Limits limits = Limits.from(node.settings().config());
    Providers providers =
        Providers.from(apns(settings.apns()), fcm(settings.fcm()), limits, node, clock);
    Set<Platform> platforms = EnumSet.noneOf(Platform.class);
    for (Platform platform : Platform.values()) {
      if (providers.has(platform)) {
        platforms.add(platform);
      }
    }
    ActorRef<Push.Command> push =
        node.systemActorOf(Push.create(providers, limits, telemetry), "push", Props.empty());
    DeadLetters letters = DeadLetters.init(sharding, telemetry);
    Reminder.init(node, user -> entities.user(user).tell(new UserPush.Woken()));
    Pushing pushing =
        new Pushing(
            Set.copyOf(platforms),
            push::tell,
            letters::keep,
            (user, command) -> sharding.entityRefFor(Reminder.KEY, user.value()).tell(command),
            PushSettings.from(node.settings().config(), settings.pushAfter()),
            new PushMeters(telemetry.registry()));
    ActorRef<DeadLetterReplay.Command> replay =
        node.systemActorOf(
            Behaviors.supervise(DeadLetterReplay.create(letters, entities::user))
                .onFailure(SupervisorStrategy.restart()),
            "dead-letter-replay",
            Props.empty());
    return new Pushes(
        pushing, new DeadLetterRoutes(node, letters, replay, settings.managementWrite()));
  }

  private static @Nullable ApnsAccess apns(Settings.@Nullable Apns apns) throws SettingsException {
    if (apns == null) {
      return null;
    }
    HostPort endpoint = apns.endpoint();
    try {
      return ApnsAccess.read(
          apns.keyFile(),
          apns.keyId(),
          apns.teamId(),
          apns.topic(),
          apns.sandbox(),
          endpoint == null ? null : new ApnsAccess.Endpoint(endpoint.host(), endpoint.port()),
          apns.caFile());
    } catch (IllegalArgumentException e) {
      throw new SettingsException(e);
    }
  }

  private static @Nullable FcmAccess fcm(Settings.@Nullable Fcm fcm) throws SettingsException {
    try {
      return fcm == null ? null : FcmAccess.read(fcm.credentialsFile(), fcm.endpoint());
    } catch (IllegalArgumentException e) {
      throw new SettingsException(e);
    }
  }
}
