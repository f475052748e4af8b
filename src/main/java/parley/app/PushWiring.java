package parley.app;

import java.time.Duration;
import java.time.InstantSource;
import java.util.EnumSet;
import java.util.Set;
import java.util.concurrent.CompletionStage;
import java.util.function.BooleanSupplier;
import org.apache.pekko.actor.Cancellable;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.ActorSystem;
import org.apache.pekko.actor.typed.Props;
import org.apache.pekko.actor.typed.SupervisorStrategy;
import org.apache.pekko.actor.typed.javadsl.AskPattern;
import org.apache.pekko.actor.typed.javadsl.Behaviors;
import org.apache.pekko.cluster.sharding.typed.javadsl.ClusterSharding;
import parley.admin.AdminRoutes;
import parley.admin.DeadLetterReplay;
import parley.admin.DeadLetterRoutes;
import parley.model.UserId;
import parley.push.DeadLetters;
import parley.push.Platform;
import parley.push.PushService;
import parley.session.EntityRefs;
import parley.settings.Settings;
import parley.telemetry.Telemetry;
import parley.user.PushDependencies;
import parley.user.PushOutboxMeters;
import parley.user.PushSettings;
import parley.user.PushTokens;
import parley.user.User;
import parley.user.UserPush;
import parley.user.UserReminder;

/**
 * Starts the parts of a node that push notifications, and connects them.
 *
 * @param pushing the push dependencies of {@link User}
 * @param admin the routes of the dead letters
 */
record PushWiring(PushDependencies pushing, AdminRoutes admin) {
  /** How long the former owner of a push token may take to give it up. */
  private static final Duration LOSE_TOKEN_TIMEOUT = Duration.ofSeconds(2);

  /**
   * How long a claim of a push token may take. Includes {@link #LOSE_TOKEN_TIMEOUT} and two writes,
   * and is shorter than the HTTP edge waits for the user.
   */
  private static final Duration CLAIM_TIMEOUT = Duration.ofSeconds(4);

  /** Shorter than the time after which an unused slot of dead letters leaves memory. */
  private static final Duration LETTERS_INTERVAL = Duration.ofMinutes(1);

  /**
   * Starts them.
   *
   * @param on whether notifications are handed to providers; what is due waits otherwise
   */
  static PushWiring start(
      ActorSystem<?> node,
      ClusterSharding sharding,
      EntityRefs entityRefs,
      Settings settings,
      PushProviderFactory access,
      BooleanSupplier on,
      InstantSource clock,
      Telemetry telemetry) {
    PushProviderFactory.Sender sender = access.start(node, telemetry, clock);
    Set<Platform> platforms = EnumSet.noneOf(Platform.class);
    for (Platform platform : Platform.values()) {
      if (sender.providers().has(platform)) {
        platforms.add(platform);
      }
    }
    DeadLetters letters = DeadLetters.init(sharding, telemetry);
    Cancellable unused =
        node.scheduler()
            .scheduleWithFixedDelay(
                Duration.ZERO,
                LETTERS_INTERVAL,
                () -> letters.keepInMemory(node.ignoreRef()),
                node.executionContext());
    UserReminder.init(node, user -> entityRefs.user(user).tell(new UserPush.Woken()));
    PushTokens.init(
        sharding, (user, hash, before) -> loseToken(node, entityRefs, user, hash, before));
    PushDependencies pushDependencies =
        new PushDependencies(
            Set.copyOf(platforms),
            send -> {
              if (on.getAsBoolean()) {
                sender.push().tell(send);
              } else {
                PushService.switchedOff(send);
              }
            },
            letters::keep,
            (user, command) -> sharding.entityRefFor(UserReminder.KEY, user.value()).tell(command),
            claims(sharding),
            PushSettings.from(node.settings().config(), settings.pushAfter()),
            new PushOutboxMeters(telemetry.registry()));
    ActorRef<DeadLetterReplay.Command> replay =
        node.systemActorOf(
            Behaviors.supervise(DeadLetterReplay.create(letters, entityRefs::user))
                .onFailure(SupervisorStrategy.restart()),
            "dead-letter-replay",
            Props.empty());
    return new PushWiring(
        pushDependencies, new DeadLetterRoutes(node, letters, replay, settings.managementWrite()));
  }

  private static PushTokens.Claims claims(ClusterSharding sharding) {
    return new PushTokens.Claims() {
      @Override
      public CompletionStage<Long> claim(UserId user, String hash, long held, boolean onlyIfFree) {
        return sharding
            .entityRefFor(PushTokens.KEY, hash)
            .<PushTokens.Reply>ask(
                replyTo -> new PushTokens.Claim(user, replyTo, held, onlyIfFree), CLAIM_TIMEOUT)
            .thenApply(
                reply ->
                    switch (reply) {
                      case PushTokens.Claimed claimed -> claimed.nr();
                      case PushTokens.OwnedByOther taken -> PushTokens.TAKEN;
                      case PushTokens.AskAgain busy ->
                          throw new IllegalStateException("the token is not free");
                      case PushTokens.Released other ->
                          throw new IllegalStateException("not the answer to a claim");
                    });
      }

      @Override
      public CompletionStage<?> release(UserId user, String hash, long claim) {
        return sharding
            .entityRefFor(PushTokens.KEY, hash)
            .<PushTokens.Reply>ask(
                replyTo -> new PushTokens.Release(user, claim, replyTo), CLAIM_TIMEOUT);
      }
    };
  }

  private static CompletionStage<User.Done> loseToken(
      ActorSystem<?> node, EntityRefs entityRefs, UserId user, String hash, long before) {
    return AskPattern.<User.Command, User.DoneReply>ask(
            entityRefs.user(user),
            replyTo -> new User.LosePushToken(hash, before, replyTo),
            LOSE_TOKEN_TIMEOUT,
            node.scheduler())
        .thenApply(
            reply ->
                switch (reply) {
                  case User.Done done -> done;
                  case User.Refused refused ->
                      throw new IllegalStateException(refused.refusal().message());
                });
  }
}
