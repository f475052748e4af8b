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
import parley.push.DeadLetters;
import parley.push.Platform;
import parley.session.Entities;
import parley.telemetry.Telemetry;
import parley.user.OwedMeters;
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
      PushAccess access,
      InstantSource clock,
      Telemetry telemetry) {
    PushAccess.Sender sender = access.start(node, telemetry, clock);
    Set<Platform> platforms = EnumSet.noneOf(Platform.class);
    for (Platform platform : Platform.values()) {
      if (sender.providers().has(platform)) {
        platforms.add(platform);
      }
    }
    DeadLetters letters = DeadLetters.init(sharding, telemetry);
    Reminder.init(node, user -> entities.user(user).tell(new UserPush.Woken()));
    Pushing pushing =
        new Pushing(
            Set.copyOf(platforms),
            sender.push()::tell,
            letters::keep,
            (user, command) -> sharding.entityRefFor(Reminder.KEY, user.value()).tell(command),
            PushSettings.from(node.settings().config(), settings.pushAfter()),
            new OwedMeters(telemetry.registry()));
    ActorRef<DeadLetterReplay.Command> replay =
        node.systemActorOf(
            Behaviors.supervise(DeadLetterReplay.create(letters, entities::user))
                .onFailure(SupervisorStrategy.restart()),
            "dead-letter-replay",
            Props.empty());
    return new Pushes(
        pushing, new DeadLetterRoutes(node, letters, replay, settings.managementWrite()));
  }
}
